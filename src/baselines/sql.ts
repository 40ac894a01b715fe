/** SQL of the baselines, by file name in `queries/baselines`. */
import { readFileSync } from 'node:fs';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { packagePath } from '../paths.ts';
import type { Row } from '../store/store.ts';

/** Reads a file once, when the module that names it is loaded. @param name without `.sql` */
export function baselineSql(name: string): string {
  return readFileSync(packagePath(`queries/baselines/${name}.sql`), 'utf8');
}

/** Rows of one statement, bound with those of the values that it names. */
export async function rowsOf<T extends Row>(
  connection: DuckDBConnection,
  sql: string,
  values: Readonly<Record<string, DuckDBValue>> = {},
): Promise<T[]> {
  const prepared = await connection.prepare(sql);
  try {
    const bound: Record<string, DuckDBValue> = {};
    for (let index = 1; index <= prepared.parameterCount; index++) {
      const name = prepared.parameterName(index);
      bound[name] = values[name] as DuckDBValue;
    }
    prepared.bind(bound);
    return (await prepared.runAndReadAll()).getRowObjectsJS() as unknown as T[];
  } finally {
    prepared.destroySync();
  }
}
