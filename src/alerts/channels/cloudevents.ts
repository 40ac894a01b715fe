/**
 * Channel that posts each message as a CloudEvent 1.0 (github.com/cloudevents/spec) in structured mode: JSON event format 1.0,
 * HTTP protocol binding 1.0 section 3.2.
 */
import { receiverUrl } from '../../config/references.ts';
import type { Message } from '../message.ts';
import { CHANNEL_EVENTS, channelKind } from './channel.ts';
import { openSigned, optionalProof } from './signed.ts';

/** The attributes are those of the specification, section "Context Attributes". */
export interface CloudEvent {
  specversion: '1.0';
  /** The same on every attempt: receivers take events of one source with one id for repeats. */
  id: string;
  /** Who found it: pgvigil watching this server. A URI reference. */
  source: string;
  type: string;
  /** What it is about: id of the alert or of the digest. */
  subject?: string;
  /** RFC 3339. */
  time?: string;
  datacontenttype: 'application/json';
  /** Extension attribute: the type as the other channels have it. */
  pgvigiltype: Message['type'];
  data: Message['data'];
}

export const cloudevents = channelKind({
  type: 'cloudevents',
  shape: {
    url: receiverUrl.describe(
      'Where alerts are posted as CloudEvents. A URL that is itself a secret comes from env or file.',
    ),
    ...optionalProof,
  },
  paths: [],
  events: CHANNEL_EVENTS,
  open: (target, context) =>
    openSigned(
      target,
      {
        contentType: 'application/cloudevents+json; charset=utf-8',
        bodyOf: ({ id, message }) => JSON.stringify(cloudEventOf(id, message)),
      },
      context,
    ),
});

/** Version of the form of `data`: it rises when a receiver that knows the old form could misread the new one. */
const DATA_VERSION = 'v1';

/** What RFC 3339 can say: years of four digits. */
const RFC_3339 = /^\d{4}-/;

/** @param id of the delivery. */
export function cloudEventOf(id: string, message: Message): CloudEvent {
  const { type, timestamp, data } = message;
  return {
    specversion: '1.0',
    id,
    source:
      message.type === 'alert.digest'
        ? '/pgvigil'
        : `/pgvigil/servers/${encodeURIComponent(message.data.server)}`,
    type: `io.pgvigil.${type}.${DATA_VERSION}`,
    // Both attributes are absent rather than empty or null.
    ...(data.id !== '' && { subject: data.id }),
    ...(timestamp !== null && RFC_3339.test(timestamp) && { time: timestamp }),
    datacontenttype: 'application/json',
    pgvigiltype: type,
    data,
  };
}
