/** Who may come in: tokens, and how often those who have one, or a wrong one, may ask. */
import { type Access, isAtLeast, ROLE_MEANINGS, type Role } from '../access/access.ts';
import { HttpError } from './failure.ts';
import { type Allowance, allowanceHeaders, RateLimit } from './rate-limit.ts';

/** Longer than any token. */
const MAX_TOKEN_LENGTH = 256;
const WRONG_TOKENS_PER_MINUTE = 20;

export class Doorkeeper {
  readonly #bearer: (token: string) => Promise<Access | null>;
  readonly #requests: RateLimit;
  readonly #strangers = new RateLimit(WRONG_TOKENS_PER_MINUTE);

  constructor(bearer: (token: string) => Promise<Access | null>, requestsPerMinute: number) {
    this.#bearer = bearer;
    this.#requests = new RateLimit(requestsPerMinute);
  }

  /**
   * @param authorization header of the request
   * @param client address
   * @throws HttpError UNAUTHORIZED, RATE_LIMITED
   */
  async admit(
    authorization: string | undefined,
    client: string,
  ): Promise<{ access: Access; allowance: Allowance }> {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    const access = token === undefined || token.length > MAX_TOKEN_LENGTH ? null : await this.#bearer(token);
    if (access === null) throw this.#refusal(client);
    const allowance = this.#requests.take(access.name);
    if (allowance.allowed) return { access, allowance };
    throw new HttpError(
      'RATE_LIMITED',
      `the token ${access.name} has asked ${allowance.limit} times in a minute`,
      `Ask again in ${allowance.waitS} s.`,
      allowanceHeaders(allowance),
    );
  }

  /**
   * A right token is never turned away for the wrong ones of others behind the same address: tokens are too long to be guessed,
   * and nobody should be able to shut out his neighbours.
   */
  #refusal(client: string): HttpError {
    const allowance = this.#strangers.take(client);
    if (!allowance.allowed) {
      return new HttpError(
        'RATE_LIMITED',
        'too many requests without a valid token came from this address',
        `Ask again in ${allowance.waitS} s, with a token.`,
        { 'retry-after': String(allowance.waitS) },
      );
    }
    return new HttpError(
      'UNAUTHORIZED',
      'a valid token is needed',
      'Send `Authorization: Bearer pgv_…`. `pgvigil tokens create` makes one.',
      { 'www-authenticate': 'Bearer realm="pgvigil"' },
    );
  }
}

/** @throws HttpError FORBIDDEN */
export function checkRole({ name, role }: Access, least: Role): void {
  if (isAtLeast(role, least)) return;
  throw new HttpError(
    'FORBIDDEN',
    `this needs the role ${least}, and the token ${name} has ${role}`,
    `Use a token with the role ${least}: it ${ROLE_MEANINGS[least]}.`,
  );
}
