/** How many rows a table has in each hour, and how large they are: for progress, and for slices of the right size. */
import { HOUR_MS, type Span } from './span.ts';

/** Rows of an hour, or of any span. */
export interface Amount {
  rows: number;
  /** As billed. */
  bytes: number;
}

export class Histogram {
  readonly #hours = new Map<number, Amount>();

  /** @param hour its start, milliseconds since 1970 */
  add(hour: number, { rows, bytes }: Amount): void {
    this.#hours.set(hour, { rows, bytes });
  }

  /** What lies in a span; within an hour, rows are taken for spread evenly. */
  within({ start, end }: Span): Amount {
    const sum = { rows: 0, bytes: 0 };
    for (let hour = hourOf(start); hour < end; hour += HOUR_MS) {
      const amount = this.#hours.get(hour);
      if (amount === undefined) continue;
      const share = (Math.min(hour + HOUR_MS, end) - Math.max(hour, start)) / HOUR_MS;
      sum.rows += amount.rows * share;
      sum.bytes += amount.bytes * share;
    }
    return sum;
  }

  /** The longest slice that begins where the span does and holds no more than `most`, as far as is known. At least 1 ms. */
  slice({ start, end }: Span, most: Amount): Span {
    let left = 1;
    for (let hour = hourOf(start); hour < end; hour += HOUR_MS) {
      const from = Math.max(hour, start);
      const to = Math.min(hour + HOUR_MS, end);
      const { rows, bytes } = this.within({ start: from, end: to });
      const needed = Math.max(rows / most.rows, bytes / most.bytes);
      if (needed > left)
        return { start, end: Math.max(start + 1, from + Math.floor((to - from) * (left / needed))) };
      left -= needed;
    }
    return { start, end };
  }
}

function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) * HOUR_MS;
}
