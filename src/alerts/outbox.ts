/**
 * Alerts on their way out. A row is written in the transaction that stores the alert, and is never dropped: it
 * stays pending until a receiver took it, refused it, or the schedule of attempts ended.
 */
import { createHash } from 'node:crypto';
import type { Alert } from '../model/alert.ts';
import { timestamp } from '../store/rows.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { DeliveryResult } from './channels/channel.ts';
import type { MessageType } from './message.ts';
import type { DeliveryState } from './retry.ts';

/** Rows that one read of the outbox brings into memory, at most 20 kB each. */
export const MAX_DUE_ROWS = 100;

/** Pending rows above which the outbox counts as full: something is wrong with a receiver, or with a detector. */
export const FULL_OUTBOX_ROWS = 10_000;

const MAX_ERROR_CHARACTERS = 300;

/** A message for one channel. */
export interface Delivery {
  deliveryId: string;
  alertId: string;
  channel: string;
  webhookId: string;
  body: string;
  /** Attempts so far. */
  attempts: number;
}

/** One attempt, with times in milliseconds. */
export interface Attempt {
  startedAt: number;
  endedAt: number;
  result: DeliveryResult;
}

/**
 * Puts a message into the outbox, once for each channel. Ids follow from what they name: the same state of an
 * alert, computed again, gives the same ids and no second row.
 *
 * @param revision counts the messages of one alert
 */
export async function enqueue(
  transaction: Transaction,
  alert: Pick<Alert, 'alertId'>,
  body: string,
  channels: readonly string[],
  type: MessageType,
  revision: number,
  now: number,
): Promise<void> {
  for (const channel of channels) {
    const key = JSON.stringify([alert.alertId, channel, type, revision]);
    const digest = createHash('sha256').update(key).digest('hex').slice(0, 32);
    await transaction.run(
      `INSERT INTO store.outbox
       SELECT $delivery, $alert, $channel, $webhook, $body, 'pending', 0, $now, $now, NULL
       WHERE NOT EXISTS (SELECT 1 FROM store.outbox WHERE delivery_id = $delivery)`,
      {
        delivery: `dlv_${digest}`,
        alert: alert.alertId,
        channel,
        webhook: `msg_${digest}`,
        body,
        now: timestamp(now),
      },
    );
  }
}

/** Pending messages of a channel whose time has come, oldest first, at most `limit` and never more than 100. */
export async function due(store: Store, channel: string, now: number, limit: number): Promise<Delivery[]> {
  return store.rows<Delivery & Record<string, unknown>>(
    // rowid: messages of one transaction share created_at.
    `SELECT delivery_id AS "deliveryId", alert_id AS "alertId", channel, webhook_id AS "webhookId", body, attempts
     FROM store.outbox
     WHERE state = 'pending' AND channel = $channel AND next_attempt_at <= $now
     ORDER BY created_at, rowid
     LIMIT ${Math.min(limit, MAX_DUE_ROWS)}`,
    { channel, now: timestamp(now) },
  );
}

/** Stores an attempt and what it changed, in one transaction. */
export async function record(
  store: Store,
  delivery: Delivery,
  attempt: Attempt,
  next: DeliveryState,
): Promise<void> {
  const { startedAt, endedAt, result } = attempt;
  const number = delivery.attempts + 1;
  await store.transaction(async (transaction) => {
    await transaction.run(
      'INSERT INTO store.delivery_attempts VALUES ($delivery, $number, $started, $latency, $status, $error)',
      {
        delivery: delivery.deliveryId,
        number,
        started: timestamp(startedAt),
        latency: BigInt(Math.max(0, Math.round(endedAt - startedAt))),
        status: result.status,
        error: result.outcome === 'delivered' ? null : result.error.slice(0, MAX_ERROR_CHARACTERS),
      },
    );
    await transaction.run(
      `UPDATE store.outbox
       SET state = $state, attempts = $number, next_attempt_at = $next, finished_at = $finished
       WHERE delivery_id = $delivery`,
      {
        delivery: delivery.deliveryId,
        state: next.state,
        number,
        next: timestamp(next.nextAttemptAt),
        finished: next.state === 'pending' ? null : timestamp(endedAt),
      },
    );
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
export async function depth(store: Store): Promise<ChannelDepth[]> {
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
