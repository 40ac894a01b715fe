import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { digestId, digestMessage } from '../../src/alerts/digest.ts';
import { releaseGathered, shedOverflow } from '../../src/alerts/gathering.ts';
import type { DigestMessage } from '../../src/alerts/message.ts';
import { due, enqueue } from '../../src/alerts/outbox.ts';
import type { Release } from '../../src/alerts/timing.ts';
import type { Severity } from '../../src/model/severity.ts';
import type { Store } from '../../src/store/store.ts';
import { NOW, numbered, subject, temporaryStore } from './support.ts';

const HOUR = 3_600_000;

/** Puts messages of these severities into the outbox, al_0, al_1, … */
async function put(
  store: Store,
  severities: readonly Severity[],
  release: Release | null,
  first = 0,
): Promise<void> {
  await store.transaction(async (transaction) => {
    for (const [index, severity] of severities.entries()) {
      const id = `al_${first + index}`;
      const message = numbered(first + index, { severity });
      await enqueue(
        transaction,
        subject(id, { severity }),
        message,
        [{ channel: 'soc', release }],
        NOW + index,
      );
    }
  });
}

async function states(store: Store): Promise<Record<string, number>> {
  const rows = await store.rows<{ state: string; n: bigint }>(
    'SELECT state, count(*) AS n FROM store.outbox GROUP BY state ORDER BY state',
  );
  return Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)]));
}

async function digestDue(store: Store, now: number): Promise<DigestMessage> {
  const messages = (await due(store, 'soc', now, 100)).map(({ body }) => JSON.parse(body) as DigestMessage);
  const digest = messages.find(({ type }) => type === 'alert.digest');
  assert.ok(digest, 'there is a digest');
  return digest;
}

async function prepared(
  t: TestContext,
  severities: readonly Severity[],
  release: Release | null,
): Promise<Store> {
  const store = await temporaryStore(t);
  await put(store, severities, release);
  return store;
}

describe('gathered messages', () => {
  const later: Release = { at: NOW + HOUR, reason: 'schedule' };

  it('wait for their time and go out as one, which says what is in it', async (t) => {
    const store = await prepared(t, ['low', 'high', 'low'], later);
    assert.deepEqual(await releaseGathered(store, 'soc', NOW + HOUR - 1), []);
    assert.deepEqual(await due(store, 'soc', NOW + 2 * HOUR, 10), []);
    assert.deepEqual(await releaseGathered(store, 'soc', NOW + HOUR), [{ reason: 'schedule', messages: 3 }]);
    const { data } = await digestDue(store, NOW + HOUR);
    assert.deepEqual(
      [data.reason, data.messages, data.alerts, data.from, data.to],
      ['schedule', 3, 3, new Date(NOW).toISOString(), new Date(NOW + 2).toISOString()],
    );
    assert.deepEqual(data.by_severity, [
      { severity: 'high', alerts: 1 },
      { severity: 'low', alerts: 2 },
    ]);
    assert.deepEqual(data.by_server, [{ server: 'pg-prod-1', alerts: 3 }]);
    assert.equal(data.top[0]?.id, 'al_1');
    assert.deepEqual(await states(store), { digested: 3, pending: 1 });
    const rows = await store.rows('SELECT DISTINCT digest_id FROM deliveries WHERE state = $s', {
      s: 'digested',
    });
    assert.deepEqual(rows, [{ digest_id: data.id }]);
    assert.deepEqual(await releaseGathered(store, 'soc', NOW + HOUR), [], 'once');
  });

  it('go out as they are when there is but one', async (t) => {
    const store = await prepared(t, ['low'], later);
    await releaseGathered(store, 'soc', NOW + HOUR);
    const [delivery] = await due(store, 'soc', NOW + HOUR, 10);
    assert.equal(delivery?.alertId, 'al_0');
    assert.deepEqual(await states(store), { pending: 1 });
  });

  it('of one alert count once, as what the last of them says', async (t) => {
    const store = await prepared(t, ['low'], later);
    await store.transaction((transaction) =>
      enqueue(
        transaction,
        subject('al_0', { sequence: 2, severity: 'medium' }),
        numbered(0, { severity: 'medium', count: 77 }),
        [{ channel: 'soc', release: later }],
        NOW + 5,
      ),
    );
    await releaseGathered(store, 'soc', NOW + HOUR);
    const { data } = await digestDue(store, NOW + HOUR);
    assert.deepEqual([data.messages, data.alerts, data.top[0]?.count], [2, 1, 77]);
    assert.deepEqual(data.by_severity, [{ severity: 'medium', alerts: 1 }]);
  });

  it('for different reasons are different digests', async (t) => {
    const store = await prepared(t, ['low', 'low'], later);
    await put(store, ['low', 'low'], { at: NOW + HOUR, reason: 'quiet_hours' }, 2);
    assert.equal((await releaseGathered(store, 'soc', NOW + HOUR)).length, 2);
    assert.deepEqual(await states(store), { digested: 4, pending: 2 });
  });
});

