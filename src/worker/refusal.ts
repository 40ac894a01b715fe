/** What the worker's control answers where a request cannot be carried out. */
import type { Context } from 'hono';
import { PgvigilError } from '../errors.ts';

/** Answers with what `work` gives; 422 with `{ error: { code, message, hint } }` where it throws a PgvigilError. */
export async function answerOrRefuse(context: Context, work: () => Promise<object>): Promise<Response> {
  try {
    return context.json(await work());
  } catch (error) {
    if (!(error instanceof PgvigilError)) throw error;
    const { code, message, hint } = error;
    return context.json({ error: { code, message, hint } }, 422);
  }
}
