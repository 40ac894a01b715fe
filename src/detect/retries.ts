/** When a detector that failed is tried again, so that one that always takes too long does not hold up the others. */

const MINUTE = 60_000;
const LONGEST = 10 * MINUTE;
/** Failures in a row after which a detector gives up on what it could not judge. */
const PATIENCE = 3;

export class Retries {
  readonly #failures = new Map<string, { inARow: number; next: number }>();

  /** @param now milliseconds */
  isDue(detector: string, now: number): boolean {
    return now >= (this.#failures.get(detector)?.next ?? 0);
  }

  /** Notes a failure. Returns whether it is time to give up. */
  failed(detector: string, now: number): boolean {
    const inARow = (this.#failures.get(detector)?.inARow ?? 0) + 1;
    // The first is tried again at once: a restart or a moment of load is over soon.
    const wait = inARow === 1 ? 0 : Math.min(LONGEST, MINUTE * 2 ** (inARow - 2));
    this.#failures.set(detector, { inARow, next: now + wait });
    return inARow >= PATIENCE;
  }

  succeeded(detector: string): void {
    this.#failures.delete(detector);
  }
}
