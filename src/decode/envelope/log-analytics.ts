/**
 * Rows of Log Analytics as records. Two layouts hold what a diagnostic setting sends: the table AzureDiagnostics, whose
 * columns have type suffixes, and one table per category, which has no category column (Azure Monitor table reference).
 */
import { columnName, type Fields, fieldName, readFields, textOf } from './fields.ts';

/** The category that a table of its own holds, by the table's name in lower case. */
const CATEGORY_OF_TABLE: ReadonlyMap<string, string> = new Map([
  ['pgsqlserverlogs', 'PostgreSQLLogs'],
  ['pgsqlpgstatactivitysessions', 'PostgreSQLFlexSessions'],
  ['pgsqlquerystoreruntime', 'PostgreSQLFlexQueryStoreRuntime'],
  ['pgsqlquerystorewaits', 'PostgreSQLFlexQueryStoreWaitStats'],
  ['pgsqlautovacuumstats', 'PostgreSQLFlexTableStats'],
  ['pgsqldbtransactionsstats', 'PostgreSQLFlexDatabaseXacts'],
  ['pgsqlpgbouncer', 'PostgreSQLFlexPGBouncer'],
  ['pgsqlquerystorequerytext', 'PostgreSQLQueryStoreSqlText'],
]);

/** A row's fields, with the category under which Event Hubs has the same record; null when it is not such a row. */
export interface LogAnalyticsRow {
  fields: Fields;
  category: string | null;
}

/** Reads a row, told by its `TimeGenerated`; null for what is not one. `Type` may have been projected away. */
export function readRow(row: object): LogAnalyticsRow | null {
  const fields = readFields(row, fieldName);
  if (!fields.has('timegenerated')) return null;
  const table = textOf(fields, 'type');
  const category = textOf(fields, 'category');
  if (table === 'AzureDiagnostics' || (table === null && category !== null))
    return { fields: readFields(row, columnName), category };
  if (table !== null && table !== 'AzureMetrics')
    return { fields, category: CATEGORY_OF_TABLE.get(table.toLowerCase()) ?? category ?? table };
  return { fields, category: categoryOfColumns(fields) };
}

function categoryOfColumns(fields: Fields): string | null {
  if (fields.has('metricname')) return 'metrics';
  if (fields.has('message') && fields.has('errorlevel')) return 'PostgreSQLLogs';
  if (fields.has('backendstarttime') && fields.has('processid')) return 'PostgreSQLFlexSessions';
  return null;
}
