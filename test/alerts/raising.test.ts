/** The promise: what is kept quiet is kept, counted and shown, and nothing can hide behind it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AllowList } from '../../src/alerts/allow-list/allow-list.ts';
import { DEFAULT_CAPS } from '../../src/alerts/caps.ts';
import type { AlertChange } from '../../src/alerts/lifecycle.ts';
import { type RaisingDetector, raiseAlerts } from '../../src/alerts/raising.ts';
import { isSilent } from '../../src/model/alert.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import type { Store } from '../../src/store/store.ts';
import { allow, evidenceRow } from './allow-list/support.ts';
import { NOW, temporaryStore } from './support.ts';

const HOUR = 3_600_000;
const T01: RaisingDetector = {
  id: 'T01',
  name: 'test.kind',
  title: 'Test',
  severity: 'medium',
  quiet: 60_000,
  correlates: false,
  tactic: 'discovery',
  risk: 40,
};

interface Options {
  detector?: Partial<RaisingDetector>;
  isShadow?: boolean;
  caps?: { server: number; detector: number };
}

async function raise(
  store: Store,
  rows: Evidence[],
  { detector, isShadow = false, caps = DEFAULT_CAPS }: Options = {},
): Promise<AlertChange[]> {
  return store.transaction((transaction) =>
    raiseAlerts(transaction, { ...T01, ...detector }, isShadow, rows, caps, NOW),
  );
}

const summary = async (store: Store) =>
  (
    await store.rows<{ line: string }>(
      `SELECT concat_ws(' ', server, detector, status, evidence_count) AS line FROM alerts ORDER BY line`,
    )
  ).map(({ line }) => line);

const hits = async (store: Store) =>
  (
    await store.rows<{ entry_id: string; hits: bigint }>(
      'SELECT entry_id, hits FROM allow_list ORDER BY entry_id',
    )
  ).map((row) => `${row.entry_id} ${row.hits}`);

const audible = (changes: AlertChange[]) =>
  changes.filter(({ alert, change }) => !isSilent(alert) && change !== 'grown');

/** Evidence of so many entities, a millisecond apart. */
const flood = (count: number, changes: Partial<Evidence> = {}, from = 0) =>
  Array.from({ length: count }, (_, n) =>
    evidenceRow(BigInt(from + n), { entity: `user${from + n}`, user: `user${from + n}`, ...changes }),
  );

test('what an entry matches becomes an alert that is sent to nobody, says which entry it was, and is counted', async (t) => {
  const store = await temporaryStore(t);
  await allow(store);
  const changes = await raise(store, [evidenceRow(1n), evidenceRow(2n)]);
  assert.deepEqual(audible(changes), []);
  const [alert] = await store.rows(
    "SELECT status, array_to_string(allowed_by, ' ') AS allowed_by, evidence_count FROM alerts",
  );
  assert.deepEqual(
    { ...alert },
    {
      status: 'allowed',
      allowed_by: 'allow_1',
      evidence_count: 2n,
    },
  );
  const [entry] = await store.rows<{ hits: bigint; last_hit: Date }>('SELECT hits, last_hit FROM allow_list');
  assert.equal(entry?.hits, 2n);
  assert.equal(entry?.last_hit.getTime(), NOW + 2);
});

test('an entry of one server hides nothing of another', async (t) => {
  const store = await temporaryStore(t);
  await allow(store, { server: 'pg-1' });
  await raise(store, [
    evidenceRow(1n),
    evidenceRow(2n, { server: 'pg-10' }),
    evidenceRow(3n, { server: 'pg-2' }),
  ]);
  assert.deepEqual(await summary(store), ['pg-1 T01 allowed 1', 'pg-10 T01 open 1', 'pg-2 T01 open 1']);
  assert.deepEqual(await hits(store), ['allow_1 1']);
});

test('allowed evidence neither joins nor blocks the alert of what is not allowed, even in the same moment', async (t) => {
  const store = await temporaryStore(t);
  await allow(store, { application: 'backup', user: 'app_rw' });
  const backup = (id: bigint) => evidenceRow(id, { application: 'backup', eventTime: NOW });
  const changes = await raise(store, [backup(1n), evidenceRow(2n, { eventTime: NOW }), backup(3n)]);
  assert.deepEqual(
    audible(changes).map(({ added }) => added.map(({ recordId }) => recordId)),
    [[2n]],
  );
  assert.deepEqual(await summary(store), ['pg-1 T01 allowed 2', 'pg-1 T01 open 1']);
  const [ids] = await store.rows('SELECT count(DISTINCT alert_id) AS n FROM alerts');
  assert.equal(ids?.n, 2n);
});

