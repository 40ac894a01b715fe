/** SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side, as PostgreSQL speaks it. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { hmac, KEY_BYTES, type ScramVerifier, sha256 } from '../access/scram-verifier.ts';

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
