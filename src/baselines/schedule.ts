/** When what is learned. Pure; times in milliseconds since 1970, UTC. */

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** How long an hour waits for its late records, and for windows that began in it to alert. */
const PATIENCE = HOUR;

const floor = (time: number, unit: number) => Math.floor(time / unit) * unit;

/**
 * Time up to which may be learned when everything before `horizon` has been judged.
 *
 * An hour is learned an hour after its end. The last hour of a day is learned with midnight: the events of the next day are
 * judged by what was known before it, and that must be the same whenever they are judged.
 */
export function learnableUntil(horizon: number): number {
  return Math.max(floor(horizon - PATIENCE, HOUR), floor(horizon, DAY));
}

/** Records that are learned at once, more only when one day has more. */
const STRETCH_RECORDS = 2_000_000;

/**
 * Ends of the stretches in which the time from `from` to `until` is learned. They are cut at midnight.
 *
 * @param recordsOf how many records a day has, by its begin
 */
export function stretchEnds(
  from: number,
  until: number,
  recordsOf: ReadonlyMap<number, number>,
  most = STRETCH_RECORDS,
): number[] {
  const ends: number[] = [];
  let records = 0;
  for (let day = floor(from, DAY); day < until; day += DAY) {
    const more = recordsOf.get(day) ?? 0;
    if (records > 0 && records + more > most) {
      ends.push(day);
      records = 0;
    }
    records += more;
  }
  if (from < until) ends.push(until);
  return ends;
}

/** Begin of the first day that is remembered when everything before `until` is learned. */
export function oldestDay(until: number, memoryDays: number): number {
  return floor(until, DAY) - memoryDays * DAY;
}
