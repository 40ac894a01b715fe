import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Detector, parseDetector } from '../../src/detect/detector.ts';
import { Engine, newest } from '../../src/detect/engine.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import { readProgress } from '../../src/detect/progress.ts';
import type { Store } from '../../src/store/store.ts';
import { connection, count, logRecord, temporaryStore } from '../store/support.ts';
import {
  DAY,
  detection,
  detectorOf,
  HOUR,
  type Line,
  MINUTE,
  refusals,
  refused,
  SECOND,
  signIn,
  storedAlerts,
  T0,
  write,
} from './support.ts';

const ATTACK = { user: 'app_rw', client: '203.0.113.7' };

/** A detector of the tests: `columns` replace `summary`, `condition` narrows what it reports. */
function testDetector(id: string, condition = 'true', summary = "'seen'"): Detector {
  return parseDetector(
    `/tests/${id}.sql`,
    `/*---
id: ${id}
name: test.${id.toLowerCase()}
title: A detector for tests
severity: low
attack: []
risk: 50
tactic: discovery
quiet: 1m
requires: []
parameters: {}
false_positives: []
runbook: [Look.]
---*/
SELECT record_id, event_time, server, session_id AS entity, session_id, NULL AS user_name, NULL AS client,
  ${summary} AS summary
FROM records WHERE event_time > $since AND event_time <= $until AND ${condition}`,
  );
}

/** A log line of a session that says nothing. */
const line = (at: number, session: string): Line => ({
  record: logRecord(null, { eventTime: at, sessionId: session }),
  features: null,
});

async function entities(store: Store): Promise<string[]> {
  return (await storedAlerts(store)).map((alert) => alert.entity);
}

test('an empty store has nothing new, and nothing is judged', async (t) => {
  const store = await temporaryStore(t);
  assert.equal(await newest(store), null);
  await detection(store, [testDetector('T01')]).finish();
  assert.equal(await count(store, 'detector_state'), 0);
});

test('each run looks at what is new, once', async (t) => {
  const store = await temporaryStore(t);
  const detector = testDetector('T01');
  await write(store, [line(T0, 'a'), line(T0 + MINUTE, 'b')]);
  const engine = new Engine({ store, timeoutMs: 30_000, now: Date.now });
  const armed = [{ detector, values: bindParameters(detector), mode: 'on' as const }];
  const run = async () => {
    const front = await newest(store);
    assert.ok(front);
    const found: (string | null)[] = [];
    for await (const judgement of engine.judge(armed, front.eventTime, front.recordId)) {
      assert.equal(judgement.outcome, 'judged');
      if (judgement.outcome === 'judged') found.push(...judgement.evidence.map((row) => row.sessionId));
    }
    await detection(store, [detector]).finish();
    return found.sort();
  };
  assert.deepEqual(await run(), ['a', 'b']);
  assert.deepEqual(await run(), []);
  await write(store, [line(T0 + 2 * MINUTE, 'c')]);
  assert.deepEqual(await run(), ['c']);
});

test('a line that arrives late is judged from its own time on', async (t) => {
  const store = await temporaryStore(t);
  const detector = testDetector('T01');
  await write(store, [line(T0, 'early'), line(T0 + HOUR, 'newest')]);
  await detection(store, [detector]).finish();
  await write(store, [line(T0 + MINUTE, 'late')]);
  await detection(store, [detector]).finish();
  assert.deepEqual(await entities(store), ['early', 'late', 'newest']);
  // The watermark has not gone back.
  const progress = (await readProgress(store)).get('T01');
  assert.equal(progress?.watermark, T0 + HOUR);
  assert.equal(progress?.lastRecordId, 3n);
});

test('the line that says whose statement it was may come after the statement was judged', async (t) => {
  const store = await temporaryStore(t);
  const detector = await detectorOf('A01');
  const lines = refusals(T0, 10, SECOND, ATTACK);
  const isAddress = ({ record }: Line) =>
    record.fact?.kind === 'connection' && record.fact.event === 'received';
  await write(
    store,
    lines.filter((one) => !isAddress(one)),
  );
  await detection(store, [detector]).finish();
  const before = (await storedAlerts(store)).map((alert) => alert.client);
  assert.ok(before.every((client) => client === null));
  await write(store, lines.filter(isAddress));
  await detection(store, [detector]).finish();
  assert.ok((await entities(store)).includes('app_rw@203.0.113.7'));
});

test('the newest events wait for late companions while data arrives, and are judged once it is quiet', async (t) => {
  const store = await temporaryStore(t);
  let clock = T0;
  const detector = testDetector('T01');
  const running = detection(store, [detector], { latenessMs: 30 * SECOND, now: () => clock });
  await write(store, [line(T0, 'old'), line(T0 + 30 * SECOND, 'edge'), line(T0 + 60 * SECOND, 'new')]);
  await running.tick();
  assert.deepEqual(await entities(store), ['edge', 'old']);
  clock += 29 * SECOND;
  await running.tick();
  assert.deepEqual(await entities(store), ['edge', 'old']);
  clock += SECOND;
  await running.tick();
  assert.deepEqual(await entities(store), ['edge', 'new', 'old']);
});

