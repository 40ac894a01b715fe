/** So many in a window of time, and no more until the next one begins. Pure. */
export class FixedWindow {
  readonly #limit: number;
  readonly #lengthMs: number;
  #begin = Number.NEGATIVE_INFINITY;
  #taken = 0;

  constructor(limit: number, lengthMs: number) {
    this.#limit = limit;
    this.#lengthMs = lengthMs;
  }

  /** Whether there is room for one more. @param now milliseconds of a clock that may be set back */
  take(now: number): boolean {
    if (now < this.#begin || now >= this.#begin + this.#lengthMs) {
      this.#begin = now;
      this.#taken = 0;
    }
    if (this.#taken >= this.#limit) return false;
    this.#taken++;
    return true;
  }
}
