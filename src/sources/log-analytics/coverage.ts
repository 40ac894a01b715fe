/**
 * What of a table's day is stored, and what has to be asked for.
 *
 * Rows arrive minutes to hours after their TimeGenerated (Azure Monitor, "Log data ingestion time"). So a day that was read
 * when it was younger than two days is read again from there on; records that are stored by then are left out as copies.
 * Each reading is a generation. Two of a day, one after the other, are two partitions: a partition is one delivery, in
 * which a line that comes twice was logged twice (`store/copies.ts`).
 */
import type { Position } from '../../model/position.ts';
import { DAY_MS, HOUR_MS, iso, type Span } from './span.ts';

/** A row that is not there this long after its TimeGenerated is not waited for. */
export const LATENESS_MS = 48 * HOUR_MS;

/** A reading that began less than this long ago is gone on with; after that, late rows are asked for as well. */
export const AGAIN_AFTER_MS = HOUR_MS / 2;

/** Of a day of a table, the rows in `[from, end)` are stored as they stood at `asOf`, milliseconds since 1970. */
interface Coverage {
  from: number;
  end: number;
  asOf: number;
  generation: number;
}

/** A part of a day to be read. */
export interface Stretch extends Span {
  /** Start of the day. */
  day: number;
  /** What is before `start` in this day and not before this is stored. */
  from: number;
  /** Rows of the day that are stored are as they stood then, or are older than two days before. */
  asOf: number;
  generation: number;
}

/** Names the two partitions of a day of a table. */
export function partitionOf(table: string, { day, generation }: { day: number; generation: number }): string {
  return `${table}/${iso(day).slice(0, 10)}${generation % 2 === 0 ? '' : '/again'}`;
}

/** Where a day stands once everything before `end` is stored. */
export function positionAt(stretch: Stretch, end: number): Pick<Position, 'sequenceNumber' | 'offset'> {
  const { day, generation, from, asOf } = stretch;
  return {
    sequenceNumber: generation * DAY_MS + (end - 1 - day),
    offset: `from ${iso(from)} as of ${iso(asOf)}`,
  };
}

/**
 * What is still to be read of a part of a day; null when nothing is.
 *
 * @param wanted the part that is asked for, none of it in the future
 * @param position of one of the day's partitions, by its name
 * @param now when this reading began
 */
export function stretchOf(
  wanted: Span & { day: number },
  table: string,
  position: (partition: string) => Position | undefined,
  now: number,
): Stretch | null {
  const stored = [0, 1]
    .map((generation) => position(partitionOf(table, { day: wanted.day, generation })))
    .filter((found) => found !== undefined)
    .sort((a, b) => b.sequenceNumber - a.sequenceNumber)[0];
  const fresh: Stretch = { ...wanted, from: wanted.start, asOf: now, generation: 0 };
  if (stored === undefined) return fresh;
  const known = coverageOf(stored, wanted.day);
  const next = known.generation + 1;
  // What is stored does not reach to what is wanted: one position cannot tell of two parts.
  if (wanted.start < known.from || wanted.start > known.end) return { ...fresh, generation: next };
  if (now - known.asOf < AGAIN_AFTER_MS)
    return known.end >= wanted.end ? null : { ...wanted, ...known, start: known.end, end: wanted.end };
  const settled = known.asOf - LATENESS_MS;
  const start = Math.min(Math.max(wanted.start, settled), known.end);
  if (start >= wanted.end) return null;
  // Before `start`, what is not settled is no longer known to be stored as it stands now.
  const from = settled < wanted.start ? wanted.start : known.from;
  return { ...wanted, start, from, asOf: now, generation: start < known.end ? next : known.generation };
}

/** An offset that cannot be read stands for no coverage at all: the day is read again. */
function coverageOf({ sequenceNumber, offset }: Position, day: number): Coverage {
  const [, from, asOf] = /^from (\S+) as of (\S+)$/.exec(offset) ?? [];
  const generation = Math.floor(sequenceNumber / DAY_MS);
  const end = day + (sequenceNumber % DAY_MS) + 1;
  if (from === undefined || asOf === undefined) return { from: end, end: day, asOf: 0, generation };
  return { from: Date.parse(from), end, asOf: Date.parse(asOf), generation };
}
