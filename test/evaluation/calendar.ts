/** The evaluation's four weeks. They hold a change of the clocks (25 October) and the end of a month. */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Midnight UTC of the first day, a Monday. */
export const START = Date.UTC(2026, 9, 5);
/** Days in which the detectors learn … */
export const LEARNING_DAYS = 14;
/** … and days that are judged. */
export const JUDGED_DAYS = 14;
export const DAYS = LEARNING_DAYS + JUDGED_DAYS;

/** First moment that is judged. */
export const JUDGED_FROM = START + LEARNING_DAYS * DAY;
export const END = START + DAYS * DAY;

/** Midnight UTC of a day, counted from 0. */
export function midnight(day: number): number {
  return START + day * DAY;
}

/** Monday is 0. */
export function weekday(day: number): number {
  return day % 7;
}

export function isWorkday(day: number): boolean {
  return weekday(day) < 5;
}

/** Days of the shop's releases: Tuesdays and Thursdays. */
export function isReleaseDay(day: number): boolean {
  return weekday(day) === 1 || weekday(day) === 3;
}

const zones = new Map<string, number>();

/** Milliseconds by which a zone is ahead of UTC at noon of a day. */
export function zoneOffset(zone: string, day: number): number {
  const key = `${zone} ${day}`;
  let offset = zones.get(key);
  if (offset === undefined) {
    const format = new Intl.DateTimeFormat('en', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' });
    offset = (Number(format.format(midnight(day) + DAY / 2)) - 12) * HOUR;
    zones.set(key, offset);
  }
  return offset;
}
