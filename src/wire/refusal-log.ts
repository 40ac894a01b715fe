/** Refused connections in the log, so that somebody who causes them cannot fill the disk with it. */
import type { WireOptions } from './options.ts';

const LINES_A_MINUTE = 60;
const MINUTE_MS = 60_000;

export class RefusalLog {
  readonly #log: WireOptions['log'];
  readonly #now: () => number;
  #minute = 0;
  #lines = 0;

  constructor(log: WireOptions['log'], now: () => number = Date.now) {
    this.#log = log;
    this.#now = now;
  }

  log(fields: { client: string; code: string; reason: string }): void {
    const minute = Math.floor(this.#now() / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines <= LINES_A_MINUTE) this.#log.warn(fields, 'a connection was refused');
    else if (this.#lines === LINES_A_MINUTE + 1)
      this.#log.warn({}, 'more connections were refused: not logged until the next minute');
  }
}
