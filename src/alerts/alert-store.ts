/** Alerts and their evidence in the store. */
import { listValue } from '@duckdb/node-api';
import type { Alert } from '../model/alert.ts';
import type { Evidence } from '../model/evidence.ts';
import type { Severity } from '../model/severity.ts';
import { timestamp } from '../store/rows.ts';
import type { Row, Transaction } from '../store/store.ts';
import type { AlertChange, Lane } from './lifecycle.ts';

/** Columns of store.alerts, in the order of `queries/schema`. */
export interface AlertRow extends Row {
  alert_id: string;
  detector: string;
  detector_name: string;
  title: string;
  severity: Severity;
  status: Alert['status'];
  server: string;
  entity: string;
  summary: string;
  user_name: string | null;
  client: string | null;
  database_name: string | null;
  application: string | null;
  first_seen: Date;
  last_seen: Date;
  evidence_count: bigint;
  sessions: string[];
  observed: number | null;
  threshold: number | null;
  created_at: Date;
  updated_at: Date;
  tactic: string | null;
  risk: number | null;
  cap_hour: Date | null;
  allowed_by: string[] | null;
  baseline: number | null;
}

/** An alert as the rest of the program knows it. */
export function alertFromRow(row: AlertRow): Alert {
  return {
    alertId: row.alert_id,
    detector: row.detector,
    detectorName: row.detector_name,
    title: row.title,
    severity: row.severity,
    status: row.status,
    server: row.server,
    entity: row.entity,
    summary: row.summary,
    user: row.user_name,
    client: row.client,
    database: row.database_name,
    application: row.application,
    firstSeen: row.first_seen.getTime(),
    lastSeen: row.last_seen.getTime(),
    count: Number(row.evidence_count),
    sessions: [...row.sessions],
    observed: row.observed,
    threshold: row.threshold,
    baseline: row.baseline,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
    tactic: row.tactic,
    risk: row.risk,
    capHour: row.cap_hour?.getTime() ?? null,
    allowedBy: [...(row.allowed_by ?? [])],
  };
}

/** Of `evidence`, the rows that are not yet evidence of this detector for their entity. */
export async function unknownEvidence(
  transaction: Transaction,
  detector: string,
  evidence: readonly Evidence[],
): Promise<Evidence[]> {
  const key = (row: { recordId: bigint; server: string; entity: string }) =>
    JSON.stringify([row.server, row.entity, String(row.recordId)]);
  const fresh = new Map(evidence.map((row) => [key(row), row]));
  if (fresh.size === 0) return [];
  // Not Math.min(...): a flood of evidence is more than a call takes arguments.
  const from = evidence.reduce((first, row) => Math.min(first, row.eventTime), Number.POSITIVE_INFINITY);
  const stored = await transaction.rows<{ server: string; entity: string; record_id: bigint }>(
    'SELECT server, entity, record_id FROM store.evidence WHERE detector = $detector AND event_time >= $from',
    { detector, from: timestamp(from) },
  );
  for (const row of stored)
    fresh.delete(key({ recordId: row.record_id, server: row.server, entity: row.entity }));
  return [...fresh.values()];
}

/** Alerts of a detector in one lane that are recent enough to take evidence of `from` and later. */
export async function recentAlerts(
  transaction: Transaction,
  detector: string,
  lane: Lane,
  from: number,
): Promise<Alert[]> {
  const rows = await transaction.rows<AlertRow>(
    `SELECT * FROM store.alerts
     WHERE detector = $detector AND last_seen >= $from
       AND CASE WHEN status IN ('shadow', 'allowed', 'suppressed') THEN status ELSE 'open' END = $lane
     ORDER BY first_seen`,
    { detector, lane, from: timestamp(from) },
  );
  return rows.map(alertFromRow);
}

/** Writes changed alerts and their new evidence. */
export async function saveChanges(transaction: Transaction, changes: readonly AlertChange[]): Promise<void> {
  if (changes.length === 0) return;
  await transaction.run('DELETE FROM store.alerts WHERE alert_id IN (SELECT unnest($ids))', {
    ids: listValue(changes.map(({ alert }) => alert.alertId)),
  });
  await transaction.append(
    'alerts',
    changes.map(({ alert }) => [
      alert.alertId,
      alert.detector,
      alert.detectorName,
      alert.title,
      alert.severity,
      alert.status,
      alert.server,
      alert.entity,
      alert.summary,
      alert.user,
      alert.client,
      alert.database,
      alert.application,
      timestamp(alert.firstSeen),
      timestamp(alert.lastSeen),
      BigInt(alert.count),
      listValue(alert.sessions),
      alert.observed,
      alert.threshold,
      timestamp(alert.createdAt),
      timestamp(alert.updatedAt),
      alert.tactic,
      alert.risk,
      alert.capHour === null ? null : timestamp(alert.capHour),
      listValue(alert.allowedBy),
      alert.baseline,
    ]),
  );
  await transaction.append(
    'evidence',
    changes.flatMap(({ alert, added }) =>
      added.map((row) => [
        alert.alertId,
        alert.detector,
        row.server,
        row.entity,
        row.recordId,
        timestamp(row.eventTime),
        row.sessionId,
        row.user,
        row.client,
        row.summary,
        row.statementHash,
      ]),
    ),
  );
}
