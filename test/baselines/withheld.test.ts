/** The promise: what an attacker does in a session that alerted never becomes ordinary. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Learner } from '../../src/baselines/learner.ts';
import type { Store } from '../../src/store/store.ts';
import { audited, detection, detectorOf, signIn, storedAlerts, write } from '../detect/support.ts';
import { temporaryStore } from '../store/support.ts';
import { alertAbout, DAY, FIRST_DAY, FOREVER, HOUR, SETTINGS, sessionAt } from './support.ts';

const AT = FIRST_DAY + 10 * HOUR;
const SESSION = sessionAt(AT, 1);
const evidence = { server: 'pg-1', session: SESSION, at: AT };

async function users(store: Store): Promise<string[]> {
  const rows = await store.rows<{ value: string }>(
    "SELECT value FROM known_values WHERE dimension = 'user' ORDER BY value",
  );
  return rows.map(({ value }) => value);
}

/** One sign-in, of a store that has a learner. */
async function signedIn(store: Store): Promise<Learner> {
  await write(store, signIn(AT, { session: SESSION, user: 'eve', client: '203.0.113.7' }));
  return Learner.open(store, SETTINGS, FOREVER);
}

test('a session behind an alert is not learned, and taken back when the alert comes later, once', async (t) => {
  const store = await temporaryStore(t);
  await alertAbout(store, { ...evidence, session: sessionAt(AT, 2) }, { severity: 'high' });
  await write(store, signIn(AT, { session: sessionAt(AT, 2), user: 'mallory', client: '203.0.113.7' }));
  const learner = await signedIn(store);
  await learner.learn(AT + DAY);
  assert.deepEqual(await users(store), ['eve']);
  await alertAbout(store, evidence);
  await learner.learn(AT + DAY + HOUR);
  assert.deepEqual(await users(store), []);
  // Another session of the same user, whose counts a second taking back would lessen.
  const next = sessionAt(AT, 3);
  await write(store, signIn(AT + 1, { session: next, user: 'eve', client: '203.0.113.7' }));
  await alertAbout(store, { ...evidence, at: AT + DAY }, { severity: 'critical' });
  await learner.learn(AT + DAY + 2 * HOUR);
  await learner.learn(AT + DAY + 3 * HOUR);
  assert.deepEqual(await users(store), ['eve']);
});

for (const about of [{ severity: 'low' }, { severity: 'info' }, { severity: 'critical', status: 'shadow' }])
  test(`an alert that is ${Object.values(about).join(' and ')} withholds nothing`, async (t) => {
    const store = await temporaryStore(t);
    const learner = await signedIn(store);
    await alertAbout(store, evidence, about);
    await learner.learn(AT + DAY);
    assert.deepEqual(await users(store), ['eve']);
  });

test('what a session behind an alert touched is kept apart, for those who count what was done', async (t) => {
  const store = await temporaryStore(t);
  const who = { session: SESSION, user: 'eve', client: '203.0.113.7' };
  await write(store, [...signIn(AT, who), audited(AT + 1_000, who, 'SELECT * FROM customers WHERE id = 1')]);
  const learner = await Learner.open(store, SETTINGS, FOREVER);
  const touched = async () =>
    (
      await store.rows<{ dimension: string; n: bigint }>(
        "SELECT dimension, n FROM known_values WHERE value = 'customers' ORDER BY dimension",
      )
    ).map(({ dimension, n }) => `${dimension} ${n}`);
  await learner.learn(AT + DAY);
  assert.deepEqual(await touched(), ['user_relation 1']);
  const alert = await alertAbout(store, evidence);
  await write(store, [audited(AT + 2_000, who, 'SELECT * FROM customers WHERE id = 2')]);
  await learner.learn(AT + DAY + HOUR);
  assert.deepEqual(await touched(), ['suspect_relation 2']);
  await store.transaction((transaction) =>
    transaction.run("UPDATE store.alerts SET severity = 'low' WHERE alert_id = $alert", { alert }),
  );
  await learner.learn(AT + DAY + 2 * HOUR);
  assert.deepEqual(await touched(), ['user_relation 2']);
});

test('a session is learned after all when nothing speaks against it any more, and others are never touched', async (t) => {
  const store = await temporaryStore(t);
  const learner = await signedIn(store);
  // The same session id and the same user on another server.
  await write(store, signIn(AT, { server: 'pg-2', session: SESSION, user: 'eve', client: '203.0.113.7' }));
  const alert = await alertAbout(store, evidence);
  await learner.learn(AT + DAY);
  assert.equal((await users(store)).length, 1);
  await store.transaction((transaction) =>
    transaction.run("UPDATE store.alerts SET severity = 'low' WHERE alert_id = $alert", { alert }),
  );
  await learner.learn(AT + DAY + HOUR);
  await learner.learn(AT + DAY + 2 * HOUR);
  const rows = await store.rows(
    "SELECT server, n FROM known_values WHERE dimension = 'user' ORDER BY server",
  );
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [
      { server: 'pg-1', n: 1n },
      { server: 'pg-2', n: 1n },
    ],
  );
});

test('a network that alerted stays new day after day, and is one alert', async (t) => {
  const store = await temporaryStore(t);
  const learner = await Learner.open(store, SETTINGS, FOREVER);
  const loop = detection(store, [await detectorOf('A06')], {
    learn: async (until) => void (await learner.learn(until)),
  });
  const lineOf = (day: number, client: string) =>
    signIn(AT + day * DAY, { session: sessionAt(AT, day), user: 'app_rw', client });
  await write(store, Array.from({ length: 15 }, (_, day) => lineOf(day, '10.1.2.3')).flat());
  await loop.finish();
  for (const day of [15, 16, 17]) {
    await write(store, lineOf(day, '203.0.113.7'));
    await loop.finish();
  }
  const alerts = await storedAlerts(store);
  assert.deepEqual(
    alerts.map(({ entity, evidence_count }) => [entity, evidence_count]),
    [['app_rw@203.0.113.0/24', 3n]],
  );
});
