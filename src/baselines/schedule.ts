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

/** Pieces of at most one day, cut at midnight, from one time up to another. */
export function stretches(from: number, until: number): { from: number; until: number }[] {
  const pieces: { from: number; until: number }[] = [];
  for (let at = from; at < until; ) {
    const end = Math.min(floor(at, DAY) + DAY, until);
    pieces.push({ from: at, until: end });
    at = end;
  }
  return pieces;
}

/** Begin of the first day that is remembered when everything before `until` is learned. */
export function oldestDay(until: number, memoryDays: number): number {
  return floor(until, DAY) - memoryDays * DAY;
}
