/** Values that a detector's SQL is run with: its defaults, and what the configuration puts in their place. */
import { DuckDBIntervalValue, type DuckDBValue, listValue } from '@duckdb/node-api';
import { PgvigilError } from '../errors.ts';
import { parseDuration } from '../model/duration.ts';
import type { Detector } from './detector.ts';
import type { ParameterDefinition } from './front-matter.ts';

export type ParameterValue = number | string | string[];

/**
 * Bind values of one detector.
 *
 * @throws PgvigilError CONFIG_INVALID for a parameter that the detector does not have, or a value out of bounds
 */
export function bindParameters(
  detector: Detector,
  overrides: Readonly<Record<string, unknown>> = {},
): Record<string, DuckDBValue> {
  for (const name of Object.keys(overrides)) {
    if (!Object.hasOwn(detector.parameters, name)) {
      throw wrong(
        detector,
        name,
        `${detector.id} has no such parameter`,
        Object.keys(detector.parameters).join(', '),
      );
    }
  }
  const bound: Record<string, DuckDBValue> = {};
  for (const [name, definition] of Object.entries(detector.parameters)) {
    const value = Object.hasOwn(overrides, name) ? overrides[name] : definition.default;
    bound[name] = bind(detector, name, definition, value);
  }
  return bound;
}

function bind(
  detector: Detector,
  name: string,
  definition: ParameterDefinition,
  value: unknown,
): DuckDBValue {
  switch (definition.type) {
    case 'number': {
      if (typeof value !== 'number' || Number.isNaN(value)) throw wrong(detector, name, 'must be a number');
      const { min = -Infinity, max = Infinity } = definition;
      if (value < min || value > max) throw wrong(detector, name, `must lie between ${min} and ${max}`);
      return value;
    }
    case 'duration': {
      const milliseconds = typeof value === 'string' ? parseDuration(value) : null;
      if (milliseconds === null) throw wrong(detector, name, 'must be a duration such as 10m');
      return new DuckDBIntervalValue(0, 0, BigInt(milliseconds) * 1000n);
    }
    case 'strings':
      if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
        throw wrong(detector, name, 'must be a list of texts');
      }
      return listValue(value as string[]);
    case 'string':
      if (typeof value !== 'string') throw wrong(detector, name, 'must be a text');
      return value;
  }
}

function wrong(detector: Detector, name: string, reason: string, known = ''): PgvigilError {
  return new PgvigilError(
    'CONFIG_INVALID',
    `detection.parameters.${detector.id}.${name}: ${reason}`,
    known === ''
      ? `See \`pgvigil detectors list\` and ${detector.file}.`
      : `Parameters of ${detector.id}: ${known}.`,
  );
}
