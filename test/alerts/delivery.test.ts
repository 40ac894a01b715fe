import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeliveryLog } from '../../src/alerts/delivery-report.ts';
import {
  attemptsOf,
  Clock,
  failingOnce,
  newDeliverer,
  numbersOf,
  outcomes,
  startReceiver,
  until,
  upTo,
  webhook,
} from './delivery-rig.ts';
import { enqueueMany, NOW, temporaryStore } from './support.ts';

describe('the deliverer while it runs', () => {
  it('does not let a slow receiver delay another', async (t) => {
    const [store, clock] = [await temporaryStore(t), new Clock()];
    const [slow, quick] = [await startReceiver(t, clock), await startReceiver(t, clock)];
    slow.failNext(100, { delayMs: 60_000 });
    const channels = [await webhook('slow', slow.url, 60_000), await webhook('quick', quick.url)];
    const deliverer = newDeliverer(t, { store, channels, now: clock.now });
    await enqueueMany(store, ['slow', 'quick'], 5, NOW);
    deliverer.start();
    await until(() => quick.alerts.length === 5 && slow.requests.length === 1);
    // What arrived is recorded after that: the record must not come after the change.
    await until(
      async () => (await outcomes(store)).filter(({ state }) => state === 'delivered').length === 5,
    );
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
    const channels = [await webhook('soc', receiver.url)];
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
    const deliverer = newDeliverer(t, {
      store,
      channels: [await webhook('soc', receiver.url)],
      now: clock.now,
    });
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
    const channels = [await webhook('soc', receiver.url, 60_000)];
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
    const channels = [await webhook('soc', receiver.url, 60_000)];
    const deliverer = newDeliverer(t, { store, channels, now: clock.now });
    await enqueueMany(store, ['soc'], 3, NOW);
    assert.deepEqual(await deliverer.flush(60), { pending: 3 });
    await deliverer.stop(0);
    assert.equal(await deliverer.deliverDue(), 0);
  });
});
