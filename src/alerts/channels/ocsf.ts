/** Channel that posts each message as a Detection Finding of OCSF, as data lakes and SIEMs take it over HTTP. */
import { receiverUrl } from '../../config/references.ts';
import { CHANNEL_EVENTS, channelKind } from './channel.ts';
import { findingOf } from './ocsf-finding.ts';
import { openSigned, optionalProof } from './signed.ts';

export const ocsf = channelKind({
  type: 'ocsf',
  shape: {
    url: receiverUrl.describe(
      'Where alerts are posted as OCSF 1.6.0 Detection Findings. A URL that is itself a secret comes from env or file.',
    ),
    ...optionalProof,
  },
  paths: [],
  events: CHANNEL_EVENTS,
  open: (target, context) =>
    openSigned(
      target,
      {
        contentType: 'application/json; charset=utf-8',
        bodyOf: ({ id, message }) => JSON.stringify(findingOf(message, { id, version: context.version })),
      },
      context,
    ),
});
