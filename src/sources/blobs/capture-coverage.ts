/**
 * Which capture files of a hub's partition are stored, and which go on where others end.
 *
 * Sequence numbers only grow in a position, so what is older than a position, and what comes after a hub was made again and
 * counts from 0, would be taken for stored. Each unbroken run of files is therefore a generation of the partition: `0`, `0#2`.
 */
import type { Position } from '../../model/position.ts';
import type { CapturePlace } from './capture-path.ts';
import type { ListedBlob } from './listed-blob.ts';

/** A run of files, all of them stored up to an event. */
interface Generation {
  partition: string;
  /** First and last file. */
  from: FileKey;
  at: FileKey;
  /** Of the last file. */
  etag: string;
  /** All of the last file is stored. */
  settled: boolean;
  /** Of the last event stored; -1 before the first. */
  sequenceNumber: number;
  /** It has grown in this reading. */
  isOpen: boolean;
}

/** Files sort by time; of two with the same time, by name. */
type FileKey = [at: number, name: string];

/** Where the events of a file belong. */
export interface CaptureRun {
  source: string;
  partition: string;
  /** Events up to this one are stored. */
  after: number;
  offset(settled: boolean): string;
  stored(sequenceNumber: number): void;
}

export class CaptureCoverage {
  readonly #position: (source: string, partition: string) => Position | undefined;
  readonly #listedFrom: number;
  readonly #partitions = new Map<string, Generation[]>();

  /** @param listedFrom since when all files are listed in this reading, milliseconds since 1970 */
  constructor(position: (source: string, partition: string) => Position | undefined, listedFrom: number) {
    this.#position = position;
    this.#listedFrom = listedFrom;
  }

  /** Whether all of a file is stored. */
  covers(blob: ListedBlob, place: CapturePlace): boolean {
    const key: FileKey = [place.at, blob.name];
    return this.#generations(place).some(({ from, at, settled, etag }) => {
      if (compare(key, from) < 0) return false;
      const order = compare(key, at);
      return order < 0 || (order === 0 && settled && etag === blob.etag);
    });
  }

  /**
   * The run that a file belongs to: that of the file before it, if no file can lie between them, or a new one.
   *
   * @param first sequence number of its first event
   */
  run(blob: ListedBlob, place: CapturePlace, first: number): CaptureRun {
    const key: FileKey = [place.at, blob.name];
    const generations = this.#generations(place);
    let generation =
      generations.find(({ at }) => compare(at, key) === 0) ?? this.#before(generations, key, first);
    if (generation === undefined) {
      const number = generations.length + 1;
      const partition = number === 1 ? place.partition : `${place.partition}#${number}`;
      generation = {
        partition,
        from: key,
        at: key,
        etag: blob.etag,
        settled: false,
        sequenceNumber: -1,
        isOpen: true,
      };
      generations.push(generation);
    }
    const run = generation;
    Object.assign(run, { at: key, etag: blob.etag, settled: false, isOpen: true });
    return {
      source: sourceOf(place),
      partition: run.partition,
      after: run.sequenceNumber,
      offset(settled) {
        return JSON.stringify([run.from, key, blob.etag, settled]);
      },
      stored(sequenceNumber) {
        run.sequenceNumber = sequenceNumber;
      },
    };
  }

  /** The run that ends last before a file. */
  #before(generations: readonly Generation[], key: FileKey, first: number): Generation | undefined {
    const last = generations
      .filter(({ at }) => compare(at, key) < 0)
      .reduce<Generation | undefined>(
        (one, other) => (one && compare(one.at, other.at) > 0 ? one : other),
        undefined,
      );
    if (last === undefined || first <= last.sequenceNumber) return undefined;
    return last.isOpen || this.#listedFrom <= last.at[0] ? last : undefined;
  }

  #generations(place: CapturePlace): Generation[] {
    const source = sourceOf(place);
    const key = `${source}\n${place.partition}`;
    let known = this.#partitions.get(key);
    if (known === undefined) {
      known = [];
      this.#partitions.set(key, known);
      for (let number = 1; ; number++) {
        const partition = number === 1 ? place.partition : `${place.partition}#${number}`;
        const position = this.#position(source, partition);
        if (position === undefined) break;
        const [from, at, etag, settled] = JSON.parse(position.offset) as [FileKey, FileKey, string, boolean];
        const { sequenceNumber } = position;
        known.push({ partition, from, at, etag, settled, sequenceNumber, isOpen: false });
      }
    }
    return known;
  }
}

/** Name of the stream in positions: the hub, wherever its files lie. */
function sourceOf({ namespace, hub }: CapturePlace): string {
  return `capture:${namespace}/${hub}`;
}

function compare(one: FileKey, other: FileKey): number {
  if (one[0] !== other[0]) return one[0] - other[0];
  return one[1] < other[1] ? -1 : one[1] > other[1] ? 1 : 0;
}
