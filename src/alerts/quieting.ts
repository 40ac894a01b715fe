/**
 * Closes alerts to which nothing more can come. Later evidence about the same opens a new alert, so there is never more than
 * one open alert for a detector, server and entity.
 */
import { listValue } from '@duckdb/node-api';
import type { Alert } from '../model/alert.ts';
import { timestamp } from '../store/rows.ts';
import { storeSql } from '../store/sql.ts';
import type { Transaction } from '../store/store.ts';
import { type AlertRow, alertFromRow, saveChanges } from './alert-store.ts';

const QUIET_ALERTS = storeSql('quiet-alerts');

/**
 * @param quiet milliseconds without evidence, by detector
 * @param until event time up to which the detectors have looked
 * @returns the alerts that are closed now
 */
export async function closeQuiet(
  transaction: Transaction,
  quiet: ReadonlyMap<string, number>,
  until: number,
  now: number,
): Promise<Alert[]> {
  const rows = await quietAlerts(transaction, quiet, until);
  const closed = rows.map((row) => ({ ...alertFromRow(row), status: 'closed' as const, updatedAt: now }));
  await saveChanges(
    transaction,
    closed.map((alert) => ({ alert, added: [], change: 'grown' as const, before: null })),
  );
  return closed;
}

/** Those that `closeQuiet` would close. */
export async function quietAlerts(
  reads: Pick<Transaction, 'rows'>,
  quiet: ReadonlyMap<string, number>,
  until: number,
): Promise<AlertRow[]> {
  return reads.rows<AlertRow>(QUIET_ALERTS, {
    detectors: listValue([...quiet.keys()]),
    quiet: listValue([...quiet.values()].map(BigInt)),
    until: timestamp(until),
  });
}
