/**
 * The promise: baselines are a plain count of what happened, whatever the order in which records arrive, however often the
 * learner looks and however often it begins anew.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Learner } from '../../src/baselines/learner.ts';
import { audited, failed, refused, signIn, write } from '../detect/support.ts';
import { Random } from '../fuzz/random.ts';
import { openStore, temporaryFolder, temporaryStore } from '../store/support.ts';
import { daysBefore, expectedOf } from './model.ts';
import {
  alertAbout,
  DAY,
  FIRST_DAY,
  FOREVER,
  HOUR,
  learnedBy,
  MINUTE,
  SETTINGS,
  sessionAt,
  shuffledWithin,
  someDays,
  sorted,
} from './support.ts';

const SEED = Number(process.env.PGVIGIL_SEED ?? 20_261_127);
const NOBODY: ReadonlySet<string> = new Set();

for (const seed of [SEED, SEED + 1])
  test(`shuffled arrival, alerts in between and restarts give the counts of the model (seed ${seed})`, async (t) => {
    const random = new Random(seed);
    const lateness = 50 * MINUTE;
    const lines = someDays(random, 4, 12);
    const arriving = shuffledWithin(lines, lateness, random);
    const folder = await temporaryFolder(t);
    const withheld = new Set<string>();
    let newest = 0;
    let store = await openStore(t, folder);
    let learner = await Learner.open(store, SETTINGS, FOREVER);
    for (let at = 0; at < arriving.length; ) {
      const batch = arriving.slice(at, at + 1 + random.below(80));
      at += batch.length;
      await write(store, batch);
      for (const { record } of batch) newest = Math.max(newest, record.eventTime);
      if (random.below(3) === 0) {
        const { server, sessionId, eventTime } = arriving[random.below(at)]!.record;
        await alertAbout(store, { server, session: sessionId!, at: eventTime });
        withheld.add(`${server}|${sessionId}`);
      }
      await learner.learn(newest - lateness);
      if (random.below(4) !== 0) continue;
      await store.close();
      store = await openStore(t, folder);
      learner = await Learner.open(store, SETTINGS, FOREVER);
    }
    const end = FIRST_DAY + 7 * DAY;
    await learner.learn(end);
    const expected = expectedOf(lines, withheld, daysBefore(end, 60), end);
    assert.ok(expected.sightings.size > 100);
    assert.deepEqual(sorted(await learnedBy(store)), sorted(expected));
  });

test('what arrives days late is counted when it arrives, once', async (t) => {
  const random = new Random(SEED);
  const lines = someDays(random, 4, 10);
  const late = (session: string) => Number.parseInt(session.split('.')[1]!, 16) % 3 === 0;
  const store = await temporaryStore(t);
  await write(
    store,
    lines.filter(({ record }) => !late(record.sessionId!)),
  );
  const learner = await Learner.open(store, SETTINGS, FOREVER);
  const end = FIRST_DAY + 6 * DAY;
  await learner.learn(end);
  await write(
    store,
    lines.filter(({ record }) => late(record.sessionId!)),
  );
  assert.equal(
    (await learner.learn(end + MINUTE)).length,
    0,
    'within the quarter of an hour nothing is done',
  );
  for (const hours of [1, 2, 3]) await learner.learn(end + hours * HOUR);
  assert.deepEqual(sorted(await learnedBy(store)), sorted(expectedOf(lines, NOBODY, 0, end)));
});

test('a line from the future does not end learning, and a look back for late records is no learning', async (t) => {
  const store = await temporaryStore(t);
  let now = FIRST_DAY + 12 * HOUR;
  const learner = await Learner.open(store, SETTINGS, () => now);
  const at = FIRST_DAY + HOUR;
  await write(store, signIn(at, { session: sessionAt(at, 1), user: 'anna', client: '10.1.2.3' }));
  assert.equal((await learner.learn(FIRST_DAY + 900 * DAY)).length, 1);
  assert.equal((await learner.learn(FIRST_DAY + 2 * HOUR)).length, 0);
  now += HOUR;
  const [learned] = await learner.learn(now);
  assert.equal(learned?.until, now - 15 * MINUTE);
});

test('one that is told to stop learns no further stretch, and the next learner learns it', async (t) => {
  const store = await temporaryStore(t);
  const at = FIRST_DAY + HOUR;
  await write(store, signIn(at, { session: sessionAt(at, 1), user: 'anna', client: '10.1.2.3' }));
  const stopped = await Learner.open(store, SETTINGS, FOREVER);
  assert.deepEqual(await stopped.learn(FIRST_DAY + DAY, AbortSignal.abort()), []);
  const next = await Learner.open(store, SETTINGS, FOREVER);
  assert.equal((await next.learn(FIRST_DAY + DAY)).length, 1);
});

test('a day is known on the next, for as long as the memory lasts, and then it is gone', async (t) => {
  const store = await temporaryStore(t);
  const settings = { learningDays: 2, memoryDays: 5 };
  const learner = await Learner.open(store, settings, FOREVER);
  const knownOn = async (day: number) => {
    const rows = await store.rows<{ value: string }>(
      `SELECT DISTINCT value FROM known_values
       WHERE dimension = 'user' AND $day::DATE BETWEEN known_from AND known_until ORDER BY value`,
      { day: new Date(FIRST_DAY + day * DAY).toISOString().slice(0, 10) },
    );
    return rows.map(({ value }) => value);
  };
  for (const [day, user] of [
    [0, 'anna'],
    [3, 'tom'],
    [7, 'eva'],
  ] as const) {
    const at = FIRST_DAY + day * DAY + HOUR;
    await write(store, signIn(at, { session: sessionAt(at, day), user, client: '10.1.2.3' }));
    await learner.learn(FIRST_DAY + (day + 1) * DAY);
    if (day === 3) {
      assert.deepEqual(await knownOn(0), [], 'nobody is known on the day itself');
      assert.deepEqual(await knownOn(1), ['anna']);
      assert.deepEqual(await knownOn(5), ['anna', 'tom']);
      assert.deepEqual(await knownOn(6), ['tom']);
    }
  }
  const users = await store.rows<{ value: string }>(
    "SELECT value FROM known_values WHERE dimension = 'user' ORDER BY value",
  );
  assert.deepEqual(
    users.map(({ value }) => value),
    ['eva', 'tom'],
    'what no day can ask for is deleted',
  );
});

test('one line that claims to come from the future does not make everything old', async (t) => {
  const store = await temporaryStore(t);
  const now = FIRST_DAY + 3 * DAY;
  const learner = await Learner.open(store, SETTINGS, () => now);
  await write(
    store,
    signIn(FIRST_DAY + HOUR, { session: sessionAt(FIRST_DAY, 1), user: 'anna', client: '10.1.2.3' }),
  );
  await write(
    store,
    signIn(FIRST_DAY + 900 * DAY, { session: sessionAt(FIRST_DAY, 2), user: 'eva', client: '10.1.2.3' }),
  );
  await learner.learn(FIRST_DAY + 900 * DAY);
  const rows = await store.rows<{ value: string }>("SELECT value FROM known_values WHERE dimension = 'user'");
  assert.deepEqual(
    rows.map(({ value }) => value),
    ['anna'],
  );
});

test('whoever only guesses teaches nothing, nor does the platform', async (t) => {
  const store = await temporaryStore(t);
  const learner = await Learner.open(store, SETTINGS, FOREVER);
  const at = FIRST_DAY + HOUR;
  const platform = { session: sessionAt(at, 2), user: 'azuresu', client: '127.0.0.1' };
  const lines = signIn(at, platform);
  for (const { record } of lines)
    if (record.fact?.kind === 'connection' && record.fact.event === 'authenticated')
      Object.assign(record.fact, { method: 'cert', identity: 'CN=azuresu.platform' });
  await write(store, [
    ...refused(at, { session: sessionAt(at, 1), user: 'guessed', client: '203.0.113.7' }),
    ...lines,
    audited(at + MINUTE, platform, 'SELECT * FROM pg_stat_activity'),
  ]);
  await learner.learn(at + DAY);
  assert.deepEqual(sorted(await learnedBy(store)), { sightings: [], volumes: [] });
});

test('an account that uses ever more values is marked, and keeps what it had', async (t) => {
  const store = await temporaryStore(t);
  const learner = await Learner.open(store, SETTINGS, FOREVER, 3);
  for (let day = 0; day < 3; day++) {
    const at = FIRST_DAY + day * DAY + HOUR;
    await write(
      store,
      Array.from({ length: 2 }, (_, n) =>
        signIn(at + n * MINUTE, {
          session: sessionAt(at, n),
          user: 'app_rw',
          client: `10.${day}.${n}.1`,
          application: 'orders',
        }),
      ).flat(),
    );
    await learner.learn(FIRST_DAY + (day + 1) * DAY);
  }
  const networks = await store.rows<{ value: string }>(
    "SELECT value FROM known_values WHERE dimension = 'user_client' ORDER BY value",
  );
  assert.deepEqual(
    networks.map(({ value }) => value),
    ['10.0.0.0/24', '10.0.1.0/24', '10.1.0.0/24'],
  );
  const marks = await store.rows(
    "SELECT entity, value, n FROM known_values WHERE dimension = 'open_ended' ORDER BY day",
  );
  assert.deepEqual(
    marks.map((mark) => ({ ...mark })),
    [
      { entity: 'app_rw', value: 'user_client', n: 1n },
      { entity: 'app_rw', value: 'user_client', n: 2n },
    ],
  );
});

test('learning is complete after its days, if the server was there on half of them', async (t) => {
  const store = await temporaryStore(t);
  const learner = await Learner.open(store, { learningDays: 4, memoryDays: 60 }, FOREVER);
  const state = async () => ({
    ...(
      await store.rows(
        'SELECT days, complete_from::VARCHAR AS complete_from, is_complete, days_left FROM learning',
      )
    )[0],
  });
  for (let day = 0; day < 8; day++) {
    const at = FIRST_DAY + day * DAY + HOUR;
    if (day === 0 || day === 5)
      await write(store, signIn(at, { session: sessionAt(at, day), user: 'anna', client: '10.1.2.3' }));
    await learner.learn(FIRST_DAY + (day + 1) * DAY);
    if (day === 0)
      assert.deepEqual(await state(), { days: 1n, complete_from: null, is_complete: false, days_left: 3n });
    if (day === 4)
      assert.deepEqual(await state(), { days: 1n, complete_from: null, is_complete: false, days_left: 1n });
    if (day === 5)
      assert.deepEqual(await state(), {
        days: 2n,
        complete_from: '2026-03-08',
        is_complete: true,
        days_left: 0n,
      });
  }
});

test('of a statement it is learned what it does, and not how its text is written', async (t) => {
  const store = await temporaryStore(t);
  const learner = await Learner.open(store, SETTINGS, FOREVER);
  const at = FIRST_DAY + HOUR;
  const etl = { session: sessionAt(at, 1), user: 'etl', client: '10.1.2.3' };
  await write(store, [
    ...signIn(at, etl),
    audited(at + 1_000, etl, 'TRUNCATE stage', { class: 'WRITE', command: 'TRUNCATE TABLE' }),
    audited(at + 2_000, etl, 'TRUNCATE stage', { class: 'WRITE', command: 'TRUNCATE TABLE' }),
    audited(
      at + 3_000,
      etl,
      'SELECT * FROM orders WHERE id = 1 OR 5528=5528 UNION SELECT * FROM old -- ',
      {},
    ),
    failed(at + 4_000, etl, '42501', 'must be owner of table orders', 'DROP TABLE orders'),
  ]);
  await learner.learn(FIRST_DAY + DAY);
  const rows = await store.rows<{ value: string; n: bigint }>(
    "SELECT value, n FROM known_values WHERE dimension = 'user_flag' AND entity = 'etl' ORDER BY value",
  );
  assert.deepEqual(
    rows.map(({ value, n }) => [value, Number(n)]),
    [
      ['drop_data', 2],
      ['truncate', 2],
    ],
  );
});
