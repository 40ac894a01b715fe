/** Gathers messages of several blobs into batches. */
import type { SourceMessage } from '../../model/message.ts';
import type { HistoryBatch } from '../history.ts';

export class Batches {
  /** Bytes of all blobs; null while they are not known. */
  total: number | null = null;
  readonly #limit: number;
  #messages: SourceMessage[] = [];
  #bytes = 0;
  #contiguous = false;
  /** Bytes of the blobs that are finished. */
  #finished = 0;
  /** Bytes of the blob at hand. */
  #within = 0;

  /** @param limit a batch is full with as many bytes of messages */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param within bytes of the blob that were read with the message */
  *add(message: SourceMessage, contiguous: boolean, within: number): Generator<HistoryBatch> {
    if (contiguous !== this.#contiguous && this.#messages.length > 0) yield this.take()!;
    this.#contiguous = contiguous;
    this.#within = within;
    this.#messages.push(message);
    this.#bytes += message.body.byteLength;
    if (this.#bytes >= this.#limit) yield this.take()!;
  }

  /** A blob of this many bytes is read, or is left out. */
  finished(bytes: number): void {
    this.#finished += bytes;
    this.#within = 0;
  }

  /** What has been gathered; null when that is nothing. */
  take(): HistoryBatch | null {
    if (this.#messages.length === 0) return null;
    const batch: HistoryBatch = {
      messages: this.#messages,
      contiguous: this.#contiguous,
      done: this.#finished + this.#within,
      total: this.total,
      unit: 'bytes',
    };
    this.#messages = [];
    this.#bytes = 0;
    return batch;
  }
}