test('one that found nothing on the first day and something on the second stands where the others stand', async (t) => {
  const store = await temporaryStore(t);
  const finder = testDetector('T01', "session_id = 'second'");
  const quiet = testDetector('T02', 'false');
  await write(store, [line(T0, 'first'), line(T0 + DAY, 'second')]);
  await detection(store, [finder, quiet]).finish();
  assert.deepEqual(await entities(store), ['second']);
  const progress = await readProgress(store);
  assert.deepEqual(progress.get('T01'), progress.get('T02'));
  assert.equal(progress.get('T01')?.watermark, T0 + DAY);
});

test('run twice, or from the beginning again, the detectors give the same alerts', async (t) => {
  const store = await temporaryStore(t);
  const detectors = await Promise.all(['A01', 'A02', 'A03'].map(detectorOf));
  const attack = [
    ...refusals(T0, 12, SECOND, ATTACK),
    ...signIn(T0 + MINUTE, { session: 'in.1', ...ATTACK }),
  ];
  await write(store, attack);
  await detection(store, detectors).finish();
  const first = await storedAlerts(store);
  assert.equal(first.length, 2);
  await detection(store, detectors).finish();
  assert.deepEqual(await storedAlerts(store), first);
  await store.transaction((transaction) => transaction.run('DELETE FROM store.detector_state'));
  await detection(store, detectors).finish();
  assert.deepEqual(await storedAlerts(store), first);
  assert.equal(await count(store, 'evidence'), 13);
});

test('evidence that is found line by line gives the alerts of one run over all lines', async (t) => {
  const detectors = await Promise.all(['A01', 'A02', 'A03'].map(detectorOf));
  const lines = [
    ...refusals(T0, 12, 20 * SECOND, ATTACK),
    ...['a', 'b', 'c', 'd', 'e', 'f'].flatMap((user, index) =>
      refused(T0 + (5 + index) * MINUTE, { session: `s.${user}`, user, client: ATTACK.client }),
    ),
    ...signIn(T0 + 20 * MINUTE, { session: 'in.1', ...ATTACK }),
  ].sort((a, b) => a.record.eventTime - b.record.eventTime);
  const whatMatters = async (store: Store) =>
    (await storedAlerts(store)).map(({ created_at, updated_at, ...rest }) => rest);

  const whole = await temporaryStore(t);
  await write(whole, lines);
  await detection(whole, detectors).finish();
  const expected = await whatMatters(whole);
  assert.deepEqual(new Set(expected.map((alert) => alert.detector)), new Set(['A01', 'A02', 'A03']));

  const piecemeal = await temporaryStore(t);
  for (let start = 0; start < lines.length; start += 3) {
    await write(piecemeal, lines.slice(start, start + 3));
    await detection(piecemeal, detectors).finish();
  }
  assert.deepEqual(await whatMatters(piecemeal), expected);
});

test('A03: guesses that have left the window of a later run do not make a spray of what was none', async (t) => {
  const store = await temporaryStore(t);
  const detectors = [await detectorOf('A03')];
  const others = ['a', 'b', 'c', 'd', 'e'].flatMap((user, index) =>
    refused(T0 + 20 * MINUTE + index * SECOND, { session: `s.${user}`, user, client: ATTACK.client }),
  );
  await write(store, [...refusals(T0, 40, SECOND, ATTACK), ...others]);
  for (const minute of [0, 62, 65]) {
    const who = { session: `in.${minute}`, user: 'bob', client: '198.51.100.9' };
    await write(store, signIn(T0 + minute * MINUTE, who));
    await detection(store, detectors).finish();
  }
  assert.deepEqual(await storedAlerts(store), []);
});

test('a detector whose SQL fails while it runs is on record, stops no other, and looks again later', async (t) => {
  const store = await temporaryStore(t);
  const failures: string[] = [];
  const broken = testDetector('T01', "CASE WHEN server = 'pg-1' THEN error('boom') ELSE true END");
  const sound = testDetector('T02');
  const onFailure = (detector: Detector, error: string) => failures.push(`${detector.id}: ${error}`);
  await write(store, [line(T0, 'a')]);
  await detection(store, [broken, sound], { onFailure }).finish();
  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? '', /^T01: .*boom/s);
  assert.deepEqual(await entities(store), ['a']);
  const runs = await store.rows(
    'SELECT detector, runs, failures, last_error FROM detector_runs ORDER BY ALL',
  );
  assert.deepEqual(
    runs.map((row) => [row.detector, row.runs, row.failures, row.last_error === null]),
    [
      ['T01', 0n, 1n, false],
      ['T02', 1n, 0n, true],
    ],
  );
  // Mended, it judges what it has missed, also after newer events.
  await write(store, [line(T0 + HOUR, 'b')]);
  await detection(store, [testDetector('T01'), sound]).finish();
  const [state] = await store.rows(
    "SELECT runs, failures, last_error FROM detector_runs WHERE detector = 'T01'",
  );
  // Once up to where the other stands, once together with it.
  assert.deepEqual({ ...state }, { runs: 2n, failures: 1n, last_error: null });
  assert.deepEqual(await entities(store), ['a', 'a', 'b', 'b']);
});

