/**
 * Fields of Sigma rules as columns of the views. Rules for PostgreSQL in the wild name fields after pgaudit, after the csvlog
 * and jsonlog of the server, after Elastic's common schema or after Azure's log table.
 */
import type { EventView } from './logsource.ts';

/** Column that a field means; a column's own name needs no entry. In lower case: rules differ in that. */
const COLUMNS: Record<string, Readonly<Partial<Record<EventView, string>>>> = {};

function alias(fields: readonly string[], column: string, views: readonly EventView[]): void {
  for (const field of fields) {
    COLUMNS[field] = { ...COLUMNS[field], ...Object.fromEntries(views.map((view) => [view, column])) };
  }
}

const ALL: readonly EventView[] = ['activity', 'sign_ins', 'records'];

alias(['user', 'username', 'usename', 'db_user', 'dbuser', 'user.name', 'db.user'], 'user_name', ALL);
alias(['database', 'dbname', 'datname', 'db.name', 'postgresql.log.database'], 'database_name', ALL);
alias(
  [
    'client_addr',
    'client_ip',
    'src_ip',
    'source.ip',
    'remote_host',
    'connection_from',
    'postgresql.log.client_addr',
  ],
  'client',
  ALL,
);
alias(['application_name', 'app_name', 'postgresql.log.application_name'], 'application', ALL);
alias(['logicalservername', 'logicalservername_s', 'host.name'], 'server', ALL);
alias(
  ['sql_state_code', 'state_code', 'sqlerrcode', 'error_code', 'postgresql.log.sql_state_code'],
  'sqlstate',
  ALL,
);
alias(['postgresql.log.session_id'], 'session_id', ALL);
alias(['statement', 'query', 'sql', 'db.statement', 'db.query.text', 'postgresql.log.query'], 'sql_text', [
  'activity',
]);
alias(['command_tag', 'postgresql.log.command_tag'], 'command', ['activity']);
alias(['audit_class', 'statement_class'], 'class', ['activity']);
alias(['parameter', 'postgresql.log.query_params'], 'parameters', ['activity']);
alias(['rows'], 'row_count', ['activity']);
alias(['error_severity', 'errorlevel', 'errorlevel_s', 'log.level'], 'level', ['records']);
alias(['backendtype', 'backendtype_s', 'postgresql.log.backend_type'], 'backend_type', ['records']);
alias(['process_id', 'processid'], 'pid', ['records']);

/** Name of the column that a field means in a view; undefined for an unknown field. */
export function columnOf(
  field: string,
  view: EventView,
  columns: ReadonlyMap<string, string>,
): string | undefined {
  const name = field.toLowerCase();
  const meant = Object.hasOwn(COLUMNS, name) ? COLUMNS[name]?.[view] : undefined;
  if (columns.has(name)) return name;
  return meant !== undefined && columns.has(meant) ? meant : undefined;
}

/** Columns that a search for keywords looks at, none where a view has no text of that kind. */
export const KEYWORD_COLUMNS: Readonly<Record<EventView, readonly string[]>> = {
  activity: ['message', 'sql_text'],
  sign_ins: [],
  records: ['message', 'detail'],
};
