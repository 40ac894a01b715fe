import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from '../../src/alerts/channels/channel.ts';
import type { DeliveryLog } from '../../src/alerts/delivery-report.ts';
import { enable } from '../../src/alerts/disabled-channels.ts';
import { depth, enqueue } from '../../src/alerts/outbox.ts';
import { WebhookReceiver } from '../../src/demo/receiver.ts';
import {
  attemptsOf,
  Clock,
  failingOnce,
  HOUR,
  newDeliverer,
  numbersOf,
  outcomes,
  secrets,
  secretText,
  startReceiver,
  upTo,
  webhook,
} from './delivery-rig.ts';
import { enqueueMany, NOW, numbered, subject, temporaryStore, toAll } from './support.ts';

describe('the queue of a channel', () => {
  it('delivers each alert once and in order', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const deliverer = newDeliverer(t, {
      store,
      channels: [await webhook('soc', receiver.url)],
      now: clock.now,
    });
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
    const deliverer = newDeliverer(t, {
      store,
      channels: [await webhook('soc', receiver.url)],
      now: clock.now,
    });
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
    const deliverer = newDeliverer(t, {
      store,
      channels: [await webhook('soc', receiver.url)],
      now: clock.now,
    });
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

  it('sends nothing more after a 410, gives nothing up, and goes on when the channel is enabled', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const [receiver, other] = [await startReceiver(t, clock), await startReceiver(t, clock)];
    const channels = [await webhook('soc', receiver.url), await webhook('dba', other.url)];
    const deliverer = newDeliverer(t, { store, channels, now: clock.now });
    receiver.failNext(1, { status: 410 });
    await enqueueMany(store, ['soc', 'dba'], 2, NOW);
    await deliverer.deliverDue();
    clock.time += 48 * HOUR;
    assert.equal(await deliverer.deliverDue(), 0);
    assert.deepEqual([receiver.requests.length, other.alerts.length], [1, 2]);
    assert.deepEqual(
      await store.rows("SELECT channel, reason LIKE '%answered 410' AS why FROM disabled_channels"),
      [{ channel: 'soc', why: true }],
    );
    assert.equal(await store.transaction((transaction) => enable(transaction, 'soc')), true);
    assert.equal(await deliverer.deliverDue(), 2);
    assert.deepEqual(numbersOf(receiver), upTo(2));
    assert.equal(receiver.requests[0]?.webhookId, receiver.requests[1]?.webhookId);
  });

  it('keeps the order of one alert while several messages are under way', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const channels = [await webhook('soc', receiver.url)];
    const limits = { concurrency: 8, strikes: 1_000, retryDelaysMs: Array(50).fill(0) as number[] };
    const deliverer = newDeliverer(t, { store, channels, now: clock.now, limits });
    const steps = 6;
    await store.transaction(async (transaction) => {
      for (let sequence = 1; sequence <= steps; sequence++) {
        for (let alert = 0; alert < 10; alert++) {
          const message = numbered(alert, { count: sequence });
          await enqueue(transaction, subject(`al_${alert}`, { sequence }), message, toAll(['soc']), NOW);
        }
      }
    });
    for (let fault = 0; fault < 30; fault++) {
      receiver.failNext(1, { status: 500 });
      receiver.failNext(1, { delayMs: 5 });
    }
    await deliverer.flush(60_000);
    const byAlert = new Map<unknown, unknown[]>();
    for (const { data } of receiver.alerts)
      byAlert.set(data.id, [...(byAlert.get(data.id) ?? []), data.count]);
    assert.equal(byAlert.size, 10);
    for (const counts of byAlert.values()) assert.deepEqual(counts, [1, 2, 3, 4, 5, 6]);
  });

  it('makes several attempts at once', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    receiver.failNext(8, { delayMs: 300 });
    const channels = [await webhook('soc', receiver.url)];
    const deliverer = newDeliverer(t, { store, channels, now: clock.now, limits: { concurrency: 4 } });
    await enqueueMany(store, ['soc'], 8, NOW);
    const began = performance.now();
    await deliverer.deliverDue();
    assert.equal(receiver.alerts.length, 8);
    assert.ok(performance.now() - began < 8 * 300, 'one after the other');
  });

  it('leaves the receiver alone for as long as Retry-After says', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const deliverer = newDeliverer(t, {
      store,
      channels: [await webhook('soc', receiver.url)],
      now: clock.now,
    });
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
    const deliverer = newDeliverer(t, { store, channels: [await webhook('soc', url)], now: clock.now });
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
    const channels = [await webhook('soc', receiver.url, 80)];
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
    const channels = [await webhook('soc', receiver.url)];
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
    const deliverer = newDeliverer(t, {
      store,
      channels: [await webhook('soc', receiver.url)],
      now: clock.now,
    });
    await enqueueMany(store, ['old', 'soc'], 2, NOW);
    assert.deepEqual(await deliverer.flush(5000), { pending: 0 });
    assert.deepEqual(await depth(store), [{ channel: 'old', pending: 2, oldest: NOW }]);
  });

  it('leaves a receiver alone that is not there, longer each time, and asks it with one message', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    receiver.failNext(1_000, { status: 503 });
    const limits = { concurrency: 4, strikes: 3, pauseMs: 5_000, maxPauseMs: 12_000 };
    const channels = [await webhook('soc', receiver.url)];
    const deliverer = newDeliverer(t, { store, channels, now: clock.now, limits });
    await enqueueMany(store, ['soc'], 50, NOW);
    const made = [await deliverer.deliverDue()];
    assert.ok((made[0] ?? 0) >= 3 && (made[0] ?? 0) <= 7, `${made[0]} attempts before it is left alone`);
    for (const [wait, attempts] of [
      [4_900, 0],
      [100, 1],
      [9_900, 0],
      [100, 1],
      [11_900, 0],
      [100, 1],
    ] as const) {
      clock.time += wait;
      assert.equal(await deliverer.deliverDue(), attempts, `after ${clock.time - NOW} ms`);
    }
  });

  it('sends several at once again as soon as a receiver that failed has taken one', async (t) => {
    const store = await temporaryStore(t);
    const underWay: number[] = [];
    let attempts = 0;
    let now = 0;
    const flaky: Channel = {
      name: 'soc',
      target: 'x',
      close: () => Promise.resolve(),
      deliver: async () => {
        underWay.push(++now);
        await sleep(5);
        now--;
        return attempts++ === 0
          ? { outcome: 'retry', status: 503, bodyHash: null, error: 'x: answered 503', retryAfterMs: null }
          : { outcome: 'delivered', status: 204, bodyHash: null };
      },
    };
    const limits = { concurrency: 4, strikes: 3 };
    const deliverer = newDeliverer(t, { store, channels: [flaky], now: () => NOW, limits });
    await enqueueMany(store, ['soc'], 1, NOW);
    assert.equal(await deliverer.deliverDue(), 1);
    await enqueueMany(store, ['soc'], 20, NOW);
    assert.equal(await deliverer.deliverDue(), 19);
    assert.equal(underWay[1], 1);
    assert.equal(Math.max(...underWay.slice(2)), 4);
  });

  it('records the failure of a channel that throws, without its words', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const broken: Channel = {
      name: 'soc',
      target: 'x',
      close: () => Promise.resolve(),
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
    const deliverer = newDeliverer(t, {
      store,
      channels: [await webhook('soc', url, 60)],
      now: clock.now,
      log,
    });
    await enqueueMany(store, ['soc'], 3, NOW);
    receiver.failNext(1, { status: 302, headers: { location: 'https://x/?k=t0ken' } });
    receiver.failNext(1, { delayMs: 60_000 });
    await deliverer.deliverDue();
    await receiver.stop();
    clock.time += HOUR;
    await deliverer.deliverDue();
    assert.equal(lines.length, 3);
    const written = JSON.stringify([lines, await attemptsOf(store)]);
    assert.match(written, /answered 302.*no answer.*ECONN/);
    for (const secret of ['hunter2', 't0ken', 'T0PATH', 'alice', secretText.slice(6, 18)]) {
      assert.ok(!written.includes(secret), written);
    }
  });

  it('drains 2,000 messages', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const receiver = await startReceiver(t, clock);
    const deliverer = newDeliverer(t, {
      store,
      channels: [await webhook('soc', receiver.url)],
      now: clock.now,
    });
    await enqueueMany(store, ['soc'], 2000, NOW);
    assert.deepEqual(await deliverer.flush(120_000), { pending: 0 });
    assert.deepEqual(numbersOf(receiver), upTo(2000));
    assert.equal(receiver.requests.length, 2000);
  });
});
