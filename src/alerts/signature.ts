/**
 * Signatures of webhooks, both schemes of Standard Webhooks 1.0.0 (spec/standard-webhooks.md, "Signature scheme") over
 * `id.timestamp.body`: `v1`, HMAC-SHA256 with a secret that both sides hold, and `v1a`, ed25519, where the receiver holds a
 * public key and can sign nothing itself. Pure, but for the makers of keys.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign as signWith,
  timingSafeEqual,
  verify as verifyWith,
} from 'node:crypto';
import { PgvigilError } from '../errors.ts';

const SECRET_PREFIX = 'whsec_';
const PRIVATE_PREFIX = 'whsk_';
const PUBLIC_PREFIX = 'whpk_';
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const NEW_SECRET_BYTES = 32;
/** Length of the seed of an ed25519 key, and of its public key (RFC 8032, section 5.1.5). */
const ED25519_BYTES = 32;
/** PKCS #8 for ed25519 up to the seed (RFC 8410, section 7): Node.js takes a seed in no shorter form. */
const PKCS8_BEFORE_SEED = Buffer.from('302e020100300506032b657004220420', 'hex');

/** How far the timestamp of an attempt may be from the receiver's clock, either way. */
export const TOLERANCE_SECONDS = 5 * 60;

/** A rotation needs two; a longer list only makes the receiver work. */
const MAX_SIGNATURES = 16;

/**
 * Reads a key to sign with: `whsec_<base64 of 24 to 64 bytes>`, or `whsk_<base64>` of an ed25519 seed, alone or with its public
 * key behind it. The key does not show its bytes when it is logged.
 *
 * @returns a secret key for `v1`, a private one for `v1a`
 * @throws PgvigilError SECRET_INVALID; the message never holds the secret
 */
export function parseSecret(text: string): KeyObject {
  const trimmed = text.trim();
  if (trimmed.startsWith(PRIVATE_PREFIX)) return privateKey(trimmed);
  if (trimmed.startsWith(PUBLIC_PREFIX)) {
    throw invalidSecret(
      `is a public key, which signs nothing: the other one of the pair, ${PRIVATE_PREFIX}…, is meant`,
    );
  }
  if (!trimmed.startsWith(SECRET_PREFIX)) {
    throw invalidSecret(`does not start with ${SECRET_PREFIX} or ${PRIVATE_PREFIX}`);
  }
  const key = bytesAfter(SECRET_PREFIX, trimmed);
  if (key.length < MIN_SECRET_BYTES || key.length > MAX_SECRET_BYTES) {
    throw invalidSecret(`holds ${key.length} bytes, not ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES}`);
  }
  return createSecretKey(key);
}

/**
 * Reads a key that only verifies, `whpk_<base64 of 32 bytes>`.
 *
 * @throws PgvigilError SECRET_INVALID; the message never holds the text, which may be a secret in the wrong place
 */
export function parsePublicKey(text: string): KeyObject {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PUBLIC_PREFIX)) throw invalidPublicKey(`does not start with ${PUBLIC_PREFIX}`);
  const bytes = bytesAfter(PUBLIC_PREFIX, trimmed, invalidPublicKey);
  if (bytes.length !== ED25519_BYTES) {
    throw invalidPublicKey(`holds ${bytes.length} bytes, not ${ED25519_BYTES}`);
  }
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') },
    format: 'jwk',
  });
}

/** A new secret for `v1`, as the receiver gets it too. */
export function newSecret(): string {
  return `${SECRET_PREFIX}${randomBytes(NEW_SECRET_BYTES).toString('base64')}`;
}

/** A new pair of keys for `v1a`: the secret stays, the public key goes to the receiver. */
export function newKeyPair(): { secret: string; publicKey: string } {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [seed, publicBytes] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  return {
    secret: `${PRIVATE_PREFIX}${Buffer.concat([seed, publicBytes]).toString('base64')}`,
    publicKey: `${PUBLIC_PREFIX}${publicBytes.toString('base64')}`,
  };
}

