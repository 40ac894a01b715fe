/** Values for the named parameters of a query. */
import { PgvigilError } from '../errors.ts';
import { parameterNames } from './sql-tokens.ts';

/** DuckDB refuses a value for a parameter that the query does not have. */
export function usedParameters(
  sql: string,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = parameterNames(sql);
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name.toLowerCase())));
}

/**
 * @param how how a value is given, for `name` in place of it
 * @throws PgvigilError USAGE when the query has a parameter without a value
 */
export function requireParameters(
  sql: string,
  values: Readonly<Record<string, string>>,
  how: (name: string) => string,
): void {
  const given = new Set(Object.keys(values).map((name) => name.toLowerCase()));
  const missing = [...parameterNames(sql)].find((name) => !given.has(name));
  if (missing === undefined) return;
  throw new PgvigilError('USAGE', `the query needs a value for $${missing}`, how(missing));
}
