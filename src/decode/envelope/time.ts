/** Times as Azure and PostgreSQL write them. */

/** `YYYY-MM-DD hh:mm:ss`, with a T or a blank; what may follow is a fraction and a zone. */
const SECONDS_LENGTH = 19;

const REST = /^(?:\.(\d{1,9}))?(?:Z| ?UTC| ?GMT| ?([+-])(\d\d)(?::?(\d\d))?)?$/;

/**
 * Milliseconds of a time such as `2026-07-02T03:00:06.467Z` with 0 to 9 digits of a second's fraction (cut to
 * milliseconds), `2026-07-02 03:00:06.467 UTC`, or with an offset. Without a zone it is UTC.
 * Null for anything else, also for dates that do not exist.
 */
export function parseTime(text: string): number | null {
  const seconds = parseSeconds(text);
  if (seconds === null) return null;
  if (text.charCodeAt(19) === 0x2e && isUtc(text, 23)) {
    const tenth = text.charCodeAt(20) - 48;
    const rest = twoDigits(text, 21);
    if (tenth >= 0 && tenth <= 9 && rest >= 0) return seconds + tenth * 100 + rest;
  }
  const parts = REST.exec(text.slice(SECONDS_LENGTH));
  if (parts === null) return null;
  const millisecond = Number((parts[1] ?? '').padEnd(3, '0').slice(0, 3));
  const minutes = Number(parts[3] ?? 0) * 60 + Number(parts[4] ?? 0);
  return seconds + millisecond - minutes * (parts[2] === '-' ? -60_000 : 60_000);
}

/** True when nothing but `Z` or ` UTC` follows from `at`. */
function isUtc(text: string, at: number): boolean {
  if (text.length === at + 1) return text.charCodeAt(at) === 0x5a;
  return (
    text.length === at + 4 &&
    text.charCodeAt(at) === 0x20 &&
    text.charCodeAt(at + 1) === 0x55 &&
    text.charCodeAt(at + 2) === 0x54 &&
    text.charCodeAt(at + 3) === 0x43
  );
}

/** The instant of the first 19 characters, read as UTC. */
function parseSeconds(text: string): number | null {
  const century = twoDigits(text, 0);
  const year = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  // -1 is all ones: one part that is not a number makes the whole negative.
  if ((century | year | month | day | hour | minute | second) < 0) return null;
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d) return null;
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return null;
  const separator = text.charCodeAt(10);
  if (separator !== 0x54 && separator !== 0x20) return null;
  if (hour > 23 || minute > 59 || second > 60) return null;
  const midnight = midnightOf(century * 100 + year, month, day);
  return Number.isNaN(midnight) ? null : midnight + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** The number that two digits at `at` write, or -1. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

/** The day that was asked for last: nearly every record is of the same day as the one before. */
const lastDay = { date: -1, midnight: Number.NaN };

/** Milliseconds of a day's start in UTC; NaN for a day that does not exist. */
function midnightOf(year: number, month: number, day: number): number {
  const date = (year * 100 + month) * 100 + day;
  if (date !== lastDay.date) {
    // Date.UTC takes the years 0 to 99 for 1900 to 1999.
    const midnight = new Date(Date.UTC(year, month - 1, day));
    const exists = midnight.getUTCFullYear() === year && midnight.getUTCMonth() === month - 1;
    lastDay.midnight = exists && day > 0 ? midnight.getTime() : Number.NaN;
    lastDay.date = date;
  }
  return lastDay.midnight;
}
