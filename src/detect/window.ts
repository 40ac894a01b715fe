/** How far back a detector looks from the first event that it judges, as its front matter says. */
import { DuckDBIntervalValue, type DuckDBValue } from '@duckdb/node-api';
import { parseDuration } from '../model/duration.ts';

/** A fixed time, or a multiple of a parameter. */
type Term = { milliseconds: number } | { factor: number; parameter: string };

/** A sum, such as `1h`, `2 * $window` or `2 * $window + $grace`; empty for a detector that does not look back. */
export type Window = readonly Term[];

/** Reads a window; null for anything that is none. */
export function parseWindow(text: string): Window | null {
  const terms = text.split(' + ').map(parseTerm);
  return terms.every((term) => term !== null) ? terms : null;
}

function parseTerm(text: string): Term | null {
  const multiple = /^(?:([1-9]) \* )?\$([a-z_][a-z0-9_]*)$/.exec(text.trim());
  if (multiple !== null) return { factor: Number(multiple[1] ?? 1), parameter: multiple[2]! };
  const milliseconds = parseDuration(text);
  return milliseconds === null ? null : { milliseconds };
}

/** Names of the parameters in a window. */
export function windowParameters(window: Window): string[] {
  return window.flatMap((term) => ('parameter' in term ? [term.parameter] : []));
}

/** Milliseconds of a window, with the values that the detector runs with. */
export function windowLength(window: Window, values: Readonly<Record<string, DuckDBValue>>): number {
  return window.reduce((sum, term) => {
    if ('milliseconds' in term) return sum + term.milliseconds;
    const value = values[term.parameter];
    return value instanceof DuckDBIntervalValue ? sum + (term.factor * Number(value.micros)) / 1000 : sum;
  }, 0);
}
