/** A span of time with whole milliseconds as its bounds, from `start` to before `end`, milliseconds since 1970. */
export interface Span {
  start: number;
  end: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The part of each day (UTC) that lies in a span, oldest first; none of a span that ends before it begins. */
export function* daysOf({ start, end }: Span): Generator<Span & { day: number }> {
  if (start >= end) return;
  for (let day = Math.floor(start / DAY_MS) * DAY_MS; day < end; day += DAY_MS)
    yield { day, start: Math.max(day, start), end: Math.min(day + DAY_MS, end) };
}

/** In UTC, as people and KQL read it. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
