/** Puts messages of the outbox together into digests: those whose time has come, and those that are too many. */
import { listValue } from '@duckdb/node-api';
import type { Severity } from '../model/severity.ts';
import { timestamp } from '../store/rows.ts';
import { storeSql } from '../store/sql.ts';
import type { Row, Store, Transaction } from '../store/store.ts';
import { type DigestedAlert, digestId, digestMessage } from './digest.ts';
import type { DigestReason } from './message.ts';
import { enqueue } from './outbox.ts';

const DIGEST_ALERTS = storeSql('digest-alerts');
const OVERFLOW = storeSql('overflow');

/** An overflow is shed down to this share, so that a digest stands for many messages and not for one. */
const KEPT_SHARE = 0.9;

/** What became of gathered messages. */
export interface Gathered {
  reason: DigestReason;
  messages: number;
}

/** Releases gathered messages of a channel whose time has come: one as it is, several as a digest. */
export async function releaseGathered(store: Store, channel: string, now: number): Promise<Gathered[]> {
  const waiting = `SELECT delivery_id, gathered_for FROM store.outbox
    WHERE channel = $channel AND state = 'gathered' AND next_attempt_at <= $now`;
  const values = { channel, now: timestamp(now) };
  if ((await store.rows(`${waiting} LIMIT 1`, values)).length === 0) return [];
  return store.transaction(async (transaction) => {
    const rows = await transaction.rows<{ delivery_id: string; gathered_for: DigestReason }>(waiting, values);
    const released: Gathered[] = [];
    for (const reason of new Set(rows.map((row) => row.gathered_for))) {
      const ids = rows.filter((row) => row.gathered_for === reason).map((row) => row.delivery_id);
      if (ids.length === 1) await sendAlone(transaction, ids, now);
      else await gather(transaction, channel, ids, reason, now);
      released.push({ reason, messages: ids.length });
    }
    return released;
  });
}

/** Makes a digest of what waits beyond `most` messages. Critical messages stay as they are, whatever it takes. */
export async function shedOverflow(
  store: Store,
  channel: string,
  most: number,
  now: number,
): Promise<Gathered | null> {
  const [count] = await store.rows<{ pending: bigint }>(
    `SELECT count(*) AS pending FROM store.outbox WHERE channel = $channel AND state = 'pending'`,
    { channel },
  );
  if (Number(count?.pending ?? 0n) <= most) return null;
  return store.transaction(async (transaction) => {
    const keep = BigInt(Math.floor(most * KEPT_SHARE));
    const rows = await transaction.rows<{ delivery_id: string }>(OVERFLOW, { channel, keep });
    if (rows.length < 2) return null;
    await gather(
      transaction,
      channel,
      rows.map((row) => row.delivery_id),
      'overflow',
      now,
    );
    return { reason: 'overflow', messages: rows.length };
  });
}

async function sendAlone(transaction: Transaction, ids: readonly string[], now: number): Promise<void> {
  await transaction.run(
    `UPDATE store.outbox SET state = 'pending', next_attempt_at = $now WHERE delivery_id IN (SELECT unnest($ids::VARCHAR[]))`,
    { ids: listValue([...ids]), now: timestamp(now) },
  );
}

interface AlertRow extends Row {
  alert_id: string;
  messages: bigint;
  first_at: Date;
  last_at: Date;
  severity: Severity;
  detector: string;
  title: string;
  server: string;
  summary: string;
  events: bigint;
}

async function gather(
  transaction: Transaction,
  channel: string,
  ids: readonly string[],
  reason: DigestReason,
  now: number,
): Promise<void> {
  const rows = await transaction.rows<AlertRow>(DIGEST_ALERTS, { ids: listValue([...ids]) });
  const alerts = rows.map(digestedAlert);
  const id = digestId(ids);
  const message = digestMessage(id, alerts, reason, now);
  const severity = message.data.by_severity[0]?.severity ?? 'info';
  await enqueue(transaction, { id, severity, sequence: 1 }, message, [{ channel, release: null }], now);
  await transaction.run(
    `UPDATE store.outbox SET state = 'digested', digest_id = $digest, finished_at = $now
     WHERE delivery_id IN (SELECT unnest($ids::VARCHAR[]))`,
    { ids: listValue([...ids]), digest: id, now: timestamp(now) },
  );
}

function digestedAlert(row: AlertRow): DigestedAlert {
  return {
    id: row.alert_id,
    severity: row.severity,
    detector: row.detector,
    title: row.title,
    server: row.server,
    summary: row.summary,
    count: Number(row.events),
    messages: Number(row.messages),
    firstAt: row.first_at.getTime(),
    lastAt: row.last_at.getTime(),
  };
}
