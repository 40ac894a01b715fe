/** Runs a detector over the stored history, slice by slice, on a connection that only reads. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Detector } from '../detect/detector.ts';
import { collectEvidence } from '../detect/evidence.ts';
import { minutesOf, type Span, slicesOf } from '../detect/slices.ts';
import type { Evidence } from '../model/evidence.ts';
import { timestamp } from '../store/rows.ts';
import { Transaction } from '../store/store.ts';
import { timeText } from './range.ts';
import type { Settings } from './settings.ts';
import { type Limits, withinLimit } from './time-limit.ts';

/** A slice with the records that it holds. */
export interface CountedSlice extends Span {
  records: number;
}

/** What a detector said of one slice, and how long it took. */
export interface JudgedSlice {
  slice: CountedSlice;
  evidence: Evidence[];
  durationMs: number;
}

const DAY = 86_400_000;

/** The slices of a span, and the records of each UTC day in it, by its first millisecond. */
export async function slicesIn(
  connection: DuckDBConnection,
  span: Span,
  front: bigint,
): Promise<{ slices: CountedSlice[]; days: Map<number, number> }> {
  // Everything is due: nothing of it counts as judged.
  const due = { front, judged: -1n, watermark: span.from };
  const minutes = await minutesOf(new Transaction(connection), span, due);
  const days = new Map<number, number>();
  for (const { start, records } of minutes) {
    const day = Math.floor(start / DAY) * DAY;
    days.set(day, (days.get(day) ?? 0) + records);
  }
  let next = 0;
  const slices = slicesOf(span, minutes).map((slice) => {
    let records = 0;
    for (; next < minutes.length && minutes[next]!.start <= slice.to; next++)
      records += minutes[next]!.records;
    return { ...slice, records };
  });
  return { slices, days };
}

/**
 * Hides what the detector itself has raised, so that one that reads alerts finds what it would have found without them. The
 * views are gone with the connection.
 */
export async function hideOwnAlerts(connection: DuckDBConnection, { id }: Detector): Promise<void> {
  const [row] = (await connection.runAndReadAll('SELECT current_database()')).getRows();
  const database = `"${String(row?.[0]).replaceAll('"', '""')}"`;
  for (const view of ['alerts', 'evidence', 'risk_evidence'])
    await connection.run(
      `CREATE TEMP VIEW ${view} AS SELECT * FROM ${database}.main.${view} WHERE detector <> '${id.replaceAll("'", "''")}'`,
    );
}

/** Judges slices one after the other. */
export class Judging {
  readonly #connection: DuckDBConnection;
  readonly #detector: Detector;
  readonly #values: Settings['values'];
  readonly #limits: Limits;

  constructor(connection: DuckDBConnection, detector: Detector, values: Settings['values'], limits: Limits) {
    this.#connection = connection;
    this.#detector = detector;
    this.#values = values;
    this.#limits = limits;
  }

  /** @throws PgvigilError DETECTOR_INVALID when the SELECT fails, QUERY_FAILED when it takes too long */
  async judge(slice: CountedSlice): Promise<JudgedSlice> {
    const started = performance.now();
    const window = { since: timestamp(slice.from), until: timestamp(slice.to) };
    const evidence = await withinLimit(
      this.#connection,
      this.#limits,
      `${this.#detector.id}, from ${timeText(slice.from + 1)} to ${timeText(slice.to)},`,
      () => collectEvidence(this.#connection, this.#detector, { ...this.#values, ...window }),
    );
    return { slice, evidence, durationMs: performance.now() - started };
  }
}
