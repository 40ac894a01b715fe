import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryLog } from '../../src/alerts/channel-queue.ts';
import type { Channel } from '../../src/alerts/channels/channel.ts';
import { WebhookChannel } from '../../src/alerts/channels/webhook.ts';
import { Deliverer, type DelivererOptions } from '../../src/alerts/delivery.ts';
import { depth } from '../../src/alerts/outbox.ts';
import { parseSecret } from '../../src/alerts/signature.ts';
import { WebhookReceiver } from '../../src/demo/receiver.ts';
import { timestamp } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { enqueueMany, NOW, newSecret, temporaryStore, undo } from './support.ts';

const secretText = newSecret();
const secrets = [parseSecret(secretText)];
const HOUR = 3_600_000;

/** A clock that stands still until the test moves it. */
class Clock {
  time = NOW;
  readonly now = () => this.time;
}

async function startReceiver(t: TestContext, clock: Clock): Promise<WebhookReceiver> {
  const receiver = new WebhookReceiver({ secrets, now: clock.now });
  await receiver.start();
  undo(t, () => receiver.stop());
  return receiver;
}

function webhook(name: string, url: string, timeoutMs = 5000): WebhookChannel {
  return new WebhookChannel({ name, url, secrets, version: '0.1.0', timeoutMs });
}

function newDeliverer(t: TestContext, options: DelivererOptions): Deliverer {
  const deliverer = new Deliverer({ random: () => 0.5, ...options });
  undo(t, () => deliverer.stop(0));
  return deliverer;
}

const numbersOf = (receiver: WebhookReceiver) => receiver.alerts.map((alert) => alert.data.number);
const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

interface Outcome extends Record<string, unknown> {
  state: string;
  attempts: number;
}

async function outcomes(store: Store): Promise<Outcome[]> {
  return store.rows<Outcome>('SELECT state, attempts FROM store.outbox ORDER BY created_at, rowid');
}

async function attemptsOf(store: Store): Promise<{ status: number | null; error: string | null }[]> {
  return store.rows('SELECT status, error FROM store.delivery_attempts ORDER BY started_at, attempt');
}

