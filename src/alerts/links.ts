/**
 * Links in messages with which a person acknowledges or closes an alert. A link holds a token: what may be done, with which
 * alert and until when, with an HMAC-SHA256 (RFC 2104) over it, in base64url (RFC 4648, section 5). Nothing of it is stored:
 * whoever has the token can use it, until it expires. Pure.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { PgvigilError } from '../errors.ts';
import type { Alert } from '../model/alert.ts';
import type { AlertData } from './message.ts';
import { parseSecret } from './signature.ts';

/** What a link can be for; the place of each in this list stands in tokens. */
export const LINK_ACTIONS = ['acknowledge', 'close'] as const;
export type LinkAction = (typeof LINK_ACTIONS)[number];

/** A link stays below 400 characters: messages have room for two of these. */
export const MAX_PUBLIC_URL = 200;
const MAX_ID_BYTES = 80;

const VERSION = 1;
const EXPIRY_BYTES = 6;
/** Version, action, expiry in seconds since 1970-01-01 UTC; the id of the alert follows. */
const HEAD_BYTES = 2 + EXPIRY_BYTES;
const MAC_BYTES = 32;
const MAX_TOKEN = Math.ceil(((HEAD_BYTES + MAX_ID_BYTES + MAC_BYTES) * 4) / 3);

/** Stands before what is signed: a key that signs webhooks too never signs the same bytes for both (theirs begin with `msg_`). */
const DOMAIN = 'pgvigil alert link\0';

/** What a token says of itself. Of one that was refused nothing can be believed. */
export type LinkReading = { verdict: 'valid' | 'expired'; alertId: string } | { verdict: 'refused' };

export interface LinksOptions {
  /** Address that people reach the worker's links at. */
  publicUrl: string;
  /** The first one signs, all verify. */
  keys: readonly KeyObject[];
  lifetimeMs: number;
}

export class Links {
  readonly #base: string;
  readonly #keys: readonly [KeyObject, ...KeyObject[]];
  readonly #lifetimeMs: number;

  constructor({ publicUrl, keys, lifetimeMs }: LinksOptions) {
    const [first, ...others] = keys;
    if (first === undefined) throw new Error('links need a key');
    this.#base = publicBase(publicUrl);
    this.#keys = [first, ...others];
    this.#lifetimeMs = lifetimeMs;
  }

  /**
   * The links of a message.
   *
   * @param now milliseconds since 1970-01-01 UTC
   * @returns null for an id that is not one of ours and would not fit
   */
  of({ alertId }: Pick<Alert, 'alertId'>, now: number): AlertData['links'] {
    const id = Buffer.from(alertId);
    if (id.length === 0 || id.length > MAX_ID_BYTES) return null;
    const expires = Math.floor((now + this.#lifetimeMs) / 1000);
    const link = (action: LinkAction) =>
      `${this.#base}/alerts/${action}?t=${this.#token(action, expires, id)}`;
    return { acknowledge: link('acknowledge'), close: link('close') };
  }

  /**
   * Reads the token of a link.
   *
   * @param action what it is presented for: one for something else is refused
   * @param now milliseconds since 1970-01-01 UTC
   */
  read(token: string, action: LinkAction, now: number): LinkReading {
    if (token.length > MAX_TOKEN) return { verdict: 'refused' };
    const bytes = Buffer.from(token, 'base64url');
    // Buffer.from passes over what is not base64url, and over spare bits at the end: one token has one spelling.
    if (bytes.length <= HEAD_BYTES + MAC_BYTES || bytes.toString('base64url') !== token) {
      return { verdict: 'refused' };
    }
    const payload = bytes.subarray(0, -MAC_BYTES);
    const mac = bytes.subarray(-MAC_BYTES);
    if (!this.#keys.some((key) => timingSafeEqual(macOf(key, payload), mac))) return { verdict: 'refused' };
    if (payload[0] !== VERSION || LINK_ACTIONS[payload[1] ?? -1] !== action) return { verdict: 'refused' };
    const verdict = now < payload.readUIntBE(2, EXPIRY_BYTES) * 1000 ? 'valid' : 'expired';
    return { verdict, alertId: payload.toString('utf8', HEAD_BYTES) };
  }

  #token(action: LinkAction, expires: number, id: Buffer): string {
    const head = Buffer.alloc(HEAD_BYTES);
    head[0] = VERSION;
    head[1] = LINK_ACTIONS.indexOf(action);
    head.writeUIntBE(expires, 2, EXPIRY_BYTES);
    const payload = Buffer.concat([head, id]);
    return Buffer.concat([payload, macOf(this.#keys[0], payload)]).toString('base64url');
  }
}

/** Address that `/alerts/…` follows, as a browser would write it. */
export function publicBase(publicUrl: string): string {
  const { origin, pathname } = new URL(publicUrl);
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/**
 * Keys of links, with a space between: the first one signs, all verify, so that links in old messages work while the key is
 * being changed.
 *
 * @throws PgvigilError SECRET_INVALID; the message never holds a key
 */
export function linkKeys(text: string): KeyObject[] {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => {
      const key = linkKey(word);
      // Both sides are this worker: a pair of keys would only make links longer.
      if (key.type === 'secret') return key;
      throw invalidKey('links are signed with a secret, whsec_…, and not with a pair of keys');
    });
}

function linkKey(word: string): KeyObject {
  try {
    return parseSecret(word);
  } catch (error) {
    throw error instanceof PgvigilError ? invalidKey(error.message, error) : error;
  }
}

function invalidKey(reason: string, cause?: unknown): PgvigilError {
  return new PgvigilError(
    'SECRET_INVALID',
    `links.secret: ${reason}`,
    'Make one with `pgvigil alerts keys`, for links alone: the secret for HMAC-SHA256.',
    cause,
  );
}

function macOf(key: KeyObject, payload: Buffer): Buffer {
  return createHmac('sha256', key).update(DOMAIN).update(payload).digest();
}