describe('an overflow', () => {
  it('becomes a digest: the least severe first, of these the newest; critical ones stay', async (t) => {
    const store = await prepared(
      t,
      [...Array(8).fill('low'), 'critical', 'high', ...Array(6).fill('critical')],
      null,
    );
    assert.equal(await shedOverflow(store, 'soc', 16, NOW), null);
    assert.deepEqual(await shedOverflow(store, 'soc', 10, NOW), { reason: 'overflow', messages: 7 });
    const kept = await store.rows<{ alert_id: string }>(
      "SELECT alert_id FROM store.outbox WHERE state = 'pending' AND alert_id LIKE 'al_%' ORDER BY rowid",
    );
    assert.deepEqual(
      kept.map((row) => row.alert_id),
      ['al_0', ...Array.from({ length: 8 }, (_, index) => `al_${index + 8}`)],
    );
    const { data } = await digestDue(store, NOW);
    assert.deepEqual([data.reason, data.alerts], ['overflow', 7]);
    assert.match(data.query, new RegExp(`digest_id = '${data.id}'`));
  });

  it('of critical messages alone is kept whole', async (t) => {
    const store = await prepared(t, Array(20).fill('critical'), null);
    assert.equal(await shedOverflow(store, 'soc', 5, NOW), null);
    assert.deepEqual(await states(store), { pending: 20 });
  });

  it('spares what was tried, and digests themselves', async (t) => {
    const store = await prepared(t, Array(10).fill('low'), null);
    await store.transaction((transaction) => transaction.run('UPDATE store.outbox SET attempts = 1'));
    assert.equal(await shedOverflow(store, 'soc', 4, NOW), null);
    await put(store, Array(10).fill('info'), null, 10);
    assert.equal((await shedOverflow(store, 'soc', 4, NOW))?.messages, 10);
    await put(store, Array(10).fill('info'), null, 20);
    assert.equal((await shedOverflow(store, 'soc', 4, NOW))?.messages, 10);
    assert.equal(await shedOverflow(store, 'soc', 4, NOW), null, 'ten that were tried and two digests');
  });
});

describe('the message of a digest', () => {
  it('has an id that follows from what is in it, whatever the order', () => {
    assert.equal(digestId(['a', 'b']), digestId(['b', 'a']));
    assert.notEqual(digestId(['a', 'b']), digestId(['a']));
  });

  it('is less than 20 kB, whatever attackers write and however many alerts there are', () => {
    const word = '"𝕏'.repeat(5_000);
    const alerts = Array.from({ length: 3_000 }, (_, index) => ({
      id: `${index}${word}`,
      severity: 'low' as const,
      detector: `${index}${word}`,
      title: word,
      server: `${index}${word}`,
      summary: word,
      count: Number.MAX_SAFE_INTEGER,
      messages: 1,
      firstAt: NOW,
      lastAt: NOW,
    }));
    const body = JSON.stringify(digestMessage(digestId(['a']), alerts, 'overflow', NOW));
    assert.ok(Buffer.byteLength(body) < 20_000, `${Buffer.byteLength(body)} bytes`);
  });
});