function privateKey(text: string): KeyObject {
  const bytes = bytesAfter(PRIVATE_PREFIX, text);
  if (bytes.length !== ED25519_BYTES && bytes.length !== 2 * ED25519_BYTES) {
    throw invalidSecret(`holds ${bytes.length} bytes, not ${ED25519_BYTES} or ${2 * ED25519_BYTES}`);
  }
  const seed = bytes.subarray(0, ED25519_BYTES);
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_BEFORE_SEED, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const given = bytes.subarray(ED25519_BYTES);
  // The receiver was given the public key that is written here: with another one it would refuse every message.
  if (given.length > 0 && !given.equals(Buffer.from(x, 'base64url'))) {
    throw invalidSecret('holds a public key that does not belong to its seed');
  }
  return key;
}

function bytesAfter(prefix: string, text: string, invalid = invalidSecret): Buffer {
  const encoded = text.slice(prefix.length);
  const bytes = Buffer.from(encoded, 'base64');
  // Buffer.from skips what is not base64 and would sign with a shorter key than the receiver's.
  if (bytes.toString('base64').replaceAll('=', '') !== encoded.replace(/={0,2}$/, '')) {
    throw invalid(`is not base64 after ${prefix}`);
  }
  return bytes;
}

function invalidSecret(reason: string): PgvigilError {
  return new PgvigilError(
    'SECRET_INVALID',
    `the webhook secret ${reason}`,
    'Make one with `pgvigil alerts keys`, and give the receiver the same.',
  );
}

function invalidPublicKey(reason: string): PgvigilError {
  return new PgvigilError(
    'SECRET_INVALID',
    `the public key of the webhook ${reason}`,
    'Use the whpk_ that was made together with the whsk_ of the sender.',
  );
}

function digest(secret: KeyObject, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest();
}

function signedContent(id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
}

/**
 * Signature of one attempt: `v1,<base64>` with a secret key, `v1a,<base64>` with a private one.
 *
 * @param timestampSeconds time of the attempt, seconds since 1970-01-01 UTC
 */
export function sign(
  key: KeyObject,
  id: string,
  timestampSeconds: number,
  body: string | Uint8Array,
): string {
  const timestamp = String(timestampSeconds);
  return key.type === 'secret'
    ? `v1,${digest(key, id, timestamp, body).toString('base64')}`
    : `v1a,${signWith(null, signedContent(id, timestamp, body), key).toString('base64')}`;
}

/** Header `webhook-signature`: one signature for each key, of either scheme, so that a receiver may hold any of them. */
export function signatureHeader(
  keys: readonly KeyObject[],
  id: string,
  timestampSeconds: number,
  body: string | Uint8Array,
): string {
  return keys.map((key) => sign(key, id, timestampSeconds, body)).join(' ');
}

/** The three headers of Standard Webhooks as they came. */
export interface SignedHeaders {
  id: string | undefined;
  timestamp: string | undefined;
  signature: string | undefined;
}

export type Verdict = 'valid' | 'header_missing' | 'timestamp_refused' | 'signature_refused';

/**
 * Whether one of the keys signed this body, with a timestamp within five minutes of `nowSeconds`.
 * Signatures with a secret are compared in constant time; those with a public key hide nothing.
 *
 * @param keys secrets, public keys, and private keys in place of their public ones
 * @param body the bytes as they came: a parsed and printed JSON document may differ
 */
export function verify(
  keys: readonly KeyObject[],
  headers: SignedHeaders,
  body: string | Uint8Array,
  nowSeconds: number,
): Verdict {
  const { id, timestamp, signature } = headers;
  if (!id || !timestamp || !signature) return 'header_missing';
  if (!/^\d{1,12}$/.test(timestamp)) return 'timestamp_refused';
  if (Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS) return 'timestamp_refused';
  const parts = signature.split(' ', MAX_SIGNATURES);
  const given = (scheme: 'v1,' | 'v1a,') =>
    parts
      .filter((part) => part.startsWith(scheme))
      .map((part) => Buffer.from(part.slice(scheme.length), 'base64'));
  const isBy = (key: KeyObject): boolean => {
    if (key.type !== 'secret') {
      const content = signedContent(id, timestamp, body);
      return given('v1a,').some((candidate) => verifyWith(null, content, key, candidate));
    }
    const expected = digest(key, id, timestamp, body);
    return given('v1,').some(
      (candidate) => candidate.length === expected.length && timingSafeEqual(candidate, expected),
    );
  };
  return keys.some(isBy) ? 'valid' : 'signature_refused';
}
