import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AlertChange, type AlertKind, changeText, foldEvidence } from '../../src/alerts/lifecycle.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import type { Severity } from '../../src/model/severity.ts';
import { NOW } from './support.ts';

const MINUTE = 60_000;
const KIND: AlertKind = {
  id: 'T01',
  name: 'test.kind',
  title: 'Test',
  severity: 'medium',
  quiet: 10 * MINUTE,
  lane: 'open',
  tactic: 'discovery',
  risk: 40,
};

function evidence(recordId: number, minute: number, changes: Partial<Evidence> = {}): Evidence {
  return {
    recordId: BigInt(recordId),
    server: 'pg-1',
    entity: 'app_rw@203.0.113.7',
    eventTime: NOW + minute * MINUTE,
    sessionId: `s.${recordId}`,
    user: 'app_rw',
    client: '203.0.113.7',
    database: 'orders',
    application: 'psql',
    severity: null,
    summary: `row ${recordId}`,
    statementHash: null,
    observed: null,
    threshold: 10,
    baseline: null,
    ...changes,
  };
}

/** Alerts after runs over these pieces of evidence, as a store would keep them. */
function afterRuns(runs: readonly Evidence[][]): { alerts: Alert[]; changes: AlertChange[][] } {
  const stored = new Map<string, Alert>();
  const changes = runs.map((run) => {
    const result = foldEvidence(KIND, [...stored.values()], run, NOW);
    for (const { alert } of result) stored.set(alert.alertId, alert);
    return result;
  });
  return { alerts: [...stored.values()], changes };
}

/** `count` rows of one entity, a second apart. */
const rows = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => evidence(first + index, (first + index) / 60));

