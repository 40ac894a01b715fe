/** How far a backtest is: a line on a terminal, nothing in a pipe. */
import type { CountedSlice } from '../backtest/judging.ts';
import { timeText } from '../backtest/range.ts';

export class BacktestProgress {
  readonly #out: NodeJS.WriteStream;
  readonly #now: () => number;
  readonly #started: number;

  constructor(out: NodeJS.WriteStream, now: () => number = Date.now) {
    this.#out = out;
    this.#now = now;
    this.#started = now();
  }

  /** Shows that the slice with this index begins. */
  update(index: number, slices: readonly CountedSlice[], alerts: number): void {
    if (this.#out.isTTY) this.#out.write(`\r\x1b[K${this.line(index, slices, alerts)}`);
  }

  /** Text of the line: slice, day, alerts so far, time left. */
  line(index: number, slices: readonly CountedSlice[], alerts: number): string {
    const records = (some: readonly CountedSlice[]) => some.reduce((sum, slice) => sum + slice.records, 0);
    const done = records(slices.slice(0, index));
    const seconds = (this.#now() - this.#started) / 1000;
    const parts = [
      `slice ${index + 1} of ${slices.length}`,
      timeText(slices[index]!.to).slice(0, 10),
      `${alerts.toLocaleString('en')} ${alerts === 1 ? 'alert' : 'alerts'}`,
    ];
    if (done > 0) parts.push(`${Math.ceil(((records(slices) - done) / done) * seconds)} s left`);
    return parts.join('  ');
  }

  /** Clears the line. */
  end(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
  }
}
