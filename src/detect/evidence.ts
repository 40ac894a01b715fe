/** Runs a detector's SELECT and reads its rows as evidence. */
import type {
  DuckDBConnection,
  DuckDBPreparedStatement,
  DuckDBResultReader,
  DuckDBValue,
} from '@duckdb/node-api';
import { messageOf, PgvigilError } from '../errors.ts';
import type { Evidence } from '../model/evidence.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import { timestamp } from '../store/rows.ts';
import type { Detector } from './detector.ts';
import { fillPlaceholders } from './placeholders.ts';

/** Columns that every detector returns; the optional ones may be left out. */
const REQUIRED = [
  'record_id',
  'event_time',
  'server',
  'entity',
  'session_id',
  'user_name',
  'client',
  'summary',
];
const OPTIONAL = [
  'database_name',
  'application',
  'severity',
  'statement_hash',
  'observed',
  'threshold',
  'baseline',
];

interface EvidenceRow {
  record_id: bigint;
  event_time: Date;
  server: string;
  entity: string;
  session_id: string | null;
  user_name: string | null;
  client: string | null;
  summary: string;
  database_name?: string | null;
  application?: string | null;
  severity?: string | null;
  statement_hash?: string | null;
  observed?: number | bigint | null;
  threshold?: number | bigint | null;
  baseline?: number | bigint | null;
}

/**
 * Runs the SELECT over no time at all and checks its columns.
 *
 * @throws PgvigilError DETECTOR_INVALID
 */
export async function checkDetector(
  connection: DuckDBConnection,
  detector: Detector,
  values: Readonly<Record<string, DuckDBValue>>,
): Promise<void> {
  const never = { since: timestamp(0), until: timestamp(0) };
  const columns = (await execute(connection, detector, { ...values, ...never })).columnNames();
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  const unknown = columns.filter((name) => !REQUIRED.includes(name) && !OPTIONAL.includes(name));
  if (missing.length === 0 && unknown.length === 0) return;
  throw invalid(
    detector,
    missing.length > 0 ? `columns missing: ${missing.join(', ')}` : `unknown columns: ${unknown.join(', ')}`,
    `A detector returns ${REQUIRED.join(', ')} and, if it likes, ${OPTIONAL.join(', ')}.`,
  );
}

/** Runs the SELECT between `since` and `until` (both among the values) and reads its rows. */
export async function collectEvidence(
  connection: DuckDBConnection,
  detector: Detector,
  values: Readonly<Record<string, DuckDBValue>>,
): Promise<Evidence[]> {
  const reader = await execute(connection, detector, values);
  return (reader.getRowObjectsJS() as unknown as EvidenceRow[]).map(toEvidence);
}

async function execute(
  connection: DuckDBConnection,
  detector: Detector,
  values: Readonly<Record<string, DuckDBValue>>,
): Promise<DuckDBResultReader> {
  let prepared: DuckDBPreparedStatement | undefined;
  try {
    // Prepared all the same: that takes one statement, and no more. The plan is used at once and never again, since it leaves
    // out what the statistics of its moment say is not there.
    prepared = await connection.prepare(fillPlaceholders(detector.sql, values));
    return await prepared.runAndReadAll();
  } catch (error) {
    throw invalid(
      detector,
      messageOf(error),
      'Try the SELECT with `pgvigil query`; `pgvigil query "SHOW TABLES"` lists the views.',
      error,
    );
  } finally {
    prepared?.destroySync();
  }
}

function invalid(detector: Detector, reason: string, hint: string, cause?: unknown): PgvigilError {
  return new PgvigilError('DETECTOR_INVALID', `${detector.file}: ${reason}`, hint, cause);
}

function toEvidence(row: EvidenceRow): Evidence {
  return {
    recordId: row.record_id,
    server: row.server,
    entity: row.entity,
    eventTime: row.event_time.getTime(),
    sessionId: row.session_id,
    user: row.user_name,
    client: row.client,
    database: row.database_name ?? null,
    application: row.application ?? null,
    severity: isSeverity(row.severity) ? row.severity : null,
    summary: row.summary,
    statementHash: row.statement_hash ?? null,
    observed: numberOrNull(row.observed),
    threshold: numberOrNull(row.threshold),
    baseline: numberOrNull(row.baseline),
  };
}

function isSeverity(value: unknown): value is Severity {
  return SEVERITIES.includes(value as Severity);
}

function numberOrNull(value: number | bigint | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