test('from the moment of its expiry on, an entry allows nothing', async (t) => {
  const store = await temporaryStore(t);
  await allow(store, { expiresAt: NOW + 10 });
  await raise(store, [evidenceRow(9n), evidenceRow(10n)]);
  assert.deepEqual(await summary(store), ['pg-1 T01 allowed 1', 'pg-1 T01 open 1']);
  // Events of before, that arrive after: they were allowed when they happened.
  await raise(store, [evidenceRow(8n)]);
  assert.deepEqual(await hits(store), ['allow_1 2']);
});

test('an entry that was removed allows nothing more, and stays to be read', async (t) => {
  const store = await temporaryStore(t);
  await allow(store);
  await raise(store, [evidenceRow(1n)]);
  await new AllowList(store, [], () => NOW).remove('allow', 'allow_', 'dba_bob');
  const changes = await raise(store, [evidenceRow(1n), evidenceRow(2n)]);
  assert.equal(audible(changes).length, 1);
  assert.deepEqual(await summary(store), ['pg-1 T01 allowed 1', 'pg-1 T01 open 1']);
  const [entry] = await store.rows('SELECT hits, removed_by FROM allow_list');
  assert.deepEqual({ ...entry }, { hits: 1n, removed_by: 'dba_bob' });
});

test('evidence that comes again is not counted again', async (t) => {
  const store = await temporaryStore(t);
  await allow(store);
  for (let run = 0; run < 3; run++) await raise(store, [evidenceRow(1n), evidenceRow(2n)]);
  assert.deepEqual(await hits(store), ['allow_1 2']);
});

test('every entry that matches is counted; allowed goes before suppressed', async (t) => {
  const store = await temporaryStore(t);
  await allow(store, { entryId: 'suppress_1', kind: 'suppress', user: null, server: 'pg-1' });
  await allow(store, { entryId: 'allow_2', detector: '*' });
  await allow(store, { entryId: 'allow_3', detector: 'T02' });
  await raise(store, [evidenceRow(1n), evidenceRow(2n, { user: 'other' })]);
  assert.deepEqual(await hits(store), ['allow_2 1', 'allow_3 0', 'suppress_1 2']);
  assert.deepEqual(await summary(store), ['pg-1 T01 allowed 1', 'pg-1 T01 suppressed 1']);
});

test('in a window over a server everything is suppressed but what is critical', async (t) => {
  const store = await temporaryStore(t);
  await allow(store, { kind: 'suppress', detector: '*', user: null, server: 'pg-1' });
  const changes = await raise(store, [
    evidenceRow(1n),
    evidenceRow(2n, { severity: 'critical', entity: 'other' }),
  ]);
  assert.deepEqual(
    audible(changes).map(({ alert }) => alert.severity),
    ['critical'],
  );
  assert.deepEqual(await summary(store), ['pg-1 T01 open 1', 'pg-1 T01 suppressed 1']);
});

test('what a shadow finds and an entry allows is allowed', async (t) => {
  const store = await temporaryStore(t);
  await allow(store);
  const rows = [evidenceRow(1n), evidenceRow(2n, { user: 'other' })];
  assert.deepEqual(audible(await raise(store, rows, { isShadow: true })), []);
  assert.deepEqual(await summary(store), ['pg-1 T01 allowed 1', 'pg-1 T01 shadow 1']);
});

test('of a flood of 10,000 so many are sent as the cap says, one alert tells of the rest, and nothing is lost', async (t) => {
  const store = await temporaryStore(t);
  const rows = flood(10_000);
  rows[5_000] = evidenceRow(5_000n, { entity: 'in the middle', severity: 'critical' });
  const changes = await raise(store, rows);
  const sent = audible(changes);
  assert.equal(sent.length, 30 + 1 + 1);
  assert.equal(sent.filter(({ alert }) => alert.entity === 'in the middle').length, 1);
  const [told] = sent.filter(({ alert }) => alert.detector === 'G01');
  assert.equal(told?.change, 'opened');
  assert.equal(told?.alert.severity, 'high');
  assert.match(
    told?.alert.summary ?? '',
    /^9969 alerts of pg-1 in the hour from 2026-03-01 12:00 UTC .*T01 9969/,
  );
  const stored = await store.rows<{ status: string; n: bigint; evidence: bigint }>(
    `SELECT status, count(*) AS n, sum(evidence_count)::BIGINT AS evidence FROM alerts WHERE detector = 'T01'
     GROUP BY status ORDER BY status`,
  );
  assert.deepEqual(
    stored.map((row) => [row.status, row.n, row.evidence]),
    [
      ['held', 9_969n, 9_969n],
      ['open', 31n, 31n],
    ],
  );
  const [kept] = await store.rows('SELECT count(*) AS n FROM evidence');
  assert.equal(kept?.n, 10_000n);
});

