import type { Sender } from 'rhea';
import type { Partition, StoredEvent } from './partition.ts';
import { partitionProperties } from './partition-properties.ts';
import { type Refusal, toAmqpError } from './refusal.ts';
import { deliveryAnnotations } from './sections.ts';
import { linkCredit, sendableNow, socketOf, types } from './wire.ts';

/** Unsent bytes in a socket at which a reader waits: rhea itself buffers without a limit. */
const UNSENT_BYTES = 4 * 1024 * 1024;
/** Events handed over in one turn of the event loop, so that readers take turns. */
const EVENTS_PER_TURN = 256;

export interface ReaderOptions {
  /** The hub's end of the client's receiver link. */
  link: Sender;
  partition: Partition;
  /** Sequence number to begin with. */
  next: number;
  /** Owner level; null for a reader that shares the partition. */
  epoch: number | null;
  /** Tell with each event how far the partition is (`trackLastEnqueuedEventProperties`). */
  withRuntimeMetrics: boolean;
  /** Called once, when the reader stops for whatever reason. */
  onStop(): void;
}

/** Pumps the events of one partition into one link, never more than the credit that the client granted. */
export class Reader {
  readonly link: Sender;
  readonly partition: Partition;
  readonly epoch: number | null;
  readonly #options: ReaderOptions;
  readonly #unwatch: () => void;
  #next: number;
  #sent = 0;
  #scheduled = false;
  #stopped = false;

  constructor(options: ReaderOptions) {
    this.link = options.link;
    this.partition = options.partition;
    this.epoch = options.epoch;
    this.#options = options;
    this.#next = options.next;
    this.#unwatch = options.partition.watch(() => this.wake());
  }

  /** Sequence number of the event that is sent next. */
  get next(): number {
    return this.#next;
  }

  /** Events sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Events that the client still asks for. */
  get credit(): number {
    return linkCredit(this.link);
  }

  /** Sends in the next turn of the event loop: after an append, new credit, or room in the session. */
  wake(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  /** Ends the pump; the link stays as it is. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#unwatch();
    this.#options.onStop();
  }

  /** Ends the pump and closes the link with an error. */
  detach(error: Refusal): void {
    this.stop();
    this.link.close(toAmqpError(error));
  }

  #turn(): void {
    this.#scheduled = false;
    const { link } = this;
    if (this.#stopped || !link.is_open()) return;
    const socket = socketOf(link.connection);
    if (socket.writableNeedDrain) {
      this.#scheduled = true;
      socket.once('drain', () => this.#turn());
      return;
    }
    let room = UNSENT_BYTES - socket.writableLength;
    this.#next = Math.max(this.#next, this.partition.firstSequenceNumber);
    for (let left = Math.min(sendableNow(link), EVENTS_PER_TURN); left > 0 && room > 0; left -= 1) {
      const event = this.partition.at(this.#next);
      if (event === undefined) return;
      const encoded = this.#encode(event);
      // With a format given, rhea sends the bytes as they are.
      link.send(encoded, undefined, 0);
      room -= encoded.length;
      this.#next += 1;
      this.#sent += 1;
    }
    if (sendableNow(link) > 0 && this.#next < this.partition.nextSequenceNumber) this.wake();
  }

  #encode(event: StoredEvent): Buffer {
    if (!this.#options.withRuntimeMetrics) return event.encoded;
    const metrics = deliveryAnnotations({
      ...partitionProperties(this.partition),
      runtime_info_retrieval_time_utc: types.wrap_timestamp(Date.now()),
    });
    const { encoded, headerLength } = event;
    return Buffer.concat([encoded.subarray(0, headerLength), metrics, encoded.subarray(headerLength)]);
  }
}
