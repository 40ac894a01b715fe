import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AlertRow,
  alertFromRow,
  recentAlerts,
  saveChanges,
  unknownEvidence,
} from '../../src/alerts/alert-store.ts';
import { foldEvidence } from '../../src/alerts/lifecycle.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import type { Store } from '../../src/store/store.ts';
import { NOW, temporaryStore } from './support.ts';

const KIND = {
  id: 'T01',
  name: 'test.kind',
  title: 'Test',
  severity: 'medium',
  quiet: 60_000,
  lane: 'open',
  tactic: 'discovery',
  risk: 40,
} as const;

function evidence(recordId: bigint, changes: Partial<Evidence> = {}): Evidence {
  return {
    recordId,
    server: 'pg-1',
    entity: 'app_rw@203.0.113.7',
    eventTime: NOW + Number(recordId),
    sessionId: `s.${recordId}`,
    user: 'app_rw',
    client: null,
    database: 'orders',
    application: null,
    severity: null,
    summary: "it's",
    statementHash: null,
    observed: 1.5,
    threshold: 1,
    baseline: 0.5,
    ...changes,
  };
}

async function save(store: Store, rows: Evidence[]) {
  return store.transaction(async (transaction) => {
    const known = await recentAlerts(transaction, KIND.id, 'open', NOW - KIND.quiet);
    const changes = foldEvidence(KIND, known, rows, NOW);
    await saveChanges(transaction, changes);
    return changes;
  });
}

test('an alert comes back as it was saved, each time in one row', async (t) => {
  const store = await temporaryStore(t);
  await save(store, [evidence(1n), evidence(2n, { sessionId: null })]);
  const [second] = await save(store, [evidence(3n, { severity: 'critical', user: 'bob' })]);
  const rows = await store.rows<AlertRow>('SELECT * FROM store.alerts');
  assert.deepEqual(rows.map(alertFromRow), [second?.alert]);
  assert.equal(rows[0]?.evidence_count, 3n);
  // The public view has the columns of the table.
  const [fromView] = await store.rows<AlertRow>('SELECT * FROM alerts');
  assert.ok(fromView);
  assert.deepEqual(alertFromRow(fromView), second?.alert);
  const kept = await store.rows('SELECT record_id, alert_id FROM evidence ORDER BY record_id');
  assert.deepEqual(
    kept.map((row) => [row.record_id, row.alert_id]),
    [1n, 2n, 3n].map((id) => [id, second?.alert.alertId]),
  );
});

test('evidence is unknown until it is saved for its detector, server and entity, and in a list only once', async (t) => {
  const store = await temporaryStore(t);
  await save(store, [evidence(1n), evidence(2n)]);
  const unknown = async (detector: string, rows: Evidence[]) =>
    store.transaction((transaction) => unknownEvidence(transaction, detector, rows));
  const ids = (rows: Evidence[]) => rows.map((row) => row.recordId);
  assert.deepEqual(ids(await unknown('T01', [evidence(1n), evidence(2n), evidence(3n), evidence(3n)])), [3n]);
  assert.deepEqual(ids(await unknown('T02', [evidence(1n)])), [1n]);
  assert.deepEqual(ids(await unknown('T01', [evidence(1n, { server: 'pg-2' })])), [1n]);
  assert.deepEqual(ids(await unknown('T01', [evidence(1n, { entity: 'other' })])), [1n]);
  assert.deepEqual(await unknown('T01', []), []);
});

test('a flood of evidence is no harder than a little', async (t) => {
  const store = await temporaryStore(t);
  const flood = Array.from({ length: 200_000 }, (_, index) => evidence(BigInt(index)));
  const fresh = await store.transaction((transaction) => unknownEvidence(transaction, 'T01', flood));
  assert.equal(fresh.length, flood.length);
});

test('alerts that ended longer ago than asked, and those of other detectors, are left out', async (t) => {
  const store = await temporaryStore(t);
  await save(store, [evidence(1n)]);
  const recent = (detector: string, from: number) =>
    store.transaction((transaction) => recentAlerts(transaction, detector, 'open', from));
  assert.equal((await recent('T01', NOW + 1)).length, 1);
  assert.equal((await recent('T01', NOW + 2)).length, 0);
  assert.equal((await recent('T02', NOW)).length, 0);
});

test('a transaction that fails after the alerts were saved leaves none of them', async (t) => {
  const store = await temporaryStore(t);
  await assert.rejects(
    store.transaction(async (transaction) => {
      await saveChanges(transaction, foldEvidence(KIND, [], [evidence(1n)], NOW));
      throw new Error('the outbox failed');
    }),
    /the outbox failed/,
  );
  assert.deepEqual(
    await store.rows('SELECT * FROM store.alerts UNION ALL BY NAME SELECT * FROM store.evidence'),
    [],
  );
});
