/** What a query will need and give, without running it. */
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { messageOf, PgvigilError } from '../errors.ts';
import type { Description } from './query-runner.ts';
import type { Column } from './result.ts';

/**
 * Where the type of a column depends on a parameter that could be of several, no columns are given.
 *
 * @param sql already vetted
 * @throws PgvigilError QUERY_FAILED
 */
export async function describe(connection: DuckDBConnection, sql: string): Promise<Description> {
  let statement: DuckDBPreparedStatement;
  try {
    statement = await connection.prepare(sql);
  } catch (error) {
    throw new PgvigilError('QUERY_FAILED', messageOf(error), '`SHOW TABLES` shows all views.', error);
  }
  try {
    const parameters = Array.from({ length: statement.parameterCount }, (_, index) => ({
      name: statement.parameterName(index + 1),
      type: typeOf(() => statement.parameterType(index + 1)),
    }));
    const columns = Array.from({ length: statement.columnCount }, (_, index) => ({
      name: statement.columnName(index),
      type: typeOf(() => statement.columnType(index)),
    }));
    return { parameters, columns: columns.every(isTyped) ? columns : [] };
  } finally {
    statement.destroySync();
  }
}

/** DuckDB says by an error that a type is open. */
function typeOf(read: () => object): string | null {
  try {
    return String(read());
  } catch {
    return null;
  }
}

function isTyped(column: { name: string; type: string | null }): column is Column {
  return column.type !== null;
}
