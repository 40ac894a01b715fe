/** Options that name a time in the past. */
import { PgvigilError } from '../errors.ts';
import { parseDuration } from '../model/duration.ts';
import { parseMoment } from '../model/moment.ts';

/**
 * Milliseconds since 1970 of a time, or of so long ago.
 *
 * @param option as it is typed: `--since`
 * @throws PgvigilError USAGE
 */
export function pastMoment(option: string, text: string): number {
  const now = Date.now();
  const ago = parseDuration(text);
  const time = ago === null ? parseMoment(text, now) : now - ago;
  if (time !== null) return time;
  throw new PgvigilError(
    'USAGE',
    `${option} ${text} is no time`,
    'Write 2026-12-31, "2026-12-31 18:00" (UTC), or a duration such as 24h.',
  );
}