describe('delivery', () => {
  it('delivers each alert once and in order', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const deliverer = newDeliverer(t, { store, channels: [webhook('soc', receiver.url)], now: clock.now });
    await enqueueMany(store, ['soc'], 130, NOW);
    assert.equal(await deliverer.deliverDue(), 130);
    assert.equal(await deliverer.deliverDue(), 0);
    assert.deepEqual(numbersOf(receiver), upTo(130));
    assert.equal(receiver.requests.length, 130);
    assert.deepEqual(await depth(store), []);
  });

  it('tries again after a 500, on schedule, with the same id, and does not hold up the others', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const deliverer = newDeliverer(t, { store, channels: [webhook('soc', receiver.url)], now: clock.now });
    receiver.failNext(1, { status: 500 });
    await enqueueMany(store, ['soc'], 3, NOW);
    assert.equal(await deliverer.deliverDue(), 3);
    assert.deepEqual(numbersOf(receiver), [1, 2]);
    clock.time += 2_400;
    assert.equal(await deliverer.deliverDue(), 0);
    clock.time += 100; // half of five seconds
    assert.equal(await deliverer.deliverDue(), 1);
    assert.deepEqual(numbersOf(receiver), [1, 2, 0]);
    assert.equal(receiver.requests[0]?.webhookId, receiver.requests[3]?.webhookId);
    assert.deepEqual(
      (await attemptsOf(store)).map((attempt) => attempt.status),
      [500, 204, 204, 204],
    );
  });

  it('gives up after ten attempts, and keeps the row', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const deliverer = newDeliverer(t, { store, channels: [webhook('soc', receiver.url)], now: clock.now });
    receiver.failNext(20, { status: 500 });
    await enqueueMany(store, ['soc'], 1, NOW);
    for (let day = 0; day < 20; day++) {
      await deliverer.deliverDue();
      clock.time += 24 * HOUR;
    }
    assert.equal(receiver.requests.length, 10);
    assert.equal(new Set(receiver.requests.map((request) => request.webhookId)).size, 1);
    assert.deepEqual(await outcomes(store), [{ state: 'dead', attempts: 10 }]);
  });

  it('gives up at once after a 410', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const deliverer = newDeliverer(t, { store, channels: [webhook('soc', receiver.url)], now: clock.now });
    receiver.failNext(1, { status: 410 });
    await enqueueMany(store, ['soc'], 2, NOW);
    await deliverer.deliverDue();
    clock.time += 48 * HOUR;
    assert.equal(await deliverer.deliverDue(), 0);
    assert.deepEqual(await outcomes(store), [
      { state: 'dead', attempts: 1 },
      { state: 'delivered', attempts: 1 },
    ]);
  });

  it('leaves the receiver alone for as long as Retry-After says', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const deliverer = newDeliverer(t, { store, channels: [webhook('soc', receiver.url)], now: clock.now });
    receiver.failNext(1, { status: 429, headers: { 'retry-after': '600' } });
    await enqueueMany(store, ['soc'], 3, NOW);
    assert.equal(await deliverer.deliverDue(), 1);
    clock.time += 599_000;
    assert.equal(await deliverer.deliverDue(), 0);
    clock.time += 1_000;
    assert.equal(await deliverer.deliverDue(), 3);
    assert.deepEqual(numbersOf(receiver), upTo(3));
  });

  it('does not use up attempts of the others while the receiver is not there', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const gone = new WebhookReceiver({ secrets });
    const url = await gone.start();
    await gone.stop();
    const deliverer = newDeliverer(t, { store, channels: [webhook('soc', url)], now: clock.now });
    await enqueueMany(store, ['soc'], 50, NOW);
    assert.equal(await deliverer.deliverDue(), 1);
    assert.equal(await deliverer.deliverDue(), 0);
    clock.time += 10_000;
    assert.equal(await deliverer.deliverDue(), 1);
    assert.deepEqual((await attemptsOf(store))[0], {
      status: null,
      error: `${new URL(url).host}: ECONNREFUSED`,
    });
    assert.deepEqual(await depth(store), [{ channel: 'soc', pending: 50, oldest: NOW }]);
  });

  it('records a timeout and delivers later; what came late is not taken twice', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const channels = [webhook('soc', receiver.url, 80)];
    const deliverer = newDeliverer(t, { store, channels, now: clock.now });
    receiver.failNext(1, { delayMs: 60_000 });
    await enqueueMany(store, ['soc'], 1, NOW);
    await deliverer.deliverDue();
    assert.match((await attemptsOf(store))[0]?.error ?? '', /no answer within 80 ms$/);
    clock.time += HOUR;
    await deliverer.deliverDue();
    assert.deepEqual(await outcomes(store), [{ state: 'delivered', attempts: 2 }]);
    assert.equal(receiver.requests.length, 2);
    assert.deepEqual(numbersOf(receiver), [0]);
  });

  it('sends again with the same id when it dies between sending and recording', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const channels = [webhook('soc', receiver.url)];
    await enqueueMany(store, ['soc'], 2, NOW);
    const dying = newDeliverer(t, { store: failingOnce(store), channels, now: clock.now });
    await assert.rejects(dying.deliverDue(), /killed/);
    assert.deepEqual((await outcomes(store))[0], { state: 'pending', attempts: 0 });
    assert.deepEqual(await attemptsOf(store), []);
    await newDeliverer(t, { store, channels, now: clock.now }).deliverDue();
    const ids = receiver.requests.map((request) => request.webhookId);
    assert.equal(ids.length, 3);
    assert.equal(ids[0], ids[1]);
    assert.deepEqual(numbersOf(receiver), [0, 1]);
    assert.deepEqual(await depth(store), []);
  });

  it('leaves alone what is for a channel that is no longer configured', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const deliverer = newDeliverer(t, { store, channels: [webhook('soc', receiver.url)], now: clock.now });
    await enqueueMany(store, ['old', 'soc'], 2, NOW);
    assert.deepEqual(await deliverer.flush(5000), { pending: 0 });
    assert.deepEqual(await depth(store), [{ channel: 'old', pending: 2, oldest: NOW }]);
  });

  it('says so when the outbox is full, drops nothing, and still delivers for other channels', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    await store.transaction((transaction) =>
      transaction.run(
        `INSERT INTO store.outbox
         SELECT 'd' || i, 'al_x', 'gone', 'msg_' || i, '{}', 'pending', 1, $later, $later, NULL
         FROM range(10001) rows(i)`,
        { later: timestamp(NOW + 24 * HOUR) },
      ),
    );
    const receiver = await startReceiver(t, clock);
    const warnings: unknown[] = [];
    const log: DeliveryLog = {
      info: () => undefined,
      warn: (fields) => warnings.push(fields),
    };
    const deliverer = newDeliverer(t, {
      store,
      channels: [webhook('soc', receiver.url)],
      now: clock.now,
      log,
    });
    deliverer.start();
    await enqueueMany(store, ['soc'], 1, NOW);
    const deadline = Date.now() + 20_000;
    while ((receiver.alerts.length === 0 || warnings.length === 0) && Date.now() < deadline) await sleep(50);
    assert.equal(receiver.alerts.length, 1);
    assert.equal((warnings[0] as { pending: number }).pending >= 10_001, true);
    const [gone] = (await depth(store)).filter(({ channel }) => channel === 'gone');
    assert.equal(gone?.pending, 10_001);
  });

  it('records the failure of a channel that throws, without its words', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const broken: Channel = {
      name: 'soc',
      deliver: () => Promise.reject(new TypeError(`no route to https://x/?k=${secretText}`)),
    };
    const deliverer = newDeliverer(t, { store, channels: [broken], now: clock.now });
    await enqueueMany(store, ['soc'], 1, NOW);
    await deliverer.deliverDue();
    assert.deepEqual(await attemptsOf(store), [{ status: null, error: 'the channel failed (TypeError)' }]);
    assert.deepEqual(await outcomes(store), [{ state: 'pending', attempts: 1 }]);
  });

  it('keeps addresses and secrets out of the store and the log', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const url = receiver.url
      .replace('http://', 'http://alice:hunter2@')
      .replace('/alerts', '/T0PATH?k=t0ken');
    const lines: unknown[] = [];
    const log: DeliveryLog = {
      info: (...line) => lines.push(line),
      warn: (...line) => lines.push(line),
    };
    const deliverer = newDeliverer(t, { store, channels: [webhook('soc', url, 60)], now: clock.now, log });
    await enqueueMany(store, ['soc'], 4, NOW);
    receiver.failNext(1, { status: 410 });
    receiver.failNext(1, { status: 302, headers: { location: 'https://x/?k=t0ken' } });
    receiver.failNext(1, { delayMs: 60_000 });
    await deliverer.deliverDue();
    await receiver.stop();
    clock.time += HOUR;
    await deliverer.deliverDue();
    assert.equal(lines.length, 4);
    const written = JSON.stringify([lines, await attemptsOf(store)]);
    assert.match(written, /answered 410.*answered 302.*no answer.*ECONN/);
    for (const secret of ['hunter2', 't0ken', 'T0PATH', 'alice', secretText.slice(6, 18)]) {
      assert.ok(!written.includes(secret), written);
    }
  });

  it('drains 2,000 messages', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const deliverer = newDeliverer(t, { store, channels: [webhook('soc', receiver.url)], now: clock.now });
    await enqueueMany(store, ['soc'], 2000, NOW);
    assert.deepEqual(await deliverer.flush(120_000), { pending: 0 });
    assert.deepEqual(numbersOf(receiver), upTo(2000));
    assert.equal(receiver.requests.length, 2000);
  });
});

