/** How far back a detector looks from the first event that it judges, as its front matter says. */
import { DuckDBIntervalValue, type DuckDBValue } from '@duckdb/node-api';
import { parseDuration } from './duration.ts';

/** `1h`, `$window` or `2 * $window`: a fixed time, or a multiple of a parameter. */
export type Window = { milliseconds: number } | { factor: number; parameter: string };

/** Reads a window; null for anything that is none. */
export function parseWindow(text: string): Window | null {
  const multiple = /^(?:([1-9]) \* )?\$([a-z_][a-z0-9_]*)$/.exec(text.trim());
  if (multiple !== null) return { factor: Number(multiple[1] ?? 1), parameter: multiple[2]! };
  const milliseconds = parseDuration(text);
  return milliseconds === null ? null : { milliseconds };
}

/** Milliseconds of a window, with the values that the detector runs with. */
export function windowLength(window: Window, values: Readonly<Record<string, DuckDBValue>>): number {
  if ('milliseconds' in window) return window.milliseconds;
  const value = values[window.parameter];
  // Parameters of type duration are bound as microseconds.
  return value instanceof DuckDBIntervalValue ? (window.factor * Number(value.micros)) / 1000 : 0;
}
