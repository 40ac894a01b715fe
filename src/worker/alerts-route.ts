/** POST /alerts of the worker's control: what `pgvigil alerts` does with alerts, deliveries and channels. */
import type { Context } from 'hono';
import { alertsRequest, answerAlertsRequest, type Desk } from '../alerts/requests.ts';
import { answerOrRefuse } from './refusal.ts';

/** Answers as `answerAlertsRequest`; 422 with `{ error: { code, message, hint } }` where the request was refused. */
export function alertsRoute(desk: Desk) {
  return async (context: Context): Promise<Response> => {
    const parsed = alertsRequest.safeParse(await context.req.json().catch(() => null));
    if (!parsed.success) return context.json({ error: 'not a request about alerts' }, 400);
    return answerOrRefuse(context, async () => answerAlertsRequest(desk, parsed.data));
  };
}
