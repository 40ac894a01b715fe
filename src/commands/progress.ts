/** A line of progress on a terminal; nothing in a pipe. */
import { durationText } from '../model/duration.ts';
import type { HistoryBatch } from '../sources/history.ts';

const REDRAW_MS = 200;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface ProgressCounts extends Pick<HistoryBatch, 'done' | 'total' | 'unit'> {
  records: number;
}

export class ProgressLine {
  readonly #out: NodeJS.WriteStream;
  readonly #now: () => number;
  readonly #started: number;
  #drawn = 0;

  constructor(out: NodeJS.WriteStream, now: () => number = Date.now) {
    this.#out = out;
    this.#now = now;
    this.#started = now();
  }

  update(counts: ProgressCounts): void {
    if (!this.#out.isTTY || this.#now() - this.#drawn < REDRAW_MS) return;
    this.#drawn = this.#now();
    this.#out.write(`\r\x1b[K${this.line(counts)}`);
  }

  /** Text of the line: records, how much of all, rate, time left. */
  line({ records, done, total, unit }: ProgressCounts): string {
    const elapsed = Math.max(1, this.#now() - this.#started);
    const amount = unit === 'bytes' ? megabytes : hours;
    const parts = [
      `${records.toLocaleString('en')} records`,
      total === null ? amount(done) : `${amount(done)} of ${amount(total)}`,
      `${Math.round((records * 1000) / elapsed).toLocaleString('en')} records/s`,
    ];
    if (total !== null && done > 0 && done < total)
      parts.push(`${timeText(((total - done) / done) * elapsed)} left`);
    return parts.join('  ');
  }

  /** Clears the line. */
  end(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
  }
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const hours = (milliseconds: number) => `${(milliseconds / HOUR_MS).toFixed(1)} h`;

/** Seconds, above five minutes minutes: more would be a promise. */
function timeText(milliseconds: number): string {
  const unit = milliseconds < 5 * MINUTE_MS ? 1_000 : MINUTE_MS;
  return durationText(Math.ceil(milliseconds / unit) * unit);
}
