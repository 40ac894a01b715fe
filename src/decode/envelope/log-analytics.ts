/**
 * Rows of Log Analytics as records. Two layouts hold what a diagnostic setting sends: the table AzureDiagnostics, whose
 * columns have type suffixes, and one table per category, which has no category column (Azure Monitor table reference).
 */
import { columnName, type Fields, fieldName, isObject, readFields, textOf } from './fields.ts';
import { parseText } from './json.ts';

/** The category that a table of its own holds. */
const TABLE_CATEGORIES = [
  ['PGSQLServerLogs', 'PostgreSQLLogs'],
  ['PGSQLPgBouncer', 'PostgreSQLFlexPGBouncer'],
  ['PGSQLPgStatActivitySessions', 'PostgreSQLFlexSessions'],
  ['PGSQLQueryStoreRuntime', 'PostgreSQLFlexQueryStoreRuntime'],
  ['PGSQLQueryStoreWaits', 'PostgreSQLFlexQueryStoreWaitStats'],
  ['PGSQLQueryStoreQueryText', 'PostgreSQLQueryStoreSqlText'],
  ['PGSQLAutovacuumStats', 'PostgreSQLFlexTableStats'],
  ['PGSQLDbTransactionsStats', 'PostgreSQLFlexDatabaseXacts'],
] as const;

/** The tables whose rows are known: the one of all services first, which tells more of a record than the others. */
export const TABLES = ['AzureDiagnostics', ...TABLE_CATEGORIES.map(([table]) => table)] as const;

/** By the table's name in lower case. */
const CATEGORY_OF_TABLE: ReadonlyMap<string, string> = new Map(
  TABLE_CATEGORIES.map(([table, category]) => [table.toLowerCase(), category]),
);

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
    return { fields: withOverflow(readFields(row, columnName)), category };
  if (table !== null && table !== 'AzureMetrics') {
    const known = CATEGORY_OF_TABLE.get(table.toLowerCase()) ?? category ?? table;
    return { fields: withPrimary(fields, known), category: known };
  }
  return { fields, category: categoryOfColumns(fields) };
}

/**
 * AzureDiagnostics has at most 500 columns, those of all services; what comes after is an object in `AdditionalFields`, or
 * its JSON (Azure Monitor table reference). A column counts more than a field of the same name in there.
 */
function withOverflow(fields: Fields): Fields {
  const additional = fields.get('additionalfields');
  const overflow = typeof additional === 'string' ? parseText(additional) : additional;
  if (!isObject(overflow)) return fields;
  return new Map([...readFields(overflow, columnName), ...fields]);
}

/**
 * The tables have `ReplicaRole` ("Primary or Secondary"), but not `OriginalPrimaryServerName`, by which the hub tells a
 * standby: a secondary that is none of the named kinds of read replica logs under the name of its primary. PgBouncer says
 * no primary in the hub either.
 */
function withPrimary(fields: Fields, category: string): Fields {
  const role = textOf(fields, 'replicarole')?.toLowerCase();
  if (role !== 'secondary' || category === 'PostgreSQLFlexPGBouncer') return fields;
  const name = textOf(fields, 'logicalservername') ?? textOf(fields, 'resourceid')?.split('/').at(-1);
  if (name === undefined || fields.has('originalprimaryservername')) return fields;
  return new Map([...fields, ['originalprimaryservername', name]]);
}

function categoryOfColumns(fields: Fields): string | null {
  if (fields.has('metricname')) return 'metrics';
  if (fields.has('message') && fields.has('errorlevel')) return 'PostgreSQLLogs';
  if (fields.has('backendstarttime') && fields.has('processid')) return 'PostgreSQLFlexSessions';
  return null;
}
