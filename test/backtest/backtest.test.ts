/** The promise: a backtest is what the worker would have raised, in any number of slices, with the allow-list and the caps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AlertRow, alertFromRow, saveChanges } from '../../src/alerts/alert-store.ts';
import { foundAlerts } from '../../src/backtest/report.ts';
import type { Detector } from '../../src/detect/detector.ts';
import { PgvigilError } from '../../src/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { allow } from '../alerts/allow-list/support.ts';
import { alertWith } from '../alerts/support.ts';
import { DAY, detection, detectorOf, HOUR, MINUTE, refusals, SECOND, write } from '../detect/support.ts';
import { temporaryStore } from '../store/support.ts';
import { backtest, outlines } from './support.ts';

const D0 = Date.UTC(2026, 2, 2);
const anna = { user: 'anna', client: '10.1.2.3' };

async function stored(store: Store): Promise<string[]> {
  const rows = await store.rows<AlertRow>('SELECT * FROM store.alerts ORDER BY first_seen, alert_id');
  return outlines(rows.map(alertFromRow).filter(({ detector }) => detector !== 'G01'));
}

test('an alert goes on over midnight, and evidence that two slices return is counted once', async (t) => {
  const store = await temporaryStore(t);
  // Those after midnight make all of the window evidence, which the slice before had as well.
  await write(store, refusals(D0 + DAY - 5 * MINUTE, 30, 20 * SECOND, anna));
  const detector = await detectorOf('A01');
  const result = await backtest(store, detector);
  assert.equal(result.slices.length, 2);
  assert.deepEqual(
    result.alerts.map(({ alert, verdict }) => [alert.count, verdict]),
    [[30, 'new']],
  );
  assert.equal(result.events, 30);
  await detection(store, [detector]).finish();
  assert.deepEqual(
    outlines((await backtest(store, detector)).alerts.map(({ alert }) => alert)),
    await stored(store),
  );
});

test('only what lies in the asked time is judged, its window all the same', async (t) => {
  const store = await temporaryStore(t);
  await write(store, [
    ...refusals(D0 + HOUR, 12, SECOND, anna),
    ...refusals(D0 + DAY + HOUR, 12, SECOND, { ...anna, user: 'bert' }),
    ...refusals(D0 + 2 * DAY + HOUR, 12, SECOND, { ...anna, user: 'carl' }),
  ]);
  const detector = await detectorOf('A01');
  const found = async (options: object) =>
    foundAlerts(await backtest(store, detector, options)).map(({ user, count }) => [user, count]);
  assert.deepEqual(await found({ from: '2026-03-03', to: '2026-03-04' }), [['bert', 12]]);
  assert.deepEqual(await found({ from: '23h' }), [['carl', 12]]);
  // Nine before and three in it: the tenth crosses the threshold, and speaks for those before.
  assert.deepEqual(await found({ from: '2026-03-03T01:00:09', to: '2026-03-04' }), [['bert', 12]]);
});

test('other parameters find more or less than what is stored, and only the time that was judged counts', async (t) => {
  const store = await temporaryStore(t);
  await write(store, [
    ...refusals(D0 + HOUR, 20, SECOND, anna),
    ...refusals(D0 + DAY + HOUR, 20, SECOND, anna),
    ...refusals(D0 + DAY + 2 * HOUR, 5, SECOND, { ...anna, user: 'bert' }),
  ]);
  const detector = await detectorOf('A01');
  await detection(store, [detector]).finish();
  const verdicts = async (parameters: object, from: string) =>
    (await backtest(store, detector, { parameters: { ...parameters }, from })).alerts.map(
      ({ alert, verdict }) => `${alert.user} ${verdict}`,
    );
  assert.deepEqual(await verdicts({ min_failures: 4 }, '2026-03-02'), ['anna same', 'anna same', 'bert new']);
  assert.deepEqual(await verdicts({ min_failures: 30 }, '2026-03-02'), ['anna gone', 'anna gone']);
  assert.deepEqual(await verdicts({ min_failures: 30 }, '2026-03-03'), ['anna gone']);
});

test('entries of the allow-list are matched in their time, without a hit', async (t) => {
  const store = await temporaryStore(t);
  await write(store, [
    ...refusals(D0 + HOUR, 12, SECOND, anna),
    ...refusals(D0 + DAY + HOUR, 12, SECOND, anna),
  ]);
  const of = { detector: 'A01', server: 'pg-1', user: 'anna', startsAt: D0 + DAY, expiresAt: D0 + 2 * DAY };
  await allow(store, { ...of, entryId: 'allow_1' });
  await allow(store, { ...of, entryId: 'suppress_1', kind: 'suppress', user: null, startsAt: D0 });
  await allow(store, { ...of, entryId: 'allow_2', detector: 'A02' });
  const detector = await detectorOf('A01');
  const result = await backtest(store, detector);
  assert.deepEqual(
    result.alerts.map(({ alert }) => [alert.status, alert.allowedBy]),
    [
      ['suppressed', ['suppress_1']],
      ['allowed', ['allow_1']],
    ],
  );
  assert.deepEqual(
    result.overlaps.map(({ entry, events, eventsAnyTime }) => [entry.entryId, events, eventsAnyTime]).sort(),
    [
      ['allow_1', 12, 24],
      ['suppress_1', 24, 24],
    ],
  );
  assert.deepEqual(await store.rows('SELECT sum(hits)::INTEGER AS hits FROM store.allow_list'), [
    { hits: 0 },
  ]);
  await detection(store, [detector]).finish();
  assert.deepEqual(
    outlines((await backtest(store, detector)).alerts.map(({ alert }) => alert)),
    await stored(store),
  );
});

test('alerts beyond the cap of their hour are held, after those of other detectors', async (t) => {
  const store = await temporaryStore(t);
  const users = Array.from({ length: 8 }, (_, index) => `user_${index}`);
  await write(
    store,
    users.flatMap((user, index) =>
      refusals(D0 + index * MINUTE, 12, SECOND, { user, client: `10.1.2.${index}` }),
    ),
  );
  const detector = await detectorOf('A01');
  const held = async (caps: { server: number; detector: number }) =>
    foundAlerts(await backtest(store, detector, { caps })).filter(({ status }) => status === 'held').length;
  assert.equal(await held({ server: 100, detector: 5 }), 3);
  const others = Array.from({ length: 4 }, (_, index) => {
    const about = { detector: 'T99', severity: 'low', server: 'pg-1', capHour: D0 } as const;
    return {
      alert: alertWith({ ...about, alertId: `al_${index}` }),
      added: [],
      change: 'opened' as const,
      before: null,
    };
  });
  await store.transaction((transaction) => saveChanges(transaction, others));
  assert.equal(await held({ server: 10, detector: 30 }), 2);
});

function withSql(detector: Detector, sql: string): Detector {
  return { ...detector, sql, window: [] };
}

const refusal = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof PgvigilError && error.code === code && pattern.test(`${error.message} ${error.hint}`);

test('what takes too long, finds too much or has nothing to judge is told', async (t) => {
  const store = await temporaryStore(t);
  const detector = await detectorOf('A01');
  await assert.rejects(backtest(store, detector), refusal('NOT_FOUND', /nothing is stored yet/));
  await write(store, refusals(D0 + HOUR, 20, SECOND, anna));
  await assert.rejects(
    backtest(store, detector, { from: '2026-01-01', to: '2026-02-01' }),
    refusal(
      'NOT_FOUND',
      /from 2026-01-01 00:00:00 to 2026-01-31 23:59:59 Stored: 2026-03-02 01:00:00 to 2026-03-02 01:00:19 \(UTC\)/,
    ),
  );
  await assert.rejects(
    backtest(store, detector, { maxEvents: 19 }),
    refusal('QUERY_FAILED', /more than 19 events/),
  );
  const slow = withSql(
    detector,
    'SELECT sum(a.range * b.range) AS record_id, $since, $until FROM range(1000000) a, range(1000000) b',
  );
  await assert.rejects(
    backtest(store, slow, { timeoutMs: 200 }),
    refusal('QUERY_FAILED', /A01, from 2026-02-16 01:00:19 to 2026-03-02 01:00:19, took longer than 0\.2 s/),
  );
});

test('one line with a time far ahead does not make the rest old', async (t) => {
  const store = await temporaryStore(t);
  await write(store, [
    ...refusals(D0 + HOUR, 12, SECOND, anna),
    ...refusals(D0 + 3_000 * DAY, 1, SECOND, anna),
  ]);
  const result = await backtest(store, await detectorOf('A01'), { now: () => D0 + DAY });
  assert.equal(foundAlerts(result).length, 1);
});