describe('the deliverer while it runs', () => {
  it('does not let a slow receiver delay another', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const [slow, quick] = [await startReceiver(t, clock), await startReceiver(t, clock)];
    slow.failNext(100, { delayMs: 60_000 });
    const channels = [webhook('slow', slow.url, 60_000), webhook('quick', quick.url)];
    const deliverer = newDeliverer(t, { store, channels, now: clock.now });
    await enqueueMany(store, ['slow', 'quick'], 5, NOW);
    deliverer.start();
    await until(() => quick.alerts.length === 5 && slow.requests.length === 1);
    await store.transaction((transaction) =>
      transaction.run(
        "UPDATE store.outbox SET state = 'pending' WHERE channel = 'quick' AND alert_id IN ('al_3', 'al_4')",
      ),
    );
    await until(() => quick.requests.length === 7); // a later pass, while the slow one is still busy
    assert.equal(slow.requests.length, 1);
    assert.deepEqual(numbersOf(quick), upTo(5));
  });

  it('goes on after the store failed', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const warnings: string[] = [];
    const log: DeliveryLog = { info: () => undefined, warn: (_fields, text) => warnings.push(text) };
    const channels = [webhook('soc', receiver.url)];
    await enqueueMany(store, ['soc'], 2, NOW);
    const deliverer = newDeliverer(t, { store: failingOnce(store), channels, now: clock.now, log });
    deliverer.start();
    await until(() => receiver.requests.length === 3);
    assert.deepEqual(numbersOf(receiver), upTo(2));
    assert.deepEqual(warnings, ['the outbox could not be read or written']);
  });

  it('lets an attempt end when it stops', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    receiver.failNext(1, { delayMs: 150 });
    const deliverer = newDeliverer(t, { store, channels: [webhook('soc', receiver.url)], now: clock.now });
    await enqueueMany(store, ['soc'], 3, NOW);
    deliverer.start();
    await until(() => receiver.requests.length === 1);
    await deliverer.stop(10_000);
    assert.deepEqual(
      (await outcomes(store)).map((row) => row.state),
      ['delivered', 'pending', 'pending'],
    );
    assert.equal(receiver.requests.length, 1);
  });

  it('cuts off and records an attempt that takes too long to stop, and makes it again after a restart', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    receiver.failNext(1, { delayMs: 60_000 });
    const channels = [webhook('soc', receiver.url, 60_000)];
    await enqueueMany(store, ['soc'], 1, NOW);
    const first = newDeliverer(t, { store, channels, now: clock.now });
    first.start();
    await until(() => receiver.requests.length === 1);
    await first.stop(20);
    assert.deepEqual(await outcomes(store), [{ state: 'pending', attempts: 1 }]);
    assert.match((await attemptsOf(store))[0]?.error ?? '', /stopped before an answer came$/);
    assert.deepEqual(await newDeliverer(t, { store, channels, now: clock.now }).flush(5000), { pending: 0 });
    assert.equal(receiver.requests[0]?.webhookId, receiver.requests[1]?.webhookId);
    assert.deepEqual(numbersOf(receiver), [0]);
  });

  it('says after a flush what is left when time is up', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    receiver.failNext(1, { delayMs: 60_000 });
    const channels = [webhook('soc', receiver.url, 60_000)];
    const deliverer = newDeliverer(t, { store, channels, now: clock.now });
    await enqueueMany(store, ['soc'], 3, NOW);
    assert.deepEqual(await deliverer.flush(60), { pending: 3 });
    await deliverer.stop(0);
    assert.equal(await deliverer.deliverDue(), 0);
  });
});

/** The store of a process that is killed before its first commit. */
function failingOnce(store: Store): Store {
  let killed = false;
  return new Proxy(store, {
    get(target, key) {
      if (key === 'transaction' && !killed) {
        killed = true;
        return () => Promise.reject(new Error('killed'));
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