test('a flood that goes on is one alert for each server and hour', async (t) => {
  const store = await temporaryStore(t);
  const caps = { server: 100, detector: 2 };
  const told: AlertChange[] = [];
  for (let run = 0; run < 5; run++)
    told.push(
      ...(await raise(store, flood(30, {}, run * 30), { caps })).filter(
        ({ alert }) => alert.detector === 'G01',
      ),
    );
  assert.deepEqual(
    told.map(({ change, alert }) => `${change} ${alert.count}`),
    ['opened 28', 'grown 58', 'grown 88', 'updated 118', 'grown 148'],
  );
  await raise(store, flood(30, { server: 'pg-2' }, 200), { caps });
  await raise(store, flood(30, { eventTime: NOW + HOUR }, 300), { caps });
  const floods = await store.rows<{ server: string; entity: string; evidence_count: bigint }>(
    "SELECT server, entity, evidence_count FROM alerts WHERE detector = 'G01' ORDER BY server, entity",
  );
  assert.deepEqual(
    floods.map((row) => `${row.server} ${row.entity} ${row.evidence_count}`),
    [
      'pg-1 hour from 2026-03-01 12:00 UTC 148',
      'pg-1 hour from 2026-03-01 13:00 UTC 28',
      'pg-2 hour from 2026-03-01 12:00 UTC 28',
    ],
  );
});

test('the cap of the server holds what detectors below theirs open; high alerts of another detector go out', async (t) => {
  const store = await temporaryStore(t);
  const caps = { server: 5, detector: 3 };
  const open = async (id: string, severity: RaisingDetector['severity'], from: number, count = 3) =>
    audible(await raise(store, flood(count, {}, from), { detector: { id, severity }, caps })).filter(
      ({ alert }) => alert.detector === id,
    ).length;
  assert.equal(await open('T01', 'low', 0, 20), 3);
  // What is held took no room from others.
  assert.equal(await open('T02', 'medium', 30), 2);
  assert.equal(await open('T03', 'info', 40), 0);
  assert.equal(await open('T04', 'high', 50), 3);
  const [alert] = await store.rows<{ summary: string }>("SELECT summary FROM alerts WHERE detector = 'G01'");
  assert.match(alert?.summary ?? '', /^21 alerts .*\(T01 17, T03 3, T02 1\)/);
});

test('a held alert goes out when it becomes critical, or goes on in an hour with room, and only once', async (t) => {
  const store = await temporaryStore(t);
  const caps = { server: 100, detector: 1 };
  const lasting = { detector: { quiet: 2 * HOUR }, caps };
  await raise(store, flood(3), lasting);
  const entity = (n: number) => ({ entity: `user${n}`, user: `user${n}` });
  const sent = async (id: bigint, changes: Partial<Evidence>) =>
    audible(await raise(store, [evidenceRow(id, changes)], lasting)).map(
      ({ alert, change }) => `${alert.entity} ${change} ${alert.count}`,
    );
  assert.deepEqual(await sent(10n, entity(1)), [], 'the hour has no room');
  assert.deepEqual(await sent(11n, { ...entity(1), severity: 'critical' }), ['user1 opened 3']);
  assert.deepEqual(await sent(12n, { ...entity(2), eventTime: NOW + HOUR }), ['user2 opened 2']);
  assert.deepEqual(await sent(13n, { ...entity(2), eventTime: NOW + HOUR + 1 }), []);
  // It took the room of the hour in which it went out.
  assert.deepEqual(
    (await sent(14n, { ...entity(9), eventTime: NOW + HOUR + 2 })).filter((line) => line.startsWith('user9')),
    [],
  );
});

test('what nobody is sent uses up no cap', async (t) => {
  const store = await temporaryStore(t);
  await allow(store, { user: 'user*', expiresAt: NOW + 50 });
  const changes = await raise(store, flood(80));
  assert.deepEqual(audible(changes).length, 30);
  assert.ok(changes.every(({ alert }) => alert.detector !== 'G01'));
  await raise(store, flood(100, {}, 100), { isShadow: true });
  assert.deepEqual(await store.rows("SELECT 1 FROM alerts WHERE status = 'held'"), []);
});

test('alerts keep tactic and risk of their detector; those that read the alerts of others have none', async (t) => {
  const store = await temporaryStore(t);
  await raise(store, [evidenceRow(1n)]);
  await raise(store, [evidenceRow(1n)], { detector: { id: 'T02', correlates: true, tactic: 'several' } });
  const rows = await store.rows('SELECT detector, tactic, risk FROM alerts ORDER BY detector');
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [
      { detector: 'T01', tactic: 'discovery', risk: 40 },
      { detector: 'T02', tactic: null, risk: null },
    ],
  );
});
