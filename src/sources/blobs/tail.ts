/**
 * Digest of the bytes before a place in a blob: between 16 and 32 KiB of them, or all where there are fewer. With it a blob that
 * has grown is told from one that was replaced, without reading what is stored already: log lines hold times and numbers, so
 * no two blobs have the same ones at the same place.
 */
import { createHash, type Hash } from 'node:crypto';

const STEP = 16 * 1024;

export class Tail {
  /** Hashes that began at the last two steps. */
  #older: Hash = createHash('sha256');
  #newer: Hash | null = null;
  #at: number;

  /** Where reading has to begin, so that the digest of what stands before `end` can be known. */
  static start(end: number): number {
    return Math.max(0, Math.floor(end / STEP) * STEP - STEP);
  }

  /** @param start a place that `start` named */
  constructor(start: number) {
    this.#at = start;
  }

  add(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + STEP - (this.#at % STEP));
      this.#older.update(part);
      this.#newer?.update(part);
      from += part.length;
      this.#at += part.length;
      if (this.#at % STEP === 0) {
        this.#older = this.#newer ?? this.#older;
        this.#newer = createHash('sha256');
      }
    }
  }

  digest(): string {
    return this.#older.copy().digest('hex').slice(0, 32);
  }
}
