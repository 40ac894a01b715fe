/** Alerts as the public views show them, asked with queries of pgvigil's own. */
import { readFileSync } from 'node:fs';
import { PgvigilError } from '../errors.ts';
import { packagePath } from '../paths.ts';
import type { QueryRunner, Scalar } from '../query/query-runner.ts';
import type { Cell } from '../query/values.ts';

const SQL = {
  alerts: sqlOf('alerts'),
  evidence: sqlOf('alert-evidence'),
  history: sqlOf('alert-history'),
};

/** An alert with its evidence is never longer. */
const LIMITS = { limitRows: 1_000, limitBytes: 32 * 1024 * 1024, timeoutMs: 30_000 };

type Row = Record<string, Cell>;

export interface AlertFilter {
  /** One of these, with commas between. */
  statuses: string | null;
  severities: string | null;
  /** Id or name. */
  detector: string | null;
  server: string | null;
  /** UTC; with events since then. */
  since: string | null;
}

/** Those after one alert in the order of the list. */
export interface Place {
  time: string;
  id: string;
}

/** Newest first. @throws PgvigilError QUERY_FAILED, QUERY_BUSY */
export async function alertRows(
  runner: QueryRunner,
  filter: AlertFilter,
  after: Place | null,
  limit: number,
): Promise<Row[]> {
  const parameters = {
    ...filter,
    id: null,
    after_time: after?.time ?? null,
    after_id: after?.id ?? null,
    limit,
  };
  return collect(runner, SQL.alerts, parameters);
}

/** An alert with evidence and history. @throws PgvigilError NOT_FOUND, QUERY_FAILED, QUERY_BUSY */
export async function wholeAlert(runner: QueryRunner, id: string): Promise<Row> {
  const nothing = { statuses: null, severities: null, detector: null, server: null, since: null };
  const parameters = { ...nothing, id, after_time: null, after_id: null, limit: 1 };
  const [alert] = await collect(runner, SQL.alerts, parameters);
  if (alert === undefined)
    throw new PgvigilError('NOT_FOUND', `there is no alert ${id}`, 'GET /api/v1/alerts lists them.');
  const evidence = await collect(runner, SQL.evidence, { id });
  const history = await collect(runner, SQL.history, { id });
  return { ...alert, evidence, history };
}

async function collect(
  runner: QueryRunner,
  sql: string,
  parameters: Readonly<Record<string, Scalar>>,
): Promise<Row[]> {
  const { columns, rows } = await runner.run({ sql, parameters, ...LIMITS });
  const found: Row[] = [];
  for await (const row of rows) {
    found.push(Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])));
  }
  return found;
}

function sqlOf(name: string): string {
  return readFileSync(packagePath(`queries/server/${name}.sql`), 'utf8');
}
