/** A line of progress on a terminal; nothing in a pipe. */

const REDRAW_MS = 200;

export interface ProgressCounts {
  records: number;
  /** Bytes done, of `totalBytes`. */
  bytes: number;
}

export class ProgressLine {
  readonly #out: NodeJS.WriteStream;
  readonly #totalBytes: number;
  readonly #now: () => number;
  readonly #started: number;
  #drawn = 0;

  constructor(out: NodeJS.WriteStream, totalBytes: number, now: () => number = Date.now) {
    this.#out = out;
    this.#totalBytes = totalBytes;
    this.#now = now;
    this.#started = now();
  }

  update(counts: ProgressCounts): void {
    if (!this.#out.isTTY || this.#now() - this.#drawn < REDRAW_MS) return;
    this.#drawn = this.#now();
    this.#out.write(`\r\x1b[K${this.line(counts)}`);
  }

  /** Text of the line: records, megabytes, rate, time left. */
  line({ records, bytes }: ProgressCounts): string {
    const seconds = Math.max(0.001, (this.#now() - this.#started) / 1000);
    const left = bytes > 0 ? ((this.#totalBytes - bytes) / bytes) * seconds : Number.NaN;
    const parts = [
      `${records.toLocaleString('en')} records`,
      `${(bytes / 1e6).toFixed(1)} of ${(this.#totalBytes / 1e6).toFixed(1)} MB`,
      `${Math.round(records / seconds).toLocaleString('en')} records/s`,
    ];
    if (Number.isFinite(left)) parts.push(`${Math.ceil(left)} s left`);
    return parts.join('  ');
  }

  /** Clears the line. */
  end(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
  }
}
