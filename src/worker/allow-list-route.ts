/** POST /allow-list of the worker's control: the changes that `pgvigil allow` and `pgvigil suppress` ask for. */
import type { Context } from 'hono';
import { z } from 'zod';
import type { AllowList } from '../alerts/allow-list/allow-list.ts';
import { allowRequest } from '../alerts/allow-list/request.ts';
import { ALLOW_KINDS } from '../model/allow-entry.ts';
import { answerOrRefuse } from './refusal.ts';

const change = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('add'), entry: allowRequest }),
  z.strictObject({
    action: z.literal('remove'),
    kind: z.enum(ALLOW_KINDS),
    id: z.string().min(1).max(100),
    author: z.string().min(1).max(300),
  }),
]);

/** Answers `{ id }`; 422 with `{ error: { code, message, hint } }` where the change was refused. */
export function allowListRoute(allowList: Pick<AllowList, 'add' | 'remove'>) {
  return async (context: Context): Promise<Response> => {
    const parsed = change.safeParse(await context.req.json().catch(() => null));
    if (!parsed.success) return context.json({ error: 'not a change of the allow-list' }, 400);
    const asked = parsed.data;
    return answerOrRefuse(context, async () => ({
      id:
        asked.action === 'add'
          ? (await allowList.add(asked.entry)).entryId
          : await allowList.remove(asked.kind, asked.id, asked.author),
    }));
  };
}
