/** What the channels share that post one body a message, signed, for machines to check. */
import type { KeyObject } from 'node:crypto';
import { type ReceiverUrl, type SecretRef, secretRef } from '../../config/references.ts';
import { PgvigilError } from '../../errors.ts';
import { parseSecret, signatureHeader } from '../signature.ts';
import type { Channel, ChannelContext, DeliveryResult, OutgoingMessage } from './channel.ts';
import { HttpSender, judgeAnswer } from './http.ts';
import { urlOf } from './url.ts';

/** Keys of kinds whose receivers may check a signature, a token, or both. */
export const optionalProof = {
  secret: secretRef
    .optional()
    .describe(
      'Key that signs each message (Standard Webhooks): whsec_… or whsk_…. Several with a space between sign all. ' +
        'Without secret and token the receiver cannot tell who sent a message.',
    ),
  token: secretRef
    .optional()
    .describe('Token that the receiver asks for, sent as Authorization: Bearer. May stand beside secret.'),
};

/** Where messages go, and what proves that they are ours. */
export interface SignedTarget {
  url: ReceiverUrl;
  secret?: SecretRef | undefined;
  token?: SecretRef | undefined;
}

/** How a kind writes a message down. */
export interface BodyFormat {
  contentType: string;
  /** The same message gives the same text on every attempt. */
  bodyOf(message: OutgoingMessage): string;
}

/** @throws PgvigilError SECRET_INVALID, CONFIG_INVALID */
export async function openSigned(
  target: SignedTarget,
  format: BodyFormat,
  context: ChannelContext,
): Promise<Channel> {
  const { name } = context;
  const url = await urlOf(target.url, context);
  const secrets = target.secret === undefined ? [] : wordsOf(await context.secret(target.secret));
  const token = target.token === undefined ? null : tokenOf(name, await context.secret(target.token));
  if (token !== null && hasCredentials(url)) {
    throw new PgvigilError(
      'CONFIG_INVALID',
      `channel ${name} has a token, and a user name or password in its URL`,
      'Both would be the Authorization header: leave one of them out.',
    );
  }
  const sender = new HttpSender(url, token === null ? secrets : [...secrets, token], context);
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  return new SignedChannel(name, sender, secrets.map(parseSecret), headers, format);
}

/** Posts what its format makes of a message, with the headers of Standard Webhooks 1.0.0 where there is a key. */
class SignedChannel implements Channel {
  readonly name: string;
  readonly target: string;
  readonly #sender: HttpSender;
  readonly #keys: readonly KeyObject[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #format: BodyFormat;

  constructor(
    name: string,
    sender: HttpSender,
    keys: readonly KeyObject[],
    headers: Readonly<Record<string, string>>,
    format: BodyFormat,
  ) {
    this.name = name;
    this.target = sender.host;
    this.#sender = sender;
    this.#keys = keys;
    this.#headers = headers;
    this.#format = format;
  }

  async deliver(message: OutgoingMessage, signal: AbortSignal): Promise<DeliveryResult> {
    const { id, timestampSeconds } = message;
    const body = this.#format.bodyOf(message);
    const headers = {
      ...this.#headers,
      'content-type': this.#format.contentType,
      // Without a key too: the id is what a receiver drops repeats by.
      'webhook-id': id,
      'webhook-timestamp': String(timestampSeconds),
      ...(this.#keys.length > 0 && {
        'webhook-signature': signatureHeader(this.#keys, id, timestampSeconds, body),
      }),
    };
    return judgeAnswer(this.target, await this.#sender.post(body, headers, signal));
  }

  close(): Promise<void> {
    return this.#sender.close();
  }
}

function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/);
}

function tokenOf(name: string, text: string): string {
  const token = text.trim();
  // Node.js refuses other characters in a header, at every attempt anew.
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new PgvigilError(
    'SECRET_INVALID',
    `the token of channel ${name} is empty, or holds more than one word of ASCII`,
    'Give the token alone, without "Bearer".',
  );
}

function hasCredentials(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}
