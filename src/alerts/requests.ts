/** What somebody asks the desk for, as JSON. */
import { z } from 'zod';
import { type AlertDesk, CLOSE_REASONS } from './desk.ts';

const id = z.string().min(1).max(100);
const actor = z.strictObject({ name: z.string().min(1).max(300), via: z.enum(['cli', 'api']) });
const note = z.string().max(1_000).nullable();

export const alertsRequest = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('acknowledge'), id, actor, note }),
  z.strictObject({ action: z.literal('reopen'), id, actor, note }),
  z.strictObject({ action: z.literal('close'), id, actor, note, reason: z.enum(CLOSE_REASONS) }),
  z.strictObject({ action: z.literal('replay'), channel: id.nullable(), delivery: id.nullable() }),
  z.strictObject({ action: z.literal('enable'), channel: id }),
]);
export type AlertsRequest = z.infer<typeof alertsRequest>;

/** What came of a request: the alert's id and status, or how many messages were put back. */
export interface AlertsAnswer {
  id?: string;
  status?: string;
  messages?: number;
}

export type Desk = Pick<AlertDesk, 'decide' | 'replay' | 'enable'>;

/** Does what is asked. @throws PgvigilError NOT_FOUND, USAGE */
export async function answerAlertsRequest(desk: Desk, asked: AlertsRequest): Promise<AlertsAnswer> {
  switch (asked.action) {
    case 'replay':
      return { messages: await desk.replay(asked) };
    case 'enable':
      await desk.enable(asked.channel);
      return {};
    default: {
      const alert = await desk.decide(asked.id, asked, asked.actor);
      return { id: alert.alertId, status: alert.status };
    }
  }
}
