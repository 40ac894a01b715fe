/** Times as people write them on the command line. Pure. */
import { parseDuration } from './duration.ts';

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * Milliseconds since 1970 of a date (its first moment), a date with a time, UTC unless it names another zone, or a
 * duration such as `30d` from `now` on; null for anything else.
 */
export function parseMoment(text: string, now: number): number | null {
  const trimmed = text.trim();
  const duration = parseDuration(trimmed);
  if (duration !== null) return now + duration;
  const match = MOMENT.exec(trimmed);
  if (match === null) return null;
  const [, day = '', clock = '00:00', zone = 'Z'] = match;
  const midnight = Date.parse(`${day}T00:00Z`);
  // The parser takes 30 February for 2 March.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return null;
  const time = Date.parse(`${day}T${clock}${zone}`);
  return Number.isNaN(time) ? null : time;
}
