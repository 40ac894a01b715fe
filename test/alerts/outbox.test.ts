import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { depth, due, enqueue, record } from '../../src/alerts/outbox.ts';
import { enqueueMany, NOW, temporaryStore } from './support.ts';

const alert = { alertId: 'al_1' };

describe('the outbox', () => {
  it('gives every message an id that follows from what it names', async (t) => {
    const [first, second] = [await temporaryStore(t), await temporaryStore(t)];
    const ids = new Set<string>();
    for (const store of [first, second]) {
      await store.transaction(async (transaction) => {
        await enqueue(transaction, alert, '{}', ['soc', 'dba'], 'alert.opened', 1, NOW);
        await enqueue(transaction, alert, '{}', ['soc'], 'alert.updated', 10, NOW);
        await enqueue(transaction, { alertId: 'al_2' }, '{}', ['soc'], 'alert.opened', 1, NOW);
      });
      for (const row of await store.rows<{ webhook_id: string }>('SELECT webhook_id FROM store.outbox')) {
        assert.match(row.webhook_id, /^msg_[0-9a-f]{32}$/);
        ids.add(row.webhook_id);
      }
    }
    assert.equal(ids.size, 4);
  });

  it('takes the same message once', async (t) => {
    const store = await temporaryStore(t);
    for (let time = 0; time < 3; time++) {
      await store.transaction((transaction) =>
        enqueue(transaction, alert, '{}', ['soc'], 'alert.opened', 1, NOW + time),
      );
    }
    assert.equal((await due(store, 'soc', NOW + 10, 100)).length, 1);
  });

  it('stores nothing when the transaction of the alert fails', async (t) => {
    const store = await temporaryStore(t);
    const failing = store.transaction(async (transaction) => {
      await enqueue(transaction, alert, '{}', ['soc'], 'alert.opened', 1, NOW);
      throw new Error('disk full');
    });
    await assert.rejects(failing, /disk full/);
    assert.deepEqual(await depth(store), []);
  });

  it('gives out what is due for a channel, in order, never more than 100', async (t) => {
    const store = await temporaryStore(t);
    await enqueueMany(store, ['soc', 'dba'], 120, NOW);
    assert.deepEqual(await due(store, 'soc', NOW - 1, 100), []);
    const rows = await due(store, 'soc', NOW, 1000);
    assert.deepEqual(
      rows.map((row) => row.alertId),
      Array.from({ length: 100 }, (_, number) => `al_${number}`),
    );
    assert.ok(rows.every((row) => row.channel === 'soc' && row.attempts === 0));
    assert.equal((await due(store, 'dba', NOW, 7)).length, 7);
    assert.deepEqual(await due(store, "soc' OR true --", NOW, 100), []);
  });

  it('records every attempt', async (t) => {
    const store = await temporaryStore(t);
    await enqueueMany(store, ['soc'], 2, NOW);
    const [first, second] = await due(store, 'soc', NOW, 100);
    assert.ok(first && second);
    await record(
      store,
      first,
      {
        startedAt: NOW,
        endedAt: NOW + 40,
        result: { outcome: 'retry', status: 500, error: 'x'.repeat(5000), retryAfterMs: null },
      },
      { state: 'pending', nextAttemptAt: NOW + 5000 },
    );
    assert.deepEqual(
      (await due(store, 'soc', NOW, 100)).map((row) => row.alertId),
      ['al_1'],
    );
    const [again] = await due(store, 'soc', NOW + 5000, 100);
    assert.equal(again?.attempts, 1);
    assert.equal(again?.webhookId, first.webhookId);
    await record(
      store,
      again,
      { startedAt: NOW + 5000, endedAt: NOW + 5025, result: { outcome: 'delivered', status: 204 } },
      { state: 'delivered', nextAttemptAt: NOW + 5025 },
    );
    const rows = await store.rows(
      "SELECT state, attempts, epoch_ms(finished_at) AS finished FROM store.outbox WHERE alert_id = 'al_0'",
    );
    assert.deepEqual(rows, [{ state: 'delivered', attempts: 2, finished: BigInt(NOW + 5025) }]);
    const attempts = await store.rows<{ delivery_id: string }>(
      `SELECT delivery_id, attempt, epoch_ms(started_at) AS started, latency_ms, status, length(error) AS error
       FROM store.delivery_attempts ORDER BY attempt`,
    );
    assert.deepEqual(
      attempts.map(({ delivery_id: id, ...attempt }) => [id === first.deliveryId, attempt]),
      [
        [true, { attempt: 1, started: BigInt(NOW), latency_ms: 40n, status: 500, error: 300n }],
        [true, { attempt: 2, started: BigInt(NOW + 5000), latency_ms: 25n, status: 204, error: null }],
      ],
    );
    assert.deepEqual(await depth(store), [{ channel: 'soc', pending: 1, oldest: NOW }]);
  });
});
