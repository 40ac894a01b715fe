/** When a message goes out: at once, at the end of quiet hours, or with the next digest. Pure. */
import { DateTime } from 'luxon';
import { z } from 'zod';
import { parseDuration } from '../model/duration.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import type { DigestReason } from './message.ts';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const MIN_DIGEST_MS = 60_000;

const clock = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
  .meta({ allowed: 'a time of day such as "22:00"' });

const below = (value: Severity) => z.enum(SEVERITIES).default(value);

/** Keys of a channel. */
export const timingShape = {
  quietHours: z
    .strictObject({
      from: clock.describe('First minute of the quiet hours.'),
      to: clock.describe('First minute after them; on the next day where it is not later than from.'),
      timeZone: z
        .string()
        .refine((zone) => DateTime.utc().setZone(zone).isValid, 'must be a time zone such as Europe/Berlin')
        .default('UTC')
        .meta({ allowed: 'a time zone such as Europe/Berlin' })
        .describe('Zone of both.'),
      days: z
        .array(z.enum(WEEKDAYS))
        .min(1)
        .default([...WEEKDAYS])
        .meta({ allowed: `a list of ${WEEKDAYS.join(', ')}` })
        .describe('Days on which they begin.'),
      below: below('high').describe('Alerts below this severity wait for their end, and come as one digest.'),
    })
    .optional()
    .meta({ allowed: 'a section of keys' })
    .describe('When people are not to be disturbed by what can wait.'),
  digest: z
    .strictObject({
      every: z
        .string()
        .refine(
          (text) => (parseDuration(text) ?? 0) >= MIN_DIGEST_MS,
          'must be a duration of a minute or longer',
        )
        .meta({ allowed: 'a duration such as 1h' })
        .describe('How often: 15m, 1h, 1d.'),
      below: below('medium').describe('Alerts below this severity come in digests, the others at once.'),
    })
    .optional()
    .meta({ allowed: 'a section of keys' })
    .describe('Several messages in one, from time to time.'),
} as const;

export interface QuietHours {
  from: string;
  to: string;
  timeZone: string;
  days: readonly (typeof WEEKDAYS)[number][];
  below: Severity;
}

/** When a channel is told. */
export interface Timing {
  quietHours?: QuietHours | undefined;
  digest?: { every: string; below: Severity } | undefined;
}

/** When a message is released, milliseconds, and why it waits. */
export interface Release {
  at: number;
  reason: DigestReason;
}

/** When a message of this severity goes out; null: at once. */
export function releaseOf({ quietHours, digest }: Timing, severity: Severity, now: number): Release | null {
  const end = quietHours && isBelow(severity, quietHours.below) ? endOfQuiet(quietHours, now) : null;
  const next =
    digest && isBelow(severity, digest.below)
      ? nextDigest(parseDuration(digest.every) ?? MIN_DIGEST_MS, now)
      : null;
  if (end !== null && (next === null || next <= end)) return { at: end, reason: 'quiet_hours' };
  return next === null ? null : { at: next, reason: 'schedule' };
}

function isBelow(severity: Severity, bound: Severity): boolean {
  return SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(bound);
}

/** Digests of all channels with one interval go out together, at multiples of it since 1970: on the full hour. */
function nextDigest(every: number, now: number): number {
  return (Math.floor(now / every) + 1) * every;
}

/** End of the quiet hours that hold `now`; null outside of them. Clock changes are the zone's. */
function endOfQuiet({ from, to, timeZone, days }: QuietHours, now: number): number | null {
  const local = DateTime.fromMillis(now, { zone: timeZone });
  // Those that began yesterday may still last.
  for (const ago of [0, 1]) {
    const day = local.minus({ days: ago });
    if (!days.includes(WEEKDAYS[day.weekday - 1] as (typeof WEEKDAYS)[number])) continue;
    const begin = at(day, from);
    const end = at(to > from ? day : day.plus({ days: 1 }), to);
    if (begin <= local && local < end) return end.toMillis();
  }
  return null;
}

function at(day: DateTime, time: string): DateTime {
  const [hour, minute] = time.split(':').map(Number) as [number, number];
  return day.set({ hour, minute, second: 0, millisecond: 0 });
}
