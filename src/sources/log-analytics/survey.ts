/** How much there is to read: one cheap question about all tables and hours. */
import type { LogsTable } from '@azure/monitor-query-logs';
import { PgvigilError } from '../../errors.ts';
import type { LogsClient } from './client.ts';
import { Histogram } from './histogram.ts';
import { hoursQuery, surveyQuery, type TableName } from './kql.ts';
import { HOUR_MS, type Span } from './span.ts';

/** Rows and bytes per hour of each table that has any. */
export type Survey = ReadonlyMap<string, Histogram>;

/** @throws PgvigilError SOURCE_REFUSED as the client does, or when even an hour cannot be counted */
export async function surveyOf(
  client: LogsClient,
  tables: readonly TableName[],
  span: Span,
  servers: readonly string[],
): Promise<Survey> {
  const survey = new Map<string, Histogram>();
  const answer = await client.ask(surveyQuery(tables, span, servers), span, false);
  if (answer.kind === 'rows') take(survey, answer.rows);
  // A workspace may call an answer partial because tables are missing, which looks as if rows were: they are counted apart.
  else for (const table of tables) await count(survey, client, table, span, servers);
  return survey;
}

/** Counts a table for itself, over ever shorter spans where the service does not manage. */
async function count(
  survey: Map<string, Histogram>,
  client: LogsClient,
  table: TableName,
  span: Span,
  servers: readonly string[],
): Promise<void> {
  const middle = hourBetween(span);
  const answer = await client.ask(hoursQuery(table, span, servers), span, middle === null);
  if (answer.kind === 'rows') take(survey, answer.rows);
  if (answer.kind !== 'too-much') return;
  if (middle === null)
    throw new PgvigilError(
      'SOURCE_REFUSED',
      `Log Analytics cannot count an hour of ${table}: ${answer.reason}`,
      'Run this again; if it stays, read fewer tables at once.',
    );
  await count(survey, client, table, { start: span.start, end: middle }, servers);
  await count(survey, client, table, { start: middle, end: span.end }, servers);
}

/** The full hour in the middle of a span; null when there is none in it. */
function hourBetween({ start, end }: Span): number | null {
  const middle = Math.ceil((start + end) / 2 / HOUR_MS) * HOUR_MS;
  return middle > start && middle < end ? middle : null;
}

function take(survey: Map<string, Histogram>, rows: LogsTable['rows']): void {
  for (const [table, hour, count, bytes] of rows) {
    if (!(hour instanceof Date)) continue;
    const histogram = survey.get(String(table)) ?? new Histogram();
    histogram.add(hour.getTime(), { rows: Number(count), bytes: Number(bytes) });
    survey.set(String(table), histogram);
  }
}
