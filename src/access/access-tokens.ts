/** Access tokens: who may ask at the worker's doors. What is stored checks a secret and does not hold it. */

import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { PgvigilError } from '../errors.ts';
import { packagePath } from '../paths.ts';
import { timestamp } from '../store/rows.ts';
import type { Row, Store, Transaction } from '../store/store.ts';
import { type Access, ROLES, type Role } from './access.ts';
import { makeVerifier, parseVerifier, type ScramVerifier, sha256, verifierText } from './scram-verifier.ts';
import { idOf, newToken } from './token-text.ts';

const IN_FORCE = readFileSync(packagePath('queries/access/in-force.sql'), 'utf8');
const LONGEST_MS = 732 * 86_400_000;

export const tokenName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/, 'must be a letter, then letters, digits, _ . and -; 63 at most');

export const newTokenRequest = z.strictObject({
  name: tokenName,
  role: z.enum(ROLES),
  author: z.string().min(1).max(300),
  /** Milliseconds since 1970. */
  expiresAt: z.number(),
});
export type NewTokenRequest = z.infer<typeof newTokenRequest>;

interface Stored extends Row {
  name: string;
  role: Role;
  /** Hex. */
  sha256: string;
  verifier: string;
}

type Readable = Pick<Transaction, 'rows'>;

export class AccessTokens {
  readonly #store: Pick<Store, 'rows' | 'transaction'>;
  readonly #now: () => number;

  constructor(store: Pick<Store, 'rows' | 'transaction'>, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Makes a token. Its text is in nobody's hands but the caller's.
   *
   * @throws PgvigilError USAGE when the name is in use or the end is not ahead
   */
  async create({ name, role, author, expiresAt }: NewTokenRequest): Promise<string> {
    const now = this.#now();
    if (!(expiresAt > now && expiresAt <= now + LONGEST_MS)) {
      throw new PgvigilError('USAGE', 'a token ends within two years', 'Give --expires, for example 90d.');
    }
    const { id, text } = newToken();
    const verifier = verifierText(await makeVerifier(text));
    await this.#store.transaction(async (transaction) => {
      if ((await this.#inForce(transaction, { name })) !== null) {
        throw new PgvigilError(
          'USAGE',
          `there is a token named ${name} already`,
          `Choose another name, or take it back first: pgvigil tokens revoke ${name}`,
        );
      }
      const row = [
        id,
        name,
        role,
        sha256(Buffer.from(text)).toString('hex'),
        verifier,
        timestamp(now),
        author,
        timestamp(expiresAt),
        null,
        null,
      ];
      await transaction.append('access_tokens', [row]);
    });
    return text;
  }

  /** Takes a token back, from now on. @throws PgvigilError NOT_FOUND */
  async revoke(name: string, author: string): Promise<void> {
    const now = timestamp(this.#now());
    await this.#store.transaction(async (transaction) => {
      if ((await this.#inForce(transaction, { name })) === null) {
        throw new PgvigilError(
          'NOT_FOUND',
          `no token in force is named ${name}`,
          '`pgvigil tokens list` shows them.',
        );
      }
      await transaction.run(
        'UPDATE store.access_tokens SET revoked_at = $now, revoked_by = $author WHERE name = $name AND revoked_at IS NULL',
        { now, author, name },
      );
    });
  }

  /** What checks the secret of a name; null where no token in force has it. */
  async account(name: string): Promise<(Access & { verifier: ScramVerifier }) | null> {
    const found = await this.#inForce(this.#store, { name });
    return found && { name: found.name, role: found.role, verifier: parseVerifier(found.verifier) };
  }

  /** Who shows this token; null where it is not in force. */
  async bearer(text: string): Promise<Access | null> {
    const id = idOf(text);
    const found = id === null ? null : await this.#inForce(this.#store, { id });
    if (found === null) return null;
    // Not the verifier: deriving it takes milliseconds of a thread, which anybody could ask for who has seen an id.
    const isRight = timingSafeEqual(sha256(Buffer.from(text)), Buffer.from(found.sha256, 'hex'));
    return isRight ? { name: found.name, role: found.role } : null;
  }

  async #inForce(from: Readable, wanted: { name?: string; id?: string }): Promise<Stored | null> {
    const now = timestamp(this.#now());
    const { name = null, id = null } = wanted;
    const [found] = await from.rows<Stored>(IN_FORCE, { now, name, id });
    return found ?? null;
  }
}
