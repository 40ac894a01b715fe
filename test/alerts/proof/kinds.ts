/** The four receivers: how each is configured in the worker, and what it makes of a body and a signature by itself. */
import { createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { newKeyPair, newSecret } from '../../../src/alerts/signature.ts';

/** The headers of Standard Webhooks. */
export type SignedHeaders = Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>;

export interface ReceiverKind {
  name: string;
  /** Of the channel. */
  type: 'webhook' | 'cloudevents' | 'ocsf';
  scheme: 'hmac' | 'ed25519';
  /** What the message is about, and its type. */
  subjectOf(body: Body): { alert: string; step: string };
}

/** As far as a receiver looks into it. */
interface Body {
  type: string;
  pgvigiltype: string;
  data: { id: string };
  finding_info: { uid: string };
  metadata: { event_code: string };
}

export const RECEIVERS: readonly ReceiverKind[] = [
  {
    name: 'webhook-hmac',
    type: 'webhook',
    scheme: 'hmac',
    subjectOf: ({ data, type }) => ({ alert: data.id, step: type }),
  },
  {
    name: 'webhook-ed25519',
    type: 'webhook',
    scheme: 'ed25519',
    subjectOf: ({ data, type }) => ({ alert: data.id, step: type }),
  },
  {
    name: 'cloudevents',
    type: 'cloudevents',
    scheme: 'hmac',
    subjectOf: ({ data, pgvigiltype }) => ({ alert: data.id, step: pgvigiltype }),
  },
  {
    name: 'ocsf',
    type: 'ocsf',
    scheme: 'hmac',
    subjectOf: ({ finding_info, metadata }) => ({ alert: finding_info.uid, step: metadata.event_code }),
  },
];

/** What the worker signs with, and what the receiver verifies with: with HMAC the same. */
export function newKeys({ scheme }: ReceiverKind): { secret: string; verifying: string } {
  if (scheme === 'ed25519') {
    const { secret, publicKey } = newKeyPair();
    return { secret, verifying: publicKey };
  }
  const secret = newSecret();
  return { secret, verifying: secret };
}

/** Whether a request is signed, found out with nothing of pgvigil. */
export function isSigned(
  scheme: ReceiverKind['scheme'],
  verifying: string,
  headers: SignedHeaders,
  body: Buffer,
): boolean {
  if (scheme === 'ed25519') return isSignedByPair(verifying, headers, body);
  try {
    new Webhook(verifying).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

/** `v1a` of Standard Webhooks, which the package does not know. */
function isSignedByPair(publicKey: string, headers: SignedHeaders, body: Buffer): boolean {
  const x = Buffer.from(publicKey.replace('whpk_', ''), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const start = `${headers['webhook-id']}.${headers['webhook-timestamp']}.`;
  const signature = Buffer.from(headers['webhook-signature'].replace('v1a,', ''), 'base64');
  return verify(null, Buffer.concat([Buffer.from(start), body]), key, signature);
}
