/** SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side, as PostgreSQL speaks it. Nothing here can be turned back into a password. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** One number for all: an account with another one would tell that it exists. */
export const ITERATIONS = 4096;

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

/** The client's first message is not what RFC 5802 says. */
export class ScramError extends Error {}

/** One exchange: the answer to the client's first message, then to its last. */
export class ScramExchange {
  /** The answer to the first message. */
  readonly challenge: string;
  readonly #verifier: ScramVerifier;
  readonly #header: string;
  readonly #firstBare: string;
  readonly #nonce: string;

  /**
   * @param serverNonce for a test that knows the answer
   * @throws ScramError
   */
  constructor(first: string, verifier: ScramVerifier, serverNonce = randomBytes(18).toString('base64')) {
    // `y`: the client could bind the channel and saw that we do not offer it. The name is that of the startup message.
    const match = /^([ny],[^,]*,)(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]{1,256}))$/.exec(first);
    if (match === null || !/^[ny],,$/.test(match[1]!)) throw new ScramError('malformed SCRAM message');
    this.#verifier = verifier;
    this.#header = match[1]!;
    this.#firstBare = match[2]!;
    this.#nonce = match[3]! + serverNonce;
    this.challenge = `r=${this.#nonce},s=${verifier.salt.toString('base64')},i=${verifier.iterations}`;
  }

  /**
   * The answer to the last message; null when the password is wrong.
   *
   * @throws ScramError
   */
  finish(last: string): string | null {
    const match = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)),p=([A-Za-z0-9+/=]+)$/.exec(last);
    if (match === null) throw new ScramError('malformed SCRAM message');
    const [, withoutProof, binding, nonce, proofText] = match;
    if (Buffer.from(binding!, 'base64').toString('latin1') !== this.#header || nonce !== this.#nonce) {
      throw new ScramError('malformed SCRAM message');
    }
    const signed = `${this.#firstBare},${this.challenge},${withoutProof}`;
    const proof = Buffer.from(proofText!, 'base64');
    if (proof.length !== KEY_BYTES) throw new ScramError('malformed SCRAM message');
    const signature = hmac(this.#verifier.storedKey, signed);
    const clientKey = Buffer.from(proof.map((byte, index) => byte ^ signature[index]!));
    if (!timingSafeEqual(sha256(clientKey), this.#verifier.storedKey)) return null;
    return `v=${hmac(this.#verifier.serverKey, signed).toString('base64')}`;
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
