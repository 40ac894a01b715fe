/** Channel that posts to any receiver of Standard Webhooks 1.0.0 (github.com/standard-webhooks/standard-webhooks). */
import { receiverUrl, secretRef } from '../../config/references.ts';
import { CHANNEL_EVENTS, channelKind } from './channel.ts';
import { openSigned } from './signed.ts';

export const webhook = channelKind({
  type: 'webhook',
  shape: {
    url: receiverUrl.describe(
      'Where alerts are posted. A URL that is itself a secret comes from env or file.',
    ),
    secret: secretRef.describe(
      'Key that signs each message (Standard Webhooks): whsec_… or whsk_…. Several with a space between sign all.',
    ),
  },
  paths: [],
  events: CHANNEL_EVENTS,
  open: (target, context) =>
    // The message as it stands in the outbox.
    openSigned(target, { contentType: 'application/json', bodyOf: ({ json }) => json }, context),
});
