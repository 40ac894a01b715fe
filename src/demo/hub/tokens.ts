/** Shared access signatures (SAS) and what a connection may touch once it has put one. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { unauthorized } from './refusal.ts';

/** The one shared access policy of the hub; it may send, listen and manage. */
export interface SharedAccessKey {
  name: string;
  key: string;
}

/** What a valid token opens. */
export interface Claim {
  /** Entity path, lower case, e.g. `logs/partitions/0`; everything below it is open too. */
  scope: string;
  /** Milliseconds since 1970-01-01 UTC. */
  expiresAt: number;
}

/**
 * Checks `SharedAccessSignature sr=..&sig=..&se=..&skn=..`: the signature is HMAC-SHA256 over the resource as
 * written, a newline and the expiry. Throws a `Refusal` for any token that this key did not sign or that is too old.
 * @param now milliseconds since 1970-01-01 UTC
 */
export function verifyToken(token: string, policy: SharedAccessKey, now: number): Claim {
  const fields = new URLSearchParams(token.replace(/^SharedAccessSignature /, ''));
  const resourceAsWritten = /(?:^| |&)sr=([^&]*)/.exec(token)?.[1] ?? '';
  const expiry = fields.get('se') ?? '';
  const expected = createHmac('sha256', policy.key).update(`${resourceAsWritten}\n${expiry}`).digest();
  const given = Buffer.from(fields.get('sig') ?? '', 'base64');
  const signed = given.length === expected.length && timingSafeEqual(given, expected);
  if (!signed || fields.get('skn') !== policy.name)
    throw unauthorized('InvalidSignature: The token has an invalid signature.');
  const expiresAt = Number(expiry) * 1000;
  if (!(expiresAt > now)) throw unauthorized('ExpiredToken: The token is expired.');
  return { scope: entityPath(fields.get('sr') ?? ''), expiresAt };
}

/** The claims of one connection. */
export class Claims {
  /** Scope to expiry. */
  readonly #expiry = new Map<string, number>();

  add(claim: Claim): void {
    this.#expiry.set(claim.scope, claim.expiresAt);
  }

  /** Throws a `Refusal` unless a claim that is still valid covers the address. */
  require(address: string, now: number): void {
    for (const [scope, expiresAt] of this.#expiry) if (expiresAt > now && covers(scope, address)) return;
    throw unauthorized(
      `Unauthorized access. 'Send,Listen' claim(s) are required to perform this operation. Resource: '${address}'.`,
    );
  }
}

/** Whether a scope opens an entity path or resource URI. */
export function covers(scope: string, resource: string): boolean {
  const path = entityPath(resource);
  return path === scope || path.startsWith(`${scope}/`);
}

/** `sb://127.0.0.1:5672/Logs/Partitions/0` and `Logs/Partitions/0` are both `logs/partitions/0`. */
function entityPath(resource: string): string {
  return resource
    .replace(/^[a-z]+:\/\/[^/]*\//, '')
    .replace(/\/$/, '')
    .toLowerCase();
}
