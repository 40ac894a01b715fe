/**
 * Messages on their way out. A row is written in the transaction that changes the alert, and is never dropped: it stays until
 * a receiver took it, refused it, the schedule of attempts ended, or it went out as a part of a digest.
 */
import { createHash } from 'node:crypto';
import type { Severity } from '../model/severity.ts';
import { timestamp } from '../store/rows.ts';
import { storeSql } from '../store/sql.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { Message } from './message.ts';
import type { Release } from './timing.ts';

/** Rows that one read of the outbox brings into memory, at most 20 kB each. */
export const MAX_DUE_ROWS = 100;

const DUE = storeSql('due-deliveries');

/** A message for one channel. */
export interface Delivery {
  deliveryId: string;
  /** Id of the alert, or of the digest. */
  alertId: string;
  channel: string;
  webhookId: string;
  body: string;
  /** Attempts so far. */
  attempts: number;
  /** Of these, before the message was put back by hand. */
  earlierAttempts: number;
}

/** What a message is about. */
export interface Subject {
  /** Id of the alert, or of the digest. */
  id: string;
  severity: Severity;
  /** Counts the steps of one alert. */
  sequence: number;
}

export interface Recipient {
  channel: string;
  /** Null: at once. */
  release: Release | null;
}

/**
 * Puts a message into the outbox, once for each channel. Ids follow from what they name: the same step of an alert, stored
 * again, gives the same ids and no second row.
 */
export async function enqueue(
  transaction: Transaction,
  { id, severity, sequence }: Subject,
  message: Message,
  recipients: readonly Recipient[],
  now: number,
): Promise<void> {
  const body = JSON.stringify(message);
  const stored = await transaction.rows<{ delivery_id: string }>(
    'SELECT delivery_id FROM store.outbox WHERE alert_id = $id',
    { id },
  );
  const known = new Set(stored.map((row) => row.delivery_id));
  const rows = recipients.flatMap(({ channel, release }) => {
    const key = JSON.stringify([id, channel, message.type, sequence]);
    const digest = createHash('sha256').update(key).digest('hex').slice(0, 32);
    const deliveryId = `dlv_${digest}`;
    if (known.has(deliveryId)) return [];
    const state = release === null ? 'pending' : 'gathered';
    const next = timestamp(release?.at ?? now);
    const what = [deliveryId, id, channel, `msg_${digest}`, body];
    return [[...what, state, 0, next, timestamp(now), null, severity, release?.reason ?? null, null, 0]];
  });
  await transaction.append('outbox', rows);
}

/**
 * Messages of a channel whose time has come, oldest first, at most `limit` and never more than 100. Of each alert only the
 * oldest that is pending: what came after it waits for its turn.
 */
export async function due(store: Store, channel: string, now: number, limit: number): Promise<Delivery[]> {
  return store.rows<Delivery & Record<string, unknown>>(DUE, {
    channel,
    now: timestamp(now),
    limit: BigInt(Math.min(limit, MAX_DUE_ROWS)),
  });
}

/** How much waits for a channel. */
export interface ChannelDepth {
  channel: string;
  pending: number;
  /** When the oldest pending message was put in, milliseconds. */
  oldest: number;
}

/** What waits, by channel, also for channels that are no longer configured. Channels without any are left out. */
export async function depth(store: Pick<Store, 'rows'>): Promise<ChannelDepth[]> {
  const rows = await store.rows<{ channel: string; pending: bigint; oldest: bigint }>(
    `SELECT channel, count(*) AS pending, epoch_ms(min(created_at)) AS oldest
     FROM store.outbox WHERE state = 'pending' GROUP BY channel ORDER BY channel`,
  );
  return rows.map(({ channel, pending, oldest }) => ({
    channel,
    pending: Number(pending),
    oldest: Number(oldest),
  }));
}

/** Which of the messages that were given up: of this channel only, or only this delivery (its id, or the beginning of it). */
export interface DeadLetters {
  channel: string | null;
  delivery: string | null;
}

/**
 * Puts messages that were given up back into the queue of their channel, with all attempts before them.
 *
 * @returns how many
 */
export async function replay(
  transaction: Transaction,
  { channel, delivery }: DeadLetters,
  now: number,
): Promise<number> {
  const rows = await transaction.rows(
    `UPDATE store.outbox
     SET state = 'pending', next_attempt_at = $now, finished_at = NULL, earlier_attempts = attempts
     WHERE state = 'dead'
       AND ($channel IS NULL OR channel = $channel)
       AND ($delivery IS NULL OR starts_with(delivery_id, $delivery))
     RETURNING delivery_id`,
    { channel, delivery, now: timestamp(now) },
  );
  return rows.length;
}

/** Removes what was delivered before a time, with its attempts. What was given up stays. @returns how many messages */
export async function prune(store: Store, before: number): Promise<number> {
  const old = `FROM store.outbox WHERE state IN ('delivered', 'digested') AND finished_at < $before`;
  const values = { before: timestamp(before) };
  const [found] = await store.rows<{ count: bigint }>(`SELECT count(*) AS count ${old}`, values);
  if (Number(found?.count ?? 0n) === 0) return 0;
  return store.transaction(async (transaction) => {
    const rows = await transaction.rows(`DELETE ${old} RETURNING delivery_id`, values);
    await transaction.run(
      'DELETE FROM store.delivery_attempts WHERE delivery_id NOT IN (SELECT delivery_id FROM store.outbox)',
    );
    return rows.length;
  });
}
