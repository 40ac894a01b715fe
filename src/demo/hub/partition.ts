import { Refusal } from './refusal.ts';
import { messageAnnotations, type SplitMessage } from './sections.ts';
import type { StartPosition } from './selector.ts';
import { types } from './wire.ts';

/** Where an event landed. */
export interface Receipt {
  sequenceNumber: number;
  /** Opaque; never equal to the sequence number. */
  offset: string;
}

export interface StoredEvent extends Receipt {
  /** Milliseconds since 1970-01-01 UTC. */
  enqueuedAt: number;
  /** The whole message as a reader gets it: header, annotations, bare message. */
  encoded: Buffer;
  /** Bytes of the header section at its start. */
  headerLength: number;
  /** Bytes appended to the partition before this event. */
  position: number;
}

/** The offset that stands before the first event of every partition. */
const BEFORE_FIRST = '-1';
const AFTER_LAST = '@latest';

/** An append-only log of events, the oldest dropped when it outgrows its retention. */
export class Partition {
  readonly id: string;
  readonly #retentionBytes: number;
  readonly #watchers = new Set<() => void>();
  readonly #events: StoredEvent[] = [];
  #nextSequenceNumber = 0;
  #nextPosition = 0;
  #retainedBytes = 0;
  #lastOffset = BEFORE_FIRST;
  #lastEnqueuedAt = 0;

  /** @param retentionBytes bytes kept; the newest event stays whatever its size */
  constructor(id: string, retentionBytes: number) {
    this.id = id;
    this.#retentionBytes = retentionBytes;
  }

  /** Sequence number of the oldest event kept, or of the next one when there is none. */
  get firstSequenceNumber(): number {
    return this.#nextSequenceNumber - this.#events.length;
  }

  get nextSequenceNumber(): number {
    return this.#nextSequenceNumber;
  }

  get lastOffset(): string {
    return this.#lastOffset;
  }

  /** Milliseconds since 1970-01-01 UTC; 0 before the first event. */
  get lastEnqueuedAt(): number {
    return this.#lastEnqueuedAt;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /**
   * Stores one event.
   * @param now milliseconds; the stored time never goes back inside a partition
   */
  append(event: SplitMessage, now: number): Receipt {
    const sequenceNumber = this.#nextSequenceNumber;
    const offset = this.#offsetOf(this.#nextPosition);
    const enqueuedAt = Math.max(now, this.#lastEnqueuedAt);
    const annotations = messageAnnotations({
      ...event.annotations,
      'x-opt-sequence-number': types.wrap_long(sequenceNumber),
      'x-opt-offset': types.wrap_string(offset),
      'x-opt-enqueued-time': types.wrap_timestamp(enqueuedAt),
    });
    const encoded = Buffer.concat([event.header, annotations, event.bare]);
    this.#events.push({
      sequenceNumber,
      offset,
      enqueuedAt,
      encoded,
      headerLength: event.header.length,
      position: this.#nextPosition,
    });
    this.#nextSequenceNumber += 1;
    this.#nextPosition += encoded.length;
    this.#retainedBytes += encoded.length;
    this.#lastOffset = offset;
    this.#lastEnqueuedAt = enqueuedAt;
    while (this.#retainedBytes > this.#retentionBytes && this.#events.length > 1)
      this.#retainedBytes -= this.#events.shift()!.encoded.length;
    for (const watcher of this.#watchers) watcher();
    return { sequenceNumber, offset };
  }

  /** The event with this sequence number; undefined when it is gone or not here yet. */
  at(sequenceNumber: number): StoredEvent | undefined {
    return this.#events[sequenceNumber - this.firstSequenceNumber];
  }

  /**
   * Sequence number of the first event that a reader gets.
   * Throws a `Refusal` for a value that is no place in this partition, as one kept from an earlier hub.
   */
  find(start: StartPosition): number {
    const { by, value, inclusive } = start;
    if (by === 'offset' && value === BEFORE_FIRST) return this.firstSequenceNumber;
    if (by === 'offset' && value === AFTER_LAST) return this.#nextSequenceNumber;
    if (by === 'offset') {
      const position = this.#positionOf(value);
      return this.#search(inclusive, position, (event) => event.position);
    }
    const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (by === 'enqueued-time') {
      if (Number.isNaN(number)) throw invalidArgument('enqueued time', value, String(this.#lastEnqueuedAt));
      return this.#search(inclusive, number, (event) => event.enqueuedAt);
    }
    const last = this.#nextSequenceNumber - 1;
    if (!(number <= last)) throw invalidArgument('sequence number', value, String(last));
    return this.#search(inclusive, number, (event) => event.sequenceNumber);
  }

  /** Calls `watcher` after each append until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** The partition and a byte count: a form that no code can take for a sequence number. */
  #offsetOf(position: number): string {
    return `${this.id}-${position.toString(16).padStart(8, '0')}`;
  }

  #positionOf(offset: string): number {
    const match = /^(\d{1,5})-([0-9a-f]{8,13})$/.exec(offset);
    const position = match !== null && match[1] === this.id ? Number.parseInt(match[2]!, 16) : Number.NaN;
    if (!(position < this.#nextPosition)) throw invalidArgument('offset', offset, this.#lastOffset);
    return position;
  }

  /** First event whose key is greater than `bound` (or equal, when inclusive); keys never decrease. */
  #search(inclusive: boolean, bound: number, key: (event: StoredEvent) => number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const value = key(this.#events[middle]!);
      if (inclusive ? value >= bound : value > bound) high = middle;
      else low = middle + 1;
    }
    return this.firstSequenceNumber + low;
  }
}

function invalidArgument(what: string, value: string, last: string): Refusal {
  return new Refusal(
    'com.microsoft:argument-error',
    `The supplied ${what} '${value}' is invalid. The last ${what} in the system is '${last}'.`,
  );
}
