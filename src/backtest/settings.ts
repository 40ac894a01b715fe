/** Parameters of a detector from the command line. Pure. */
import type { DuckDBValue } from '@duckdb/node-api';
import type { Detector } from '../detect/detector.ts';
import type { ParameterDefinition } from '../detect/front-matter.ts';
import { bindParameters } from '../detect/parameters.ts';
import { PgvigilError } from '../errors.ts';

/** Values that a backtest runs with, and what of them was not the default of the file. */
export interface Settings {
  values: Record<string, DuckDBValue>;
  changed: Record<string, unknown>;
}

/**
 * @param configured parameters of the detector in the configuration
 * @param given `name=value`; of a list `name=a,b` or `name=["a","b"]`, and nothing behind the sign for an empty one
 * @throws PgvigilError USAGE for what was given, CONFIG_INVALID for what is configured
 */
export function settingsOf(
  detector: Detector,
  configured: Readonly<Record<string, unknown>>,
  given: readonly string[],
): Settings {
  bindParameters(detector, configured);
  const changed: Record<string, unknown> = { ...configured };
  for (const text of given) {
    const [, name = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(text) ?? [];
    const definition = Object.hasOwn(detector.parameters, name) ? detector.parameters[name] : undefined;
    if (definition === undefined) {
      const known = Object.keys(detector.parameters);
      throw new PgvigilError(
        'USAGE',
        name === ''
          ? `--set ${text}: there is no name=value`
          : `--set ${text}: ${detector.id} has no such parameter`,
        known.length === 0
          ? `${detector.id} has none at all.`
          : `Parameters of ${detector.id}: ${known.join(', ')}.`,
      );
    }
    changed[name] = readValue(definition, value);
    try {
      bindParameters(detector, { [name]: changed[name] });
    } catch (error) {
      if (!(error instanceof PgvigilError)) throw error;
      const reason = error.message.replace(`detection.parameters.${detector.id}.${name}: `, '');
      throw new PgvigilError('USAGE', `--set ${text}: ${reason}`, `${name}: ${definition.help}`, error);
    }
  }
  return { values: bindParameters(detector, changed), changed };
}

function readValue({ type }: ParameterDefinition, text: string): unknown {
  if (type === 'number') return text.trim() === '' ? Number.NaN : Number(text);
  if (type !== 'strings') return text;
  if (text.startsWith('[')) {
    try {
      return JSON.parse(text);
    } catch {
      return null;
    }
  }
  return text === '' ? [] : text.split(',').map((item) => item.trim());
}
