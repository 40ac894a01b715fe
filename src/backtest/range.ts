/** The time that a backtest judges: what was asked for, in the light of what is stored. Pure. */

import type { Span } from '../detect/slices.ts';
import { PgvigilError } from '../errors.ts';
import { parseDuration } from '../model/duration.ts';
import { parseMoment } from '../model/moment.ts';

/** First and last event that are stored, milliseconds. */
export interface StoredTime {
  first: number;
  last: number;
}

const DEFAULT_FROM = '14d';

/**
 * A moment is a date (its first moment), a date with a time (UTC), or a duration: so long before the last event. Without
 * `from` it begins 14 days before the last event; without `to` it ends with that event.
 *
 * @returns `from` and `to` are the events before the first and at the last that are judged, as everywhere in detection:
 *   what was asked for as an end is not judged itself
 * @throws PgvigilError USAGE
 */
export function backtestSpan(asked: { from?: string; to?: string }, stored: StoredTime): Span {
  const from = moment('--from', asked.from ?? DEFAULT_FROM, stored);
  const to = asked.to === undefined ? stored.last : moment('--to', asked.to, stored) - 1;
  if (from > to) {
    throw new PgvigilError(
      'USAGE',
      `the time from ${asked.from ?? DEFAULT_FROM} to ${asked.to ?? 'the last event'} is empty`,
      `--to is the first moment that is no longer judged. Stored: ${storedText(stored)}.`,
    );
  }
  return { from: from - 1, to };
}

function moment(option: string, text: string, { last }: StoredTime): number {
  const duration = parseDuration(text);
  const time = duration === null ? parseMoment(text, last) : last - duration;
  if (time !== null) return time;
  throw new PgvigilError(
    'USAGE',
    `${option} ${JSON.stringify(text.slice(0, 64))} is no time`,
    'Give a date such as 2026-01-15, a time such as 2026-01-15T08:00 (UTC), or 14d: so long before the last event.',
  );
}

/** E.g. `2026-01-01 00:00:00 to 2026-01-15 10:00:12 (UTC)`. */
export function storedText({ first, last }: StoredTime): string {
  return `${timeText(first)} to ${timeText(last)} (UTC)`;
}

/** Event time as people read it, UTC. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}
