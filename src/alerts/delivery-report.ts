/** What the log says of an attempt. */
import type { DeliveryResult } from './channels/channel.ts';
import type { Delivery } from './outbox.ts';
import type { DeliveryState } from './retry.ts';

/** Where the deliverer says what happens; a pino logger fits. */
export interface DeliveryLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export function reportAttempt(
  log: DeliveryLog,
  { channel, alertId, webhookId, attempts }: Delivery,
  result: DeliveryResult,
  state: DeliveryState['state'],
): void {
  const fields = { channel, alert: alertId, webhookId, attempt: attempts + 1, status: result.status };
  if (result.outcome === 'delivered') {
    const { warning } = result;
    if (warning === undefined) log.info(fields, 'alert delivered');
    else log.warn({ ...fields, error: warning }, 'alert delivered, not to everyone');
    return;
  }
  const { error } = result;
  if (result.outcome === 'gone') {
    const hint = `pgvigil alerts channels enable ${channel}`;
    log.warn({ ...fields, error, hint }, 'the receiver wants no more: the channel is disabled');
  } else if (state === 'dead') {
    const hint = `pgvigil alerts replay --channel ${channel}`;
    log.warn({ ...fields, error, hint }, 'alert given up');
  } else log.warn({ ...fields, error }, 'alert not delivered yet');
}
