import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CloudEventV1, HTTP, type CloudEvent as SdkEvent } from 'cloudevents';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { cloudEventOf, cloudevents } from '../../../src/alerts/channels/cloudevents.ts';
import type { Message } from '../../../src/alerts/message.ts';
import { newSecret } from '../support.ts';
import { anyAlertMessage } from './arbitrary.ts';
import { conforms, contextWith } from './conformance.ts';
import { assertGoldenJson, GOLDEN_MESSAGES, stageOf } from './golden.ts';
import { DIGEST, MESSAGES, OPENED } from './messages.ts';
import { HTTP_FAULTS, HttpReceiver, type Received } from './receiver.ts';

const secret = newSecret();

/** As the SDK of CloudEvents reads a request. @throws Error where it is no event by the published JSON schema */
function eventOf(headers: Received['headers'], body: string): SdkEvent<Message['data']> {
  const event = HTTP.toEvent<Message['data']>({ headers, body });
  if (Array.isArray(event)) throw new Error('more than one event');
  // Reading alone is lenient.
  (event as SdkEvent).validate();
  return event as SdkEvent<Message['data']>;
}

function received({ headers, body, method }: Received) {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
  } catch {
    return { status: 401 };
  }
  if (headers['content-type'] !== 'application/cloudevents+json; charset=utf-8') return { status: 415 };
  try {
    eventOf(headers, body);
  } catch (error) {
    return { status: 400, text: String(error) };
  }
  return { status: method === 'POST' ? 204 : 405 };
}

conforms('cloudevents', {
  faults: HTTP_FAULTS,
  async rig(t, changes) {
    const receiver = await HttpReceiver.start(t, received, { tls: true });
    const url = `${receiver.origin}/api/events/a-long-path-that-is-secret`;
    const context = contextWith({ ca: receiver.ca, ...changes }, { KEY: secret, URL: url });
    const channel = await cloudevents.open({ url: { env: 'URL' }, secret: { env: 'KEY' } }, context);
    t.after(() => channel.close());
    return {
      channel,
      taken: () => receiver.taken.map(({ headers, body }) => ({ id: eventOf(headers, body).id, text: body })),
      failNext: (...faults) => receiver.failNext(...faults),
      secrets: [secret, 'a-long-path-that-is-secret'],
    };
  },
});

/** The event as it arrives, read by the SDK. */
function sent(message: Message): CloudEventV1<Message['data']> {
  const body = JSON.stringify(cloudEventOf('msg_0123456789abcdef', message));
  return eventOf({ 'content-type': 'application/cloudevents+json' }, body);
}

describe('cloud events', () => {
  it('are what they were (UPDATE_GOLDEN=1 rewrites)', () => {
    for (const message of GOLDEN_MESSAGES) {
      assertGoldenJson(`cloudevents-${stageOf(message)}`, cloudEventOf('msg_0123456789abcdef', message));
    }
  });

  it('arrive with the message as their data and its kind as their type', () => {
    for (const message of Object.values(MESSAGES)) {
      const event = sent(message);
      assert.deepEqual(event.data, JSON.parse(JSON.stringify(message.data)));
      assert.equal(event.type, `io.pgvigil.${message.type}.v1`);
      assert.equal(event.pgvigiltype, message.type);
      assert.equal(event.subject, message.data.id);
      assert.equal(event.time, message.timestamp);
    }
    assert.equal(sent(OPENED).source, '/pgvigil/servers/pg-prod-1');
    assert.equal(sent(DIGEST).source, '/pgvigil');
    const odd = { ...OPENED, data: { ...OPENED.data, server: 'pg/prod 1?#é' } };
    assert.equal(sent(odd).source, '/pgvigil/servers/pg%2Fprod%201%3F%23%C3%A9');
  });

  it('are valid whatever the alert, and have no time that cannot be written', () => {
    fc.assert(
      fc.property(anyAlertMessage, (message) => {
        assert.doesNotThrow(() => sent(message));
      }),
      { numRuns: 300 },
    );
    for (const timestamp of [null, '+010000-01-01T00:00:00.000Z']) {
      assert.equal('time' in cloudEventOf('msg_1', { ...OPENED, timestamp }), false);
    }
  });
});
