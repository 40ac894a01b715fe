/** What is kept of a password for SCRAM-SHA-256 (RFC 5802, RFC 7677): it checks one and cannot be turned back into it. */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
export const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** One number for all: an account with another one would tell that it exists. */
const ITERATIONS = 4096;

/** What is kept of a password: what PostgreSQL keeps in `pg_authid`. */
export interface ScramVerifier {
  iterations: number;
  salt: Buffer;
  storedKey: Buffer;
  serverKey: Buffer;
}

/** A verifier of a new password, with a salt of its own. */
export async function makeVerifier(
  password: string,
  salt: Buffer = randomBytes(SALT_BYTES),
): Promise<ScramVerifier> {
  const salted = await derive(password.normalize('NFKC'), salt, ITERATIONS, KEY_BYTES, 'sha256');
  return {
    iterations: ITERATIONS,
    salt,
    storedKey: sha256(hmac(salted, 'Client Key')),
    serverKey: hmac(salted, 'Server Key'),
  };
}

/**
 * What an unknown account is asked with, so that it looks like one with another password: the salt of a name stays the same
 * while the secret does. No password fits.
 */
export function mockVerifier(secret: Buffer, user: string): ScramVerifier {
  return {
    iterations: ITERATIONS,
    salt: hmac(secret, user).subarray(0, SALT_BYTES),
    storedKey: randomBytes(KEY_BYTES),
    serverKey: randomBytes(KEY_BYTES),
  };
}

/** As text, in the form of PostgreSQL's `pg_authid.rolpassword` (RFC 5803). */
export function verifierText({ iterations, salt, storedKey, serverKey }: ScramVerifier): string {
  const text = (bytes: Buffer) => bytes.toString('base64');
  return `SCRAM-SHA-256$${iterations}:${text(salt)}$${text(storedKey)}:${text(serverKey)}`;
}

/** @throws Error when it has another form */
export function parseVerifier(text: string): ScramVerifier {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/.exec(text);
  if (match === null) throw new Error('a SCRAM verifier has another form');
  const bytes = (part: string | undefined) => Buffer.from(part ?? '', 'base64');
  return {
    iterations: Number(match[1]),
    salt: bytes(match[2]),
    storedKey: bytes(match[3]),
    serverKey: bytes(match[4]),
  };
}

export function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
