/**
 * Where a reading of a stream stands. A stream is known by its content, not by its name: its first line names it, and a
 * position is the digest of all entries up to it. Read again, renamed, packed or grown, it goes on where the store stands; a
 * stream that only begins like another is one of its own.
 */
import { createHash, type Hash } from 'node:crypto';
import type { SourceMessage } from '../../model/message.ts';
import type { Position } from '../../model/position.ts';
import type { Reading } from '../history.ts';
import type { Entry } from './splitter.ts';

/** A stream has one partition. */
export const PARTITION = '0';

type Last = Pick<Position, 'sequenceNumber' | 'offset'>;

/** Between two entries, behind a line end: another splitter may go on here. */
export class Cursor {
  readonly source: string;
  readonly #digest: Hash;
  #index: number;
  #offset: number;
  /** Position of the last entry that is stored or was handed out. */
  #last: Last;
  #isOther = false;

  /**
   * @param index entries that are behind it
   * @param digest of these entries
   * @param offset in the unpacked bytes
   */
  constructor(source: string, index: number, digest: Hash, offset: number, last: Last) {
    this.source = source;
    this.#index = index;
    this.#digest = digest;
    this.#offset = offset;
    this.#last = last;
  }

  get index(): number {
    return this.#index;
  }

  get offset(): number {
    return this.#offset;
  }

  /** True when an entry was passed that is another than the one in its place that is stored: a last line has grown on. */
  get isOther(): boolean {
    return this.#isOther;
  }

  /** True when all that was handed out is stored, and nothing else. */
  isStored(position: Reading['position']): boolean {
    const stored = position(this.source, PARTITION) ?? START;
    const { sequenceNumber, offset } = this.#last;
    return stored.sequenceNumber === sequenceNumber && stored.offset === offset;
  }

  /**
   * Goes over an entry. Returns its place as a message; null for an empty one and for one that is stored.
   *
   * @param isTerminated false for a last line without its end: the cursor stays in front of it, where it is met again
   */
  pass(entry: Entry, isTerminated = true): Omit<SourceMessage, 'body'> | null {
    const sequenceNumber = this.#index;
    const digest = isTerminated ? this.#digest : this.#digest.copy();
    digest.update(entry.bytes).update('\n');
    if (isTerminated) {
      this.#index++;
      this.#offset = entry.end;
    }
    if (sequenceNumber === this.#last.sequenceNumber)
      this.#isOther = digest.copy().digest('hex') !== this.#last.offset;
    if (entry.bytes.length === 0 || sequenceNumber <= this.#last.sequenceNumber) return null;
    this.#last = { sequenceNumber, offset: digest.copy().digest('hex') };
    return { source: this.source, partition: PARTITION, ...this.#last };
  }
}

const START: Last = { sequenceNumber: -1, offset: '' };

/** Streams that are stored and share their first line, and the name of the next. */
export interface Candidates {
  positions: Position[];
  next: string;
}

/** Streams that share their first line share a name up to the generation. */
export function candidatesFor(firstLine: Buffer, position: Reading['position']): Candidates {
  const name = `file:${createHash('sha256').update(firstLine).digest('hex').slice(0, 32)}`;
  const positions: Position[] = [];
  for (let generation = 1; ; generation++) {
    const source = generation === 1 ? name : `${name}:${generation}`;
    const stored = position(source, PARTITION);
    if (stored === undefined) return { positions, next: source };
    positions.push(stored);
  }
}

/** A cursor at the start of a stream that is new. */
export function startOf(source: string): Cursor {
  return new Cursor(source, 0, createHash('sha256'), 0, START);
}

/**
 * The cursor behind the entries that are stored: those of the stream that this one repeats word for word, of several the
 * longest; at the start of a new one where it repeats none.
 */
export async function locate(
  { positions, next }: Candidates,
  entries: AsyncIterable<{ entry: Entry; isTerminated: boolean }>,
): Promise<Cursor> {
  let found = startOf(next);
  if (positions.length === 0) return found;
  const wanted = new Map(positions.map((position) => [position.sequenceNumber, [] as Position[]]));
  for (const position of positions) wanted.get(position.sequenceNumber)!.push(position);
  const furthest = Math.max(...wanted.keys());
  const digest = createHash('sha256');
  let before = { index: 0, digest: digest.copy(), offset: 0 };
  let index = 0;
  for await (const { entry, isTerminated } of entries) {
    digest.update(entry.bytes).update('\n');
    const here = wanted.get(index++) ?? [];
    const hex = here.length === 0 ? '' : digest.copy().digest('hex');
    const same = here.find(({ offset }) => offset === hex);
    if (isTerminated && (same !== undefined || wanted.has(index)))
      before = { index, digest: digest.copy(), offset: entry.end };
    // Behind a line without its end none can go on: the cursor stays in front of it.
    if (same !== undefined)
      found = new Cursor(same.source, before.index, before.digest.copy(), before.offset, same);
    if (index > furthest) break;
  }
  return found;
}
