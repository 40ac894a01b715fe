/** The finding that alerts are being held back: one for each server and hour, in place of silence. */
import { createHash } from 'node:crypto';
import type { Alert } from '../model/alert.ts';
import { timestamp } from '../store/rows.ts';
import { storeSql } from '../store/sql.ts';
import type { Row, Transaction } from '../store/store.ts';
import { type AlertRow, alertFromRow, saveChanges } from './alert-store.ts';
import { FLOOD } from './engine-findings.ts';
import type { HeldHour } from './holding.ts';
import { type AlertChange, howItChanged } from './lifecycle.ts';

/** Detectors named in the sentence; the query shows the rest. */
const NAMED = 5;

const HELD_COUNTS = storeSql('held-counts');

interface HeldRow extends Row {
  detector: string;
  held: bigint;
  first_seen: Date;
  last_seen: Date;
}

/** Writes the flood of each hour anew, after the held alerts are saved. */
export async function saveFloods(
  transaction: Transaction,
  hours: readonly HeldHour[],
  now: number,
): Promise<AlertChange[]> {
  const changes: AlertChange[] = [];
  for (const { server, hour } of hours) {
    const held = await transaction.rows<HeldRow>(HELD_COUNTS, { server, hour: timestamp(hour) });
    const [row] = await transaction.rows<AlertRow>('SELECT * FROM store.alerts WHERE alert_id = $id', {
      id: floodId(server, hour),
    });
    const before = row === undefined ? undefined : alertFromRow(row);
    const alert = floodAlert(server, hour, held, before, now);
    changes.push({ alert, added: [], change: howItChanged(before, alert), before: before ?? null });
  }
  await saveChanges(transaction, changes);
  return changes;
}

function floodAlert(
  server: string,
  hour: number,
  held: readonly HeldRow[],
  before: Alert | undefined,
  now: number,
): Alert {
  const total = held.reduce((sum, row) => sum + Number(row.held), 0);
  const times = held.flatMap((row) => [row.first_seen.getTime(), row.last_seen.getTime()]);
  const named = held.slice(0, NAMED).map((row) => `${row.detector} ${row.held}`);
  const more = held.length > NAMED ? ', …' : '';
  const stamp = new Date(hour).toISOString().slice(0, 16).replace('T', ' ');
  return {
    alertId: floodId(server, hour),
    detector: FLOOD.id,
    detectorName: FLOOD.name,
    title: FLOOD.title,
    severity: 'high',
    // More is held than somebody has seen.
    status:
      before === undefined || (before.status === 'closed' && total > before.count) ? 'open' : before.status,
    server,
    entity: `hour from ${stamp} UTC`,
    summary:
      `${total} alerts of ${server} in the hour from ${stamp} UTC are held back and were sent to nobody ` +
      `(${named.join(', ')}${more}); they are in the view alerts with status held`,
    user: null,
    client: null,
    database: null,
    application: null,
    firstSeen: times.reduce((first, time) => Math.min(first, time), before?.firstSeen ?? hour + 3_599_999),
    lastSeen: times.reduce((last, time) => Math.max(last, time), before?.lastSeen ?? hour),
    count: total,
    sessions: [],
    observed: total,
    threshold: null,
    baseline: null,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    tactic: null,
    risk: null,
    capHour: null,
    allowedBy: [],
  };
}

function floodId(server: string, hour: number): string {
  const key = JSON.stringify([FLOOD.id, server, hour]);
  return `al_${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;
}
