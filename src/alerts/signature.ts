/**
 * Signatures of webhooks, symmetric scheme `v1` of Standard Webhooks 1.0.0: HMAC-SHA256 over
 * `id.timestamp.body`, base64. Pure.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { PgvigilError } from '../errors.ts';

const SECRET_PREFIX = 'whsec_';
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** How far the timestamp of an attempt may be from the receiver's clock, either way. */
export const TOLERANCE_SECONDS = 5 * 60;

/** A rotation needs two; a longer list only makes the receiver work. */
const MAX_SIGNATURES = 16;

/**
 * Reads a secret `whsec_<base64 of 24 to 64 bytes>`. The key does not show its bytes when it is logged.
 *
 * @throws PgvigilError SECRET_INVALID; the message never holds the secret
 */
export function parseSecret(text: string): KeyObject {
  const trimmed = text.trim();
  if (!trimmed.startsWith(SECRET_PREFIX)) throw invalidSecret(`does not start with ${SECRET_PREFIX}`);
  const encoded = trimmed.slice(SECRET_PREFIX.length);
  const key = Buffer.from(encoded, 'base64');
  // Buffer.from skips what is not base64 and would sign with a shorter key than the receiver's.
  if (key.toString('base64').replaceAll('=', '') !== encoded.replace(/={0,2}$/, '')) {
    throw invalidSecret(`is not base64 after ${SECRET_PREFIX}`);
  }
  if (key.length < MIN_SECRET_BYTES || key.length > MAX_SECRET_BYTES) {
    throw invalidSecret(`holds ${key.length} bytes, not ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES}`);
  }
  return createSecretKey(key);
}

function invalidSecret(reason: string): PgvigilError {
  return new PgvigilError(
    'SECRET_INVALID',
    `the webhook secret ${reason}`,
    'Make one with: echo "whsec_$(openssl rand -base64 32)", and give the receiver the same.',
  );
}

function digest(secret: KeyObject, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest();
}

/**
 * Signature of one attempt, `v1,<base64>`.
 *
 * @param timestampSeconds time of the attempt, seconds since 1970-01-01 UTC
 */
export function sign(
  secret: KeyObject,
  id: string,
  timestampSeconds: number,
  body: string | Uint8Array,
): string {
  return `v1,${digest(secret, id, String(timestampSeconds), body).toString('base64')}`;
}

/** Header `webhook-signature`: one signature for each secret, so that a receiver may hold either. */
export function signatureHeader(
  secrets: readonly KeyObject[],
  id: string,
  timestampSeconds: number,
  body: string | Uint8Array,
): string {
  return secrets.map((secret) => sign(secret, id, timestampSeconds, body)).join(' ');
}

/** The three headers of Standard Webhooks as they came. */
export interface SignedHeaders {
  id: string | undefined;
  timestamp: string | undefined;
  signature: string | undefined;
}

export type Verdict = 'valid' | 'header_missing' | 'timestamp_refused' | 'signature_refused';

/**
 * Whether one of the secrets signed this body, with a timestamp within five minutes of `nowSeconds`.
 * Signatures are compared in constant time.
 *
 * @param body the bytes as they came: a parsed and printed JSON document may differ
 */
export function verify(
  secrets: readonly KeyObject[],
  headers: SignedHeaders,
  body: string | Uint8Array,
  nowSeconds: number,
): Verdict {
  const { id, timestamp, signature } = headers;
  if (!id || !timestamp || !signature) return 'header_missing';
  if (!/^\d{1,12}$/.test(timestamp)) return 'timestamp_refused';
  if (Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS) return 'timestamp_refused';
  const given = signature
    .split(' ', MAX_SIGNATURES)
    .filter((part) => part.startsWith('v1,'))
    .map((part) => Buffer.from(part.slice('v1,'.length), 'base64'));
  for (const secret of secrets) {
    const expected = digest(secret, id, timestamp, body);
    for (const candidate of given) {
      if (candidate.length === expected.length && timingSafeEqual(candidate, expected)) return 'valid';
    }
  }
  return 'signature_refused';
}
