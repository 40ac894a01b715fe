import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AttemptLog } from '../../src/alerts/attempt-log.ts';
import { alertMessage } from '../../src/alerts/message.ts';
import { depth, due, enqueue, prune, replay } from '../../src/alerts/outbox.ts';
import { timestamp } from '../../src/store/rows.ts';
import { alertWith, enqueueMany, NOW, numbered, subject, temporaryStore, toAll } from './support.ts';

const opened = numbered(1);
const updated = alertMessage(alertWith({ alertId: 'al_1' }), 'alert.updated');

describe('the outbox', () => {
  it('gives every message an id that follows from what it names', async (t) => {
    const [first, second] = [await temporaryStore(t), await temporaryStore(t)];
    const ids = new Set<string>();
    for (const store of [first, second]) {
      await store.transaction(async (transaction) => {
        await enqueue(transaction, subject('al_1'), opened, toAll(['soc', 'dba']), NOW);
        await enqueue(transaction, subject('al_1', { sequence: 2 }), updated, toAll(['soc']), NOW);
        await enqueue(transaction, subject('al_2'), opened, toAll(['soc']), NOW);
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
        enqueue(transaction, subject('al_1'), opened, toAll(['soc']), NOW + time),
      );
    }
    assert.equal((await due(store, 'soc', NOW + 10, 100)).length, 1);
  });

  it('stores nothing when the transaction of the alert fails', async (t) => {
    const store = await temporaryStore(t);
    const failing = store.transaction(async (transaction) => {
      await enqueue(transaction, subject('al_1'), opened, toAll(['soc']), NOW);
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
    const attempts = new AttemptLog(store);
    await attempts.record({
      delivery: first,
      startedAt: NOW,
      endedAt: NOW + 40,
      result: { outcome: 'retry', status: 500, bodyHash: 'ab', error: 'x'.repeat(5000), retryAfterMs: null },
      next: { state: 'pending', nextAttemptAt: NOW + 5000 },
    });
    assert.deepEqual(
      (await due(store, 'soc', NOW, 100)).map((row) => row.alertId),
      ['al_1'],
    );
    const [again] = await due(store, 'soc', NOW + 5000, 100);
    assert.equal(again?.attempts, 1);
    assert.equal(again?.webhookId, first.webhookId);
    await attempts.record({
      delivery: again,
      startedAt: NOW + 5000,
      endedAt: NOW + 5025,
      result: { outcome: 'delivered', status: 204, bodyHash: 'cd' },
      next: { state: 'delivered', nextAttemptAt: NOW + 5025 },
    });
    const rows = await store.rows(
      "SELECT state, attempts, epoch_ms(finished_at) AS finished FROM store.outbox WHERE alert_id = 'al_0'",
    );
    assert.deepEqual(rows, [{ state: 'delivered', attempts: 2, finished: BigInt(NOW + 5025) }]);
    const recorded = await store.rows<{ delivery_id: string }>(
      `SELECT delivery_id, attempt, epoch_ms(started_at) AS started, latency_ms, status, length(error) AS error, outcome,
              body_sha256 AS hash
       FROM store.delivery_attempts ORDER BY attempt`,
    );
    assert.deepEqual(
      recorded.map(({ delivery_id: id, ...attempt }) => [id === first.deliveryId, attempt]),
      [
        [
          true,
          {
            attempt: 1,
            started: BigInt(NOW),
            latency_ms: 40n,
            status: 500,
            error: 300n,
            outcome: 'retry',
            hash: 'ab',
          },
        ],
        [
          true,
          {
            attempt: 2,
            started: BigInt(NOW + 5000),
            latency_ms: 25n,
            status: 204,
            error: null,
            outcome: 'delivered',
            hash: 'cd',
          },
        ],
      ],
    );
    assert.deepEqual(await depth(store), [{ channel: 'soc', pending: 1, oldest: NOW }]);
  });

  it('gives out one message of an alert at a time, in their order, and those of others meanwhile', async (t) => {
    const store = await temporaryStore(t);
    await store.transaction(async (transaction) => {
      await enqueue(transaction, subject('al_1'), opened, toAll(['soc']), NOW);
      await enqueue(transaction, subject('al_1', { sequence: 2 }), updated, toAll(['soc']), NOW);
      await enqueue(transaction, subject('al_2'), opened, toAll(['soc']), NOW);
    });
    const types = async (now: number) =>
      (await due(store, 'soc', now, 100)).map(({ alertId, body }) => `${alertId} ${JSON.parse(body).type}`);
    assert.deepEqual(await types(NOW), ['al_1 alert.opened', 'al_2 alert.opened']);
    const attempts = new AttemptLog(store);
    const [first] = await due(store, 'soc', NOW, 1);
    const attempt = { delivery: first!, startedAt: NOW, endedAt: NOW };
    await attempts.record({
      ...attempt,
      result: { outcome: 'retry', status: 500, bodyHash: null, error: '', retryAfterMs: null },
      next: { state: 'pending', nextAttemptAt: NOW + 5000 },
    });
    assert.deepEqual(await types(NOW), ['al_2 alert.opened'], 'the update waits for what it updates');
    const [again] = await due(store, 'soc', NOW + 5000, 1);
    await attempts.record({
      ...attempt,
      delivery: again!,
      result: { outcome: 'delivered', status: 200, bodyHash: null },
      next: { state: 'delivered', nextAttemptAt: NOW + 5000 },
    });
    assert.deepEqual(await types(NOW), ['al_1 alert.updated', 'al_2 alert.opened']);
  });

  it('keeps the order of an alert when the clock is set back', async (t) => {
    const store = await temporaryStore(t);
    await store.transaction((transaction) =>
      enqueue(transaction, subject('al_1'), opened, toAll(['soc']), NOW),
    );
    await store.transaction((transaction) =>
      enqueue(transaction, subject('al_1', { sequence: 2 }), updated, toAll(['soc']), NOW - 5_000),
    );
    const [first, ...others] = await due(store, 'soc', NOW, 100);
    assert.deepEqual([JSON.parse(first!.body).type, others], ['alert.opened', []]);
  });

  it('puts dead letters back, with a schedule that begins anew', async (t) => {
    const store = await temporaryStore(t);
    await enqueueMany(store, ['soc', 'dba'], 2, NOW);
    await store.transaction((transaction) =>
      transaction.run("UPDATE store.outbox SET state = 'dead', attempts = 10 WHERE alert_id = 'al_0'"),
    );
    const again = (channel: string | null, delivery: string | null) =>
      store.transaction((transaction) => replay(transaction, { channel, delivery }, NOW + 1));
    assert.equal(await again('nobody', null), 0);
    assert.equal(await again('soc', null), 1);
    assert.equal(await again(null, null), 1);
    const [first] = await due(store, 'soc', NOW + 1, 1);
    assert.deepEqual([first?.alertId, first?.attempts, first?.earlierAttempts], ['al_0', 10, 10]);
    assert.equal(await again(null, first?.deliveryId ?? ''), 0, 'what is not dead is not touched');
  });

  it('forgets what was delivered long ago with its attempts, and nothing else', async (t) => {
    const store = await temporaryStore(t);
    await enqueueMany(store, ['soc'], 4, NOW);
    await store.transaction(async (transaction) => {
      const [rows, old] = [await transaction.rows('FROM store.outbox'), timestamp(NOW - 1)];
      for (const [index, state] of ['delivered', 'delivered', 'dead', 'pending'].entries()) {
        const values = {
          id: String(rows[index]?.delivery_id),
          state,
          at: index === 1 ? timestamp(NOW) : old,
        };
        await transaction.run(
          'UPDATE store.outbox SET state = $state, finished_at = $at WHERE delivery_id = $id',
          values,
        );
        await transaction.run(
          "INSERT INTO store.delivery_attempts VALUES ($id, 1, $at, 1, 200, NULL, 'x', NULL)",
          {
            id: values.id,
            at: old,
          },
        );
      }
    });
    assert.equal(await prune(store, NOW), 1);
    assert.deepEqual(
      await store.rows(
        'SELECT state, (SELECT count(*) FROM store.delivery_attempts) AS attempts FROM store.outbox ORDER BY rowid',
      ),
      ['delivered', 'dead', 'pending'].map((state) => ({ state, attempts: 3n })),
    );
  });
});
