/**
 * The questions that Log Analytics is asked, from the texts in `queries/kql/`. The service takes no parameters
 * (Azure Monitor, "Query API"), so what is put into a text is a constant, a time, or a name that has been checked.
 */
import { readFileSync } from 'node:fs';
import { TABLES } from '../../decode/envelope/log-analytics.ts';
import { PgvigilError } from '../../errors.ts';
import { packagePath } from '../../paths.ts';
import { iso, type Span } from './span.ts';

/** Beside AzureDiagnostics, one table per category. */
export type TableName = (typeof TABLES)[number];

const ROWS = kqlFile('rows');
const HOURS = kqlFile('hours');
const SURVEY = kqlFile('survey');

/** A name of Flexible Server (Azure, "Naming rules": 3 to 63 of these): nothing in it means anything to KQL. */
const SERVER_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** A text without its comments: it becomes a part of others. */
function kqlFile(name: string): string {
  const text = readFileSync(packagePath(`queries/kql/${name}.kql`), 'utf8');
  return text.replace(/^\/\/.*\n/gm, '').trim();
}

/**
 * The names of servers as they may stand in a question: lower case, sorted, each once.
 *
 * @throws PgvigilError CONFIG_INVALID for what is no server's name
 */
export function checkedServers(names: readonly string[]): string[] {
  const servers = [...new Set(names.map((name) => name.toLowerCase()))].sort();
  const wrong = servers.find((name) => !SERVER_NAME.test(name));
  if (wrong === undefined) return servers;
  throw new PgvigilError(
    'CONFIG_INVALID',
    `${JSON.stringify(wrong.slice(0, 80))} is no name of a server`,
    'Give the name as the portal shows it: 3 to 63 lower-case letters, digits and hyphens, without the domain.',
  );
}

/**
 * Tables in the order in which they are read: where both hold a record, the one that tells its time more precisely first.
 *
 * @throws PgvigilError CONFIG_INVALID for a table that holds no records of PostgreSQL
 */
export function checkedTables(names: readonly string[]): TableName[] {
  const wrong = names.find((name) => !(TABLES as readonly string[]).includes(name));
  if (wrong === undefined) return TABLES.filter((table) => names.includes(table));
  throw new PgvigilError(
    'CONFIG_INVALID',
    `${JSON.stringify(wrong.slice(0, 80))} is no table that holds logs of Azure Database for PostgreSQL`,
    `Name one or more of ${TABLES.join(', ')}.`,
  );
}

/** Rows of a table in a slice: `TimeGenerated`, and the row as JSON. @param servers checked; empty for all */
export function rowsQuery(table: TableName, span: Span, servers: readonly string[]): string {
  return filled(ROWS, table, span, servers);
}

/** Rows and bytes per table and hour; a table that does not exist has none. */
export function surveyQuery(tables: readonly TableName[], span: Span, servers: readonly string[]): string {
  const legs = tables.map((table) => `(${filled(HOURS, table, span, servers)})`).join(',\n');
  return SURVEY.replace('$legs', () => legs);
}

/** Rows and bytes per hour of a single table; refused by the service when the table does not exist. */
export function hoursQuery(table: TableName, span: Span, servers: readonly string[]): string {
  return filled(HOURS, table, span, servers);
}

function filled(text: string, table: TableName, { start, end }: Span, servers: readonly string[]): string {
  const values: Record<string, string> = {
    table,
    start: iso(start),
    end: iso(end),
    rows: conditionOf(table, servers),
  };
  return text.replace(/\$([a-z]+)/g, (_, name: string) => values[name]!);
}

/** Which rows of a table are meant. AzureDiagnostics is shared by all services. */
function conditionOf(table: TableName, servers: readonly string[]): string {
  const ofService = table === 'AzureDiagnostics' ? ["ResourceProvider =~ 'MICROSOFT.DBFORPOSTGRESQL'"] : [];
  // Every table has this column, in lower case; a name that is longer ends otherwise.
  const ofServers = servers.map((name) => `_ResourceId endswith '/${name}'`).join(' or ');
  return [...ofService, ...(ofServers === '' ? [] : [`(${ofServers})`])].join(' and ') || 'true';
}
