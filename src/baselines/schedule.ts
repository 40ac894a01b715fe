/** When what is learned. Pure; times in milliseconds since 1970, UTC. */

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** How finely time is cut: a server that writes 5,000 records a second has four million in one. */
export const QUARTER = HOUR / 4;

/** How long a time waits for its late records, and for windows that began in it to alert: what comes later is counted later. */
const PATIENCE = QUARTER;

const floor = (time: number, unit: number) => Math.floor(time / unit) * unit;

/**
 * Time up to which may be learned when everything before `horizon` has been judged.
 *
 * A quarter of an hour is learned a quarter of an hour after its end. The last of a day are learned with midnight: the events of
 * the next day are judged by what was known before it, and that must be the same whenever they are judged.
 */
export function learnableUntil(horizon: number): number {
  return Math.max(floor(horizon - PATIENCE, QUARTER), floor(horizon, DAY));
}

/** Records that are learned at once, more only when one minute has more: what fits into memory with ease. */
const STRETCH_RECORDS = 1_000_000;

/** How many records a minute has. */
export interface Minute {
  /** Begin, milliseconds. */
  start: number;
  records: number;
}

/**
 * Ends of the stretches in which the time up to `until` is learned.
 *
 * @param minutes of the time that is to be learned, in order; those without records may be left out
 */
export function stretchEnds(until: number, minutes: readonly Minute[], most = STRETCH_RECORDS): number[] {
  const ends: number[] = [];
  let sum = 0;
  for (const { start, records } of minutes) {
    if (sum > 0 && sum + records > most) {
      ends.push(start);
      sum = 0;
    }
    sum += records;
  }
  return [...ends, until];
}

/** Begin of the first day that is remembered when everything before `until` is learned. */
export function oldestDay(until: number, memoryDays: number): number {
  return floor(until, DAY) - memoryDays * DAY;
}
