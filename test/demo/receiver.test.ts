import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { parseSecret } from '../../src/alerts/signature.ts';
import { type ReceivedAlert, type ReceiverOptions, WebhookReceiver } from '../../src/demo/receiver.ts';

const secretText = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`;
const BODY = '{"type":"alert.opened","timestamp":"2026-03-01T12:00:00.000Z","data":{"id":"al_1"}}';

async function startReceiver(
  t: TestContext,
  options: Partial<ReceiverOptions> = {},
): Promise<WebhookReceiver> {
  const receiver = new WebhookReceiver({ secrets: [parseSecret(secretText)], ...options });
  await receiver.start();
  t.after(() => receiver.stop());
  return receiver;
}

/** Posts as any sender of Standard Webhooks does: signed by the reference implementation. */
async function post(
  receiver: WebhookReceiver,
  { id = 'msg_1', body = BODY, sent = '', at = new Date(), secret = secretText } = {},
): Promise<Response> {
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
  return fetch(receiver.url, { method: 'POST', headers, body: sent || body });
}

describe('the receiver', () => {
  it('keeps what is signed and tells of it', async (t) => {
    const receiver = await startReceiver(t);
    const told: ReceivedAlert[] = [];
    receiver.on('alert', (alert) => told.push(alert));
    assert.equal((await post(receiver)).status, 204);
    assert.deepEqual(receiver.alerts, [
      {
        webhookId: 'msg_1',
        type: 'alert.opened',
        timestamp: '2026-03-01T12:00:00.000Z',
        data: { id: 'al_1' },
      },
    ]);
    assert.deepEqual(told, receiver.alerts);
  });

  it('answers 401 to a wrong secret, a changed body, an old or future time, and no headers', async (t) => {
    const receiver = await startReceiver(t);
    const otherSecret = `whsec_${Buffer.alloc(32, 'o').toString('base64')}`;
    assert.equal((await post(receiver, { secret: otherSecret })).status, 401);
    assert.equal((await post(receiver, { sent: BODY.replace('al_1', 'al_2') })).status, 401);
    assert.equal((await post(receiver, { at: new Date(Date.now() - 301_000) })).status, 401);
    assert.equal((await post(receiver, { at: new Date(Date.now() + 302_000) })).status, 401);
    assert.equal((await fetch(receiver.url, { method: 'POST', body: BODY })).status, 401);
    assert.deepEqual(receiver.alerts, []);
  });

  it('drops repeats by webhook-id and says that they are fine', async (t) => {
    const receiver = await startReceiver(t);
    for (let time = 0; time < 3; time++) assert.equal((await post(receiver)).status, 204);
    assert.equal((await post(receiver, { id: 'msg_2' })).status, 204);
    assert.deepEqual(
      receiver.alerts.map((alert) => alert.webhookId),
      ['msg_1', 'msg_2'],
    );
    assert.equal(receiver.requests.length, 4);
  });

  it('refuses what is signed but no message, and what is too large', async (t) => {
    const receiver = await startReceiver(t);
    for (const body of ['', 'null', '[]', '{', '{"type":"x"}', '{"type":1,"timestamp":"","data":{}}']) {
      assert.equal((await post(receiver, { body })).status, 400, body);
    }
    assert.equal((await post(receiver, { body: 'x'.repeat(70_000) })).status, 413);
    assert.deepEqual(receiver.alerts, []);
  });

  it('fails as told, then takes the message', async (t) => {
    const receiver = await startReceiver(t);
    receiver.failNext(2, { status: 503, headers: { 'retry-after': '7' } });
    for (let time = 0; time < 2; time++) {
      const response = await post(receiver);
      assert.equal(response.status, 503);
      assert.equal(response.headers.get('retry-after'), '7');
    }
    assert.deepEqual(receiver.alerts, []);
    assert.equal((await post(receiver)).status, 204);
    assert.equal(receiver.alerts.length, 1);
  });

  it('ends while a late answer is outstanding', async (t) => {
    const receiver = await startReceiver(t);
    receiver.failNext(1, { delayMs: 60_000 });
    const answer = post(receiver).then(
      () => 'answered',
      () => 'cut',
    );
    while (receiver.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await receiver.stop();
    assert.equal(await answer, 'cut');
    assert.equal(receiver.alerts.length, 1);
  });

  it('judges times by the clock that it was given', async (t) => {
    const at = Date.UTC(2020, 0, 1);
    const receiver = await startReceiver(t, { now: () => at });
    assert.equal((await post(receiver, { at: new Date(at) })).status, 204);
    assert.equal((await post(receiver, { id: 'msg_2' })).status, 401);
  });
});
