/** Access tokens as people keep them: `pgv_<id>_<secret>`. Secret scanners know such a form, and the id says which one it is. */
import { randomBytes, randomInt } from 'node:crypto';

const FORM = /^pgv_([a-z0-9]{12})_([A-Za-z0-9-]{43})$/;
const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A new token with 256 bits that nobody can guess. */
export function newToken(): { id: string; text: string } {
  const id = Array.from({ length: 12 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('');
  // `_` separates the parts.
  const secret = randomBytes(32).toString('base64url').replaceAll('_', '-');
  return { id, text: `pgv_${id}_${secret}` };
}

/** The id of something that has the form of a token; null where it has not. */
export function idOf(text: string): string | null {
  return FORM.exec(text)?.[1] ?? null;
}
