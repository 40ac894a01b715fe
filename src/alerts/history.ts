/** What happened to an alert, in order, and whose doing it was. */
import type { Alert } from '../model/alert.ts';
import { timestamp } from '../store/rows.ts';
import type { Transaction } from '../store/store.ts';

export const ALERT_ACTIONS = ['opened', 'updated', 'acknowledged', 'reopened', 'closed'] as const;
export type AlertAction = (typeof ALERT_ACTIONS)[number];

/** Who did something, and how. */
export interface Actor {
  name: string;
  via: 'worker' | 'cli' | 'api' | 'link';
}

/** What the worker does by itself. */
export const WORKER: Actor = { name: 'pgvigil', via: 'worker' };

/** One step in the life of an alert. */
export interface AlertStep {
  action: AlertAction;
  actor: Actor;
  /** What changed, in words; null where the action says it. */
  what: string | null;
  /** Why it was closed; of a closed list, see `CLOSE_REASONS`. */
  reason: string | null;
  note: string | null;
}

/**
 * Writes a step down.
 *
 * @returns its number in the life of the alert, from 1
 */
export async function addStep(
  transaction: Transaction,
  alert: Alert,
  { action, actor, what, reason, note }: AlertStep,
  now: number,
): Promise<number> {
  const [row] = await transaction.rows<{ last: bigint }>(
    'SELECT coalesce(max(sequence), 0) AS last FROM store.alert_history WHERE alert_id = $id',
    { id: alert.alertId },
  );
  const sequence = Number(row?.last ?? 0n) + 1;
  await transaction.append('alert_history', [
    [
      alert.alertId,
      BigInt(sequence),
      timestamp(now),
      action,
      actor.name,
      actor.via,
      what,
      reason,
      note,
      alert.severity,
      BigInt(alert.count),
    ],
  ]);
  return sequence;
}
