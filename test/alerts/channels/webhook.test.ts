import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { webhook } from '../../../src/alerts/channels/webhook.ts';
import { newSecret } from '../support.ts';
import { conforms, contextWith, send } from './conformance.ts';
import { assertGoldenJson, GOLDEN_MESSAGES, stageOf } from './golden.ts';
import { LARGEST_MESSAGE, OPENED } from './messages.ts';
import { HTTP_FAULTS, HttpReceiver } from './receiver.ts';

const secret = newSecret();

/** Answers as a receiver that verifies with the reference implementation. */
function verified({ headers, body, method }: { headers: object; body: string; method: string }) {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
  } catch {
    return { status: 401 };
  }
  if (Buffer.byteLength(body) >= 20_000) return { status: 413 };
  return { status: method === 'POST' ? 204 : 405 };
}

conforms('webhook', {
  faults: HTTP_FAULTS,
  async rig(t, changes) {
    const receiver = await HttpReceiver.start(t, verified, { tls: true });
    const url = `${receiver.origin}/hooks/a-long-path-that-is-secret?token=also-a-secret-value`;
    const context = contextWith({ ca: receiver.ca, ...changes }, { KEY: secret, URL: url });
    const channel = await webhook.open({ url: { env: 'URL' }, secret: { env: 'KEY' } }, context);
    t.after(() => channel.close());
    return {
      channel,
      taken: () =>
        receiver.taken.map(({ headers, body }) => ({ id: String(headers['webhook-id']), text: body })),
      failNext: (...faults) => receiver.failNext(...faults),
      secrets: [secret, 'a-long-path-that-is-secret', 'also-a-secret-value'],
    };
  },
});

describe('the webhook channel', () => {
  for (const message of GOLDEN_MESSAGES) {
    it(`posts ${message.type} as the golden file has it`, async (t) => {
      const receiver = await HttpReceiver.start(t, verified);
      const context = contextWith({}, { KEY: secret });
      const channel = await webhook.open({ url: `${receiver.origin}/`, secret: { env: 'KEY' } }, context);
      await send(channel, message);
      assertGoldenJson(`webhook-${stageOf(message)}`, JSON.parse(receiver.taken[0]!.body));
    });
  }

  it('posts the message as it is, below 20 kB, with every key of a rotation', async (t) => {
    const next = newSecret();
    const receiver = await HttpReceiver.start(t, verified);
    const context = contextWith({}, { KEY: `${next} ${secret}` });
    const channel = await webhook.open({ url: `${receiver.origin}/`, secret: { env: 'KEY' } }, context);
    for (const message of [OPENED, LARGEST_MESSAGE]) {
      assert.equal((await send(channel, message)).outcome, 'delivered');
      const { body, headers } = receiver.taken.at(-1)!;
      assert.equal(body, JSON.stringify(message));
      assert.equal(headers['content-type'], 'application/json');
      assert.equal(headers['user-agent'], 'pgvigil/0.1.0');
      assert.doesNotThrow(() => new Webhook(next).verify(body, headers as Record<string, string>));
    }
  });
});
