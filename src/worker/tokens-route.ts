/** POST /tokens of the worker's control: what `pgvigil tokens` asks for. */
import type { Context } from 'hono';
import { z } from 'zod';
import { type AccessTokens, newTokenRequest, tokenName } from '../access/access-tokens.ts';
import { answerOrRefuse } from './refusal.ts';

const change = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('create'), token: newTokenRequest }),
  z.strictObject({ action: z.literal('revoke'), name: tokenName, author: z.string().min(1).max(300) }),
]);
export type TokenChange = z.infer<typeof change>;

/** Answers `{ token }`, null after a revocation; 422 with `{ error: { code, message, hint } }` where the change was refused. */
export function tokensRoute(tokens: Pick<AccessTokens, 'create' | 'revoke'>) {
  return async (context: Context): Promise<Response> => {
    const parsed = change.safeParse(await context.req.json().catch(() => null));
    if (!parsed.success) return context.json({ error: 'not a change of tokens' }, 400);
    return answerOrRefuse(context, async () => ({ token: await changeTokens(tokens, parsed.data) }));
  };
}

/** @returns the text of a new token; null after a revocation. @throws PgvigilError USAGE, NOT_FOUND */
export async function changeTokens(
  tokens: Pick<AccessTokens, 'create' | 'revoke'>,
  asked: TokenChange,
): Promise<string | null> {
  if (asked.action === 'create') return tokens.create(asked.token);
  await tokens.revoke(asked.name, asked.author);
  return null;
}
