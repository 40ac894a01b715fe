/**
 * Slows down who guesses passwords or cancel keys.
 *
 * After a failure the next attempt from the same address waits, longer each time, and attempts that come at once wait one after
 * the other: more connections do not make guessing faster.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';

const FIRST_MS = 250;
const LONGEST_MS = 8_000;
const LONGEST_QUEUE_MS = 15_000;
const FORGOTTEN_MS = 600_000;
/** Addresses that are remembered; the ones that were quiet longest are forgotten first. */
const MAX_ADDRESSES = 10_000;

interface Record {
  failures: number;
  /** When the next attempt may be looked at. */
  free: number;
}

export class Guesses {
  readonly #records = new LRUCache<string, Record>({ max: MAX_ADDRESSES, ttl: FORGOTTEN_MS });
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** How long an attempt waits now. Asking takes the place in the queue. */
  delayFor(address: string): number {
    const record = this.#records.get(address);
    if (record === undefined) return 0;
    const now = this.#now();
    const start = Math.max(now, record.free);
    // Whoever would wait longer is gone before: his place must not hold up others from the address for long after an attack.
    if (start - now < LONGEST_QUEUE_MS) record.free = start + waitAfter(record.failures);
    return start - now;
  }

  async wait(address: string, signal: AbortSignal): Promise<void> {
    const delay = this.delayFor(address);
    if (delay > 0) await sleep(delay, undefined, { signal });
  }

  failed(address: string): void {
    const failures = (this.#records.get(address)?.failures ?? 0) + 1;
    const free = Math.max(this.#records.get(address)?.free ?? 0, this.#now() + waitAfter(failures));
    this.#records.set(address, { failures, free });
  }

  /** The right password: nobody who guesses has it. */
  succeeded(address: string): void {
    this.#records.delete(address);
  }
}

function waitAfter(failures: number): number {
  return Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
}
