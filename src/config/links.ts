/** The section `links` of the configuration: links in messages with which people acknowledge and close alerts. */
import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { MAX_PUBLIC_URL, publicBase } from '../alerts/links.ts';
import { isLoopbackHost, type SecretRef, secretRef } from './references.ts';

const publicUrl = z
  .string()
  .superRefine((value, context) => {
    const problem = problemOf(value);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({ allowed: 'an https:// URL' });

function problemOf(value: string): string | null {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'must be a URL that starts with https://';
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    return 'must be an https:// URL; http:// is for this machine only';
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return 'must be an address without user name, password, ? and #';
  }
  return publicBase(value).length > MAX_PUBLIC_URL
    ? `must be ${MAX_PUBLIC_URL} characters long at most`
    : null;
}

export const linksSchema = z.strictObject({
  publicUrl: publicUrl.describe(
    'Address that people open links at: that of a reverse proxy with TLS and sign-on in front of host and port. ' +
      'Whoever has a link can act until it expires, and links stand in what receivers store.',
  ),
  secret: secretRef.describe(
    'Key of its own that signs links, whsec_…. Several with a space between: the first one signs, all are accepted.',
  ),
  host: z
    .string()
    .refine((text) => isIP(text) !== 0, 'must be an IP address of this machine')
    .default('127.0.0.1')
    .meta({ allowed: 'an IP address of this machine' })
    .describe('Address that the worker listens on, with HTTP and no TLS of its own.'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .describe(
      'Port that the worker listens on. Without the section links there are none, and nothing listens.',
    ),
  lifetimeDays: z
    .int()
    .min(1)
    .max(90)
    .default(7)
    .describe('Days that a link works. A decision by link is recorded under the name that the person types.'),
});

type Configured = {
  links?: { secret: SecretRef } | undefined;
  channels: readonly Record<string, unknown>[];
};

/** The receiver of a webhook knows its key, and could make links with it that nobody was sent. */
export function refuseSharedKey({ links, channels }: Configured, context: z.RefinementCtx): void {
  if (links === undefined) return;
  const shared = channels.find(({ secret }) => isDeepStrictEqual(secret, links.secret));
  if (shared === undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['links', 'secret'],
    message: `must be a key of its own: channel ${shared.name} has the same, and its receiver knows it`,
  });
}