const anyEvidence = fc
  .array(
    fc.record({
      minute: fc.integer({ min: 0, max: 90 }),
      server: fc.constantFrom('pg-1', 'pg-2'),
      entity: fc.constantFrom('a', 'b'),
      user: fc.constantFrom('alice', 'bob', null),
      client: fc.constantFrom('203.0.113.7', null),
      severity: fc.constantFrom<Severity | null>(null, 'low', 'critical'),
      observed: fc.option(fc.integer({ min: 0, max: 50 })),
      baseline: fc.option(fc.integer({ min: 0, max: 5 })),
      sessionId: fc.constantFrom('s.1', 's.2', null),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((list) => list.map(({ minute, ...rest }, index) => evidence(index, minute, rest)));

const byTime = (a: Evidence, b: Evidence) => a.eventTime - b.eventTime || Number(a.recordId - b.recordId);

test('evidence cut into runs at any points of time gives the alerts of one run', () => {
  fc.assert(
    fc.property(anyEvidence, fc.array(fc.nat(30), { maxLength: 6 }), (list, cuts) => {
      const ordered = [...list].sort(byTime);
      const points = [0, ...cuts.sort((a, b) => a - b), ordered.length];
      const runs = points.slice(1).map((end, index) => ordered.slice(points[index], end));
      const sorted = (alerts: Alert[]) => alerts.sort((a, b) => (a.alertId < b.alertId ? -1 : 1));
      assert.deepEqual(sorted(afterRuns(runs).alerts), sorted(afterRuns([list]).alerts));
    }),
    { numRuns: 300 },
  );
});

test('every row becomes evidence of exactly one alert of its server and entity, and counts say so', () => {
  fc.assert(
    fc.property(anyEvidence, (list) => {
      const changes = foldEvidence(KIND, [], list, NOW);
      const placed = changes.flatMap(({ added }) => added.map((row) => row.recordId));
      assert.deepEqual(
        placed.sort((a, b) => Number(a - b)),
        list.map((row) => row.recordId),
      );
      for (const { alert, added } of changes) {
        assert.equal(alert.count, added.length);
        assert.ok(added.every((row) => row.server === alert.server && row.entity === alert.entity));
        assert.equal(alert.firstSeen, Math.min(...added.map((row) => row.eventTime)));
        assert.equal(alert.lastSeen, Math.max(...added.map((row) => row.eventTime)));
        assert.equal(new Set(alert.sessions).size, alert.sessions.length);
      }
      assert.equal(new Set(changes.map(({ alert }) => alert.alertId)).size, changes.length);
    }),
    { numRuns: 200 },
  );
});

test('the order in which a run returns its rows does not matter', () => {
  fc.assert(
    fc.property(
      anyEvidence.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      ),
      ([list, shuffled]) => {
        assert.deepEqual(foldEvidence(KIND, [], shuffled, NOW), foldEvidence(KIND, [], list, NOW));
      },
    ),
  );
});

test('quiet time splits: at its end the alert goes on, behind it a new one opens', () => {
  assert.equal(afterRuns([[evidence(1, 0)], [evidence(2, 10)]]).alerts.length, 1);
  const { alerts, changes } = afterRuns([[evidence(1, 0)], [evidence(2, 10.001)]]);
  assert.deepEqual(
    alerts.map((alert) => [alert.firstSeen, alert.count]),
    [
      [NOW, 1],
      [NOW + 10.001 * MINUTE, 1],
    ],
  );
  assert.equal(changes[1]?.[0]?.change, 'opened');
});

test('late evidence joins the alert that it belongs to: before it, in it, and the earlier one of two', () => {
  const first = [evidence(1, 0), evidence(2, 30)];
  const { alerts } = afterRuns([first, [evidence(3, -9)], [evidence(4, 21)], [evidence(5, 9)]]);
  assert.deepEqual(
    alerts.map((alert) => [alert.firstSeen - NOW, alert.lastSeen - NOW, alert.count]),
    [
      [-9 * MINUTE, 9 * MINUTE, 3],
      [21 * MINUTE, 30 * MINUTE, 2],
    ],
  );
});

test('an alert is named for what it is about: alike when judged anew, unlike for anything else', () => {
  const id = (kind: AlertKind, row: Evidence) => foldEvidence(kind, [], [row], NOW)[0]?.alert.alertId;
  const row = evidence(1, 0);
  assert.equal(id(KIND, row), id(KIND, { ...row, recordId: 99n, summary: 'other' }));
  const ids = [
    id(KIND, row),
    id({ ...KIND, id: 'T02' }, row),
    id(KIND, { ...row, server: 'pg-2' }),
    id(KIND, { ...row, entity: 'x' }),
    id(KIND, { ...row, eventTime: row.eventTime + 1 }),
    // Names that hold the separators of others.
    id(KIND, { ...row, server: 'pg-1","x', entity: '' }),
  ];
  assert.equal(new Set(ids).size, ids.length);
  assert.match(ids[0] ?? '', /^al_[0-9a-f]{24}$/);
});

test('server and entity do not run into each other', () => {
  const changes = foldEvidence(
    KIND,
    [],
    [evidence(1, 0, { server: 'a', entity: 'b\nc' }), evidence(2, 0, { server: 'a\nb', entity: 'c' })],
    NOW,
  );
  assert.equal(changes.length, 2);
});

test('opened once, updated when the count passes 10, 100 and 1,000, otherwise grown', () => {
  const sizes = [1, 8, 1, 89, 1, 899, 1, 500];
  let next = 0;
  const runs = sizes.map((size) => {
    const run = rows(size, next);
    next += size;
    return run;
  });
  const { changes, alerts } = afterRuns(runs);
  assert.deepEqual(
    changes.map((run) => run.map(({ alert, change }) => `${change} ${alert.count}`)),
    [
      ['opened 1'],
      ['grown 9'],
      ['updated 10'],
      ['grown 99'],
      ['updated 100'],
      ['grown 999'],
      ['updated 1000'],
      ['grown 1500'],
    ],
  );
  assert.equal(alerts[0]?.sessions.length, 1000); // bounded; the evidence has them all
});

test('a graver row raises severity and summary and is an update; a milder one changes neither', () => {
  const { changes, alerts } = afterRuns([
    [evidence(1, 0)],
    [evidence(2, 1, { severity: 'critical', summary: 'grave' })],
    [evidence(3, 2, { severity: 'low', summary: 'mild', observed: 99 })],
  ]);
  assert.deepEqual(
    changes.map((run) => run[0]?.change),
    ['opened', 'updated', 'grown'],
  );
  assert.equal(alerts[0]?.severity, 'critical');
  assert.equal(alerts[0]?.summary, 'grave');
  assert.equal(alerts[0]?.observed, 99);
});

test('the summary is that of the row with the largest observed value', () => {
  const { alerts } = afterRuns([
    [evidence(1, 0, { observed: 10, summary: '10' }), evidence(2, 1, { observed: 12, summary: '12' })],
    [evidence(3, 2, { observed: 11, summary: '11' })],
  ]);
  assert.deepEqual([alerts[0]?.summary, alerts[0]?.observed], ['12', 12]);
});

test('threshold and baseline are those of the row with the largest observed value, also where it knows none', () => {
  const held = (...pieces: Evidence[][]) => {
    const [alert] = afterRuns(pieces).alerts;
    return [alert?.observed, alert?.threshold, alert?.baseline];
  };
  const first = evidence(1, 0, { observed: 10, threshold: 5, baseline: 2 });
  assert.deepEqual(held([first]), [10, 5, 2]);
  const more = evidence(2, 1, { observed: 12, threshold: 6, baseline: 3 });
  assert.deepEqual(held([first], [more]), [12, 6, 3]);
  // As much is not more, whatever else the row is.
  const grave = evidence(3, 2, { observed: 12, threshold: 7, baseline: 4, severity: 'critical' });
  assert.deepEqual(held([first, more], [grave]), [12, 6, 3]);
  const unlearned = evidence(4, 3, { observed: 13, threshold: 6 });
  assert.deepEqual(held([first, more], [unlearned]), [13, 6, null]);
});

test('who it was stays on the alert only while all evidence agrees', () => {
  const { alerts } = afterRuns([
    [evidence(1, 0), evidence(2, 1, { user: 'bob' })],
    [evidence(3, 2, { client: null }), evidence(4, 3)],
  ]);
  const [alert] = alerts;
  assert.deepEqual(
    [alert?.user, alert?.client, alert?.database, alert?.application],
    [null, null, 'orders', 'psql'],
  );
});

test('the alerts that are handed in stay as they were', () => {
  const before = foldEvidence(KIND, [], [evidence(1, 0)], NOW).map(({ alert }) => alert);
  const copy = structuredClone(before);
  foldEvidence(KIND, before, [evidence(2, 1, { severity: 'critical' })], NOW + 1);
  assert.deepEqual(before, copy);
});

test('closing is no silence: what goes on opens the alert again, what came late only completes it', () => {
  const closed = foldEvidence(KIND, [], [evidence(1, 0), evidence(2, 4)], NOW).map(({ alert }) => ({
    ...alert,
    status: 'closed' as const,
  }));
  const [late] = foldEvidence(KIND, closed, [evidence(3, 2)], NOW);
  assert.deepEqual([late?.alert.status, late?.alert.count, late?.change], ['closed', 3, 'grown']);
  const [further] = foldEvidence(KIND, closed, [evidence(4, 5)], NOW);
  assert.deepEqual([further?.alert.status, further?.change], ['open', 'reopened']);
  const [other] = foldEvidence(KIND, closed, [evidence(5, 4 + 11)], NOW);
  assert.deepEqual(
    [other?.alert.status, other?.change],
    ['open', 'opened'],
    'after quiet it is another alert',
  );
});

test('an alert that somebody has stays his while it grows, and he hears of what is worse', () => {
  const known = foldEvidence(KIND, [], rows(9), NOW).map(({ alert }) => ({
    ...alert,
    status: 'acknowledged' as const,
  }));
  const [change] = foldEvidence(KIND, known, [evidence(100, 1, { severity: 'critical' })], NOW);
  assert.deepEqual([change?.alert.status, change?.change], ['acknowledged', 'updated']);
  assert.equal(change && changeText(change), 'severity rose from medium to critical, 10 events so far');
});

test('what changed is told in words, and nothing where only the count grew', () => {
  const [opened] = foldEvidence(KIND, [], rows(8), NOW);
  assert.equal(opened && changeText(opened), null);
  const [grown] = foldEvidence(KIND, [opened!.alert], [evidence(50, 1)], NOW);
  assert.deepEqual([grown?.change, grown && changeText(grown)], ['grown', null]);
  const [thousand] = foldEvidence(KIND, [{ ...opened!.alert, count: 999 }], [evidence(51, 1)], NOW);
  assert.deepEqual([thousand?.change, thousand && changeText(thousand)], ['updated', '1,000 events so far']);
});
