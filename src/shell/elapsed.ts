/** Says at a terminal that a query still runs, and takes it back when there is something else to see. */

/** What is answered sooner needs no word. */
const PATIENCE_MS = 1_000;
const REDRAW_MS = 250;

export class ElapsedLine {
  readonly #out: NodeJS.WritableStream & { isTTY?: boolean };
  readonly #now: () => number;
  #started = 0;
  #timer: NodeJS.Timeout | undefined;
  #drawn = false;

  constructor(out: NodeJS.WritableStream & { isTTY?: boolean }, now: () => number = Date.now) {
    this.#out = out;
    this.#now = now;
  }

  start(): void {
    if (this.#out.isTTY !== true) return;
    this.#started = this.#now();
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
    this.#timer.unref();
  }

  #draw(): void {
    const elapsed = this.#now() - this.#started;
    if (elapsed < PATIENCE_MS) return;
    this.#drawn = true;
    this.#out.write(`\r\x1b[K${Math.floor(elapsed / 1000)} s … Ctrl-C cancels`);
  }

  /** Clears the line. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#drawn) this.#out.write('\r\x1b[K');
    this.#drawn = false;
  }
}

/** The same pieces; the line stays until the first of them. */
export async function* endedBy<T>(line: ElapsedLine, pieces: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const piece of pieces) {
    line.end();
    yield piece;
  }
}
