/** What the translation asks DuckDB: the tree of a query, the columns of views, whether RE2 takes an expression. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../errors.ts';
import type { Known } from './relation.ts';
import { refusal } from './sigma-error.ts';

/** The views of the database that a connection has open, and DuckDB's aggregate functions. */
export async function readKnown(connection: DuckDBConnection): Promise<Known> {
  const columns = await connection.runAndReadAll(
    `SELECT table_name, column_name, data_type FROM duckdb_columns()
     WHERE schema_name = 'main' AND NOT internal AND database_name = current_database()`,
  );
  const views = new Map<string, Map<string, string>>();
  for (const [view, column, type] of columns.getRowsJS().map((row) => row.map(String))) {
    const known = views.get(view!) ?? new Map<string, string>();
    views.set(view!, known.set(column!, type!));
  }
  const functions = await connection.runAndReadAll(
    `SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type = 'aggregate'`,
  );
  return { views, aggregates: new Set(functions.getRowsJS().map((row) => String(row[0]))) };
}

/** A query as DuckDB's parser sees it, as JSON. */
export async function serialize(connection: DuckDBConnection, sql: string): Promise<string> {
  const reader = await connection.runAndReadAll(
    'SELECT json_serialize_sql($sql::VARCHAR, skip_null := false, skip_empty := false, skip_default := false)',
    { sql },
  );
  return String(reader.value(0, 0));
}

/** @throws PgvigilError DETECTOR_INVALID for an expression that RE2 refuses */
export async function checkExpressions(
  connection: DuckDBConnection,
  expressions: readonly string[],
): Promise<void> {
  for (const pattern of expressions) {
    try {
      await connection.runAndReadAll(`SELECT regexp_matches('', $pattern::VARCHAR)`, { pattern });
    } catch (error) {
      throw refusal(
        `the regular expression ${pattern} is not one of RE2: ${messageOf(error)}`,
        'RE2 has no look-around and no back references: https://github.com/google/re2/wiki/Syntax',
      );
    }
  }
}