for (const arrives of [false, true])
  test(`a detector that is added ${arrives ? 'as something arrives' : 'while nothing arrives'} does not judge the past`, async (t) => {
    const store = await temporaryStore(t);
    const old = testDetector('T01');
    await write(store, [line(T0, 'past')]);
    await detection(store, [old]).finish();
    if (arrives) await write(store, [line(T0 + MINUTE, 'present')]);
    await detection(store, [old, testDetector('T02')]).finish();
    await write(store, [line(T0 + 2 * MINUTE, 'future')]);
    await detection(store, [old, testDetector('T02')]).finish();
    const found = (await storedAlerts(store))
      .filter(({ detector }) => detector === 'T02')
      .map(({ entity }) => entity);
    assert.deepEqual(found, arrives ? ['future', 'present'] : ['future']);
  });

test('after a crash in the middle of a look, those that were done and those that were not lose and double nothing', async (t) => {
  const store = await temporaryStore(t);
  const detectors = ['T01', 'T02', 'T03'].map((id) => testDetector(id));
  await write(store, [line(T0, 'a')]);
  await detection(store, detectors).finish();
  await write(store, [line(T0 + DAY, 'b'), line(T0 - MINUTE, 'late')]);
  // One got to judge what arrived, as if the process had ended before the others.
  await detection(store, [detectors[1]!]).finish();
  await write(store, [line(T0 + 2 * DAY, 'c'), line(T0 + MINUTE, 'later')]);
  await detection(store, detectors).finish();
  const alerts = await storedAlerts(store);
  for (const { id } of detectors) {
    const own = alerts.filter(({ detector }) => detector === id);
    assert.deepEqual(
      own.map(({ entity, evidence_count }) => `${entity} ${evidence_count}`),
      ['a 1', 'b 1', 'c 1', 'late 1', 'later 1'],
      id,
    );
  }
});

test('a detector that takes too long is stopped, and the others run', async (t) => {
  const store = await temporaryStore(t);
  const failures: string[] = [];
  const slow = testDetector(
    'T01',
    '(SELECT count(DISTINCT hash(a.range, b.range)) FROM range(100000) a, range(100000) b) > 0',
  );
  await write(store, [line(T0, 'a')]);
  const started = performance.now();
  await detection(store, [slow, testDetector('T02')], {
    timeoutMs: 300,
    onFailure: (detector, error) => failures.push(`${detector.id}: ${error}`),
  }).finish();
  assert.deepEqual(failures, ['T01: stopped after 300 ms']);
  assert.ok(performance.now() - started < 20_000);
  assert.deepEqual(await entities(store), ['a']);
});

test('the same attack on two servers is judged apart, and history of one does not silence the other', async (t) => {
  const store = await temporaryStore(t);
  const detector = await detectorOf('A01');
  await write(store, refusals(T0, 12, SECOND, { ...ATTACK, server: 'pg-a' }));
  await detection(store, [detector]).finish();
  await write(store, refusals(T0, 12, SECOND, { ...ATTACK, server: 'pg-b' }));
  await detection(store, [detector]).finish();
  assert.deepEqual(
    (await storedAlerts(store)).map((alert) => [alert.server, alert.evidence_count]),
    [
      ['pg-a', 12n],
      ['pg-b', 12n],
    ],
  );
});

test('the platform raises no alert, and one line of its kind does not make a client the platform', async (t) => {
  const store = await temporaryStore(t);
  const certificate = connection('authenticated', { identity: 'CN=azuresu.production', method: 'cert' });
  const guesses = (client: string) =>
    refusals(T0, 12, SECOND, { user: 'azuresu', client }).flatMap((one, index) => [
      one,
      ...(index % 2 === 0
        ? [
            {
              record: logRecord(certificate, { eventTime: T0, sessionId: one.record.sessionId }),
              features: null,
            },
          ]
        : []),
    ]);
  await write(store, guesses('127.0.0.1'));
  await detection(store, [await detectorOf('A01')]).finish();
  assert.deepEqual(await storedAlerts(store), []);
  const other = await temporaryStore(t);
  await write(other, guesses('203.0.113.9'));
  await detection(other, [await detectorOf('A01')]).finish();
  assert.equal((await storedAlerts(other)).length, 1);
});
