/** Channels whose receiver wants no more of anything (HTTP 410). What is for them waits until somebody enables them. */
import { timestamp } from '../store/rows.ts';
import type { Store, Transaction } from '../store/store.ts';

export async function disable(
  transaction: Transaction,
  channel: string,
  reason: string,
  now: number,
): Promise<void> {
  await transaction.run(
    `INSERT INTO store.disabled_channels
     SELECT $channel, $now, $reason WHERE NOT EXISTS (SELECT 1 FROM store.disabled_channels WHERE channel = $channel)`,
    { channel, reason: reason.slice(0, 300), now: timestamp(now) },
  );
}

/** @returns whether it was disabled */
export async function enable(transaction: Transaction, channel: string): Promise<boolean> {
  const rows = await transaction.rows(
    'DELETE FROM store.disabled_channels WHERE channel = $channel RETURNING channel',
    { channel },
  );
  return rows.length > 0;
}

export async function isDisabled(store: Pick<Store, 'rows'>, channel: string): Promise<boolean> {
  const rows = await store.rows('SELECT 1 FROM store.disabled_channels WHERE channel = $channel', {
    channel,
  });
  return rows.length > 0;
}
