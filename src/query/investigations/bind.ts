/** Values that an investigation runs with: what was given, as text, and its defaults. Pure. */

import { closest } from '../../closest.ts';
import { PgvigilError } from '../../errors.ts';
import { parseDuration } from '../../model/duration.ts';
import { parseMoment } from '../../model/moment.ts';
import type { Scalar } from '../query-runner.ts';
import type { Parameter } from './front-matter.ts';
import type { Investigation } from './investigation.ts';

/** The newest event that is stored, in one row; null where nothing is. One line with a time far ahead must not count. */
export const NEWEST_EVENT =
  'SELECT coalesce(max(newest_event) FILTER (newest_event <= now()::TIMESTAMP), max(newest_event)) FROM positions';

/**
 * Durations count back from the end of the data, not from now: what was stored in spring has its last day, too. The end is
 * a millisecond past the newest event, as `until` is the first moment that is left out.
 *
 * @param given values as people type them, by name
 * @param newest event, milliseconds since 1970
 * @throws PgvigilError USAGE
 */
export function bindInvestigation(
  investigation: Investigation,
  given: Readonly<Record<string, string>>,
  newest: number,
): Record<string, Scalar> {
  const { parameters } = investigation;
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(parameters, name)) throw unknownParameter(investigation, name);
  }
  const bound: Record<string, Scalar> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const text = Object.hasOwn(given, name) ? given[name] : parameter.default;
    if (text === undefined) throw usage(investigation, `${investigation.name} needs the parameter ${name}`);
    bound[name] = text === null ? null : valueFor(investigation, name, parameter, text, newest + 1);
  }
  const { since, until } = bound;
  if (typeof since === 'string' && typeof until === 'string' && since >= until) {
    throw usage(investigation, `the time from ${since} to ${until} is empty`);
  }
  return bound;
}

function valueFor(
  investigation: Investigation,
  name: string,
  { type }: Parameter,
  text: string,
  end: number,
): Scalar {
  const shown = JSON.stringify(text.slice(0, 64));
  switch (type) {
    case 'text':
      return text;
    case 'number':
      if (/^[0-9]{1,9}$/.test(text)) return Number(text);
      throw usage(investigation, `${name}: ${shown} is no whole number`);
    case 'time': {
      const duration = parseDuration(text);
      const time = duration === null ? parseMoment(text, end) : end - duration;
      if (time !== null) return new Date(time).toISOString().slice(0, -1).replace('T', ' ');
      throw usage(
        investigation,
        `${name}: ${shown} is no time`,
        'Give a date such as 2026-01-15, a time such as 2026-01-15T08:00 (UTC), or 24h: so long before the newest event.',
      );
    }
  }
}

function unknownParameter(investigation: Investigation, name: string): PgvigilError {
  const guess = closest(name, Object.keys(investigation.parameters));
  return usage(
    investigation,
    `${investigation.name} has no parameter ${JSON.stringify(name.slice(0, 64))}`,
    guess === undefined ? undefined : `Did you mean ${guess}?`,
  );
}

function usage({ name, parameters }: Investigation, message: string, hint?: string): PgvigilError {
  const all = Object.entries(parameters).map(([key, { required }]) => (required ? `${key} (required)` : key));
  const list = `Parameters: ${all.join(', ') || 'none'}. \`pgvigil investigations show ${name}\` explains them.`;
  return new PgvigilError('USAGE', message, hint === undefined ? list : `${hint} ${list}`);
}
