import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowMatcher, type StatementFacts } from '../../../src/alerts/allow-list/matching.ts';
import type { AllowEntry } from '../../../src/model/allow-entry.ts';
import type { Evidence } from '../../../src/model/evidence.ts';
import { allowEntry, evidenceRow } from './support.ts';

function matches(
  entry: Partial<AllowEntry>,
  row: Partial<Evidence> = {},
  facts: Partial<StatementFacts> | null = null,
): boolean {
  const statements =
    facts === null
      ? new Map()
      : new Map([['hash', { fingerprint: null, relations: [], isComplete: true, ...facts }]]);
  return allowMatcher(allowEntry({ user: null, ...entry }), 'medium').matches(
    evidenceRow(1n, { statementHash: 'hash', ...row }),
    statements,
  );
}

test('each field has to match, all of them together', () => {
  for (const [field, right, wrong] of [
    ['server', 'pg-*', 'pg-2'],
    ['user', 'app_rw', 'app'],
    ['client', '203.0.113.0/24', '203.0.114.0/24'],
    ['database', 'orders', 'order'],
    ['application', 'psql', 'PSQL'],
    ['entity', 'app_rw@*', 'app_ro@*'],
  ] as const) {
    assert.equal(matches({ [field]: right }), true, field);
    assert.equal(matches({ [field]: wrong }), false, field);
    assert.equal(matches({ [field]: right, user: 'somebody else' }), false, field);
  }
});

test('what is not known is not allowed', () => {
  for (const field of ['user', 'client', 'database', 'application'] as const)
    assert.equal(matches({ [field]: 'a*' }, { [field]: null }), false, field);
  assert.equal(matches({ relation: 'orders' }), false);
  assert.equal(matches({ fingerprint: 'f1' }), false);
  assert.equal(matches({ fingerprint: 'f1' }, {}, { fingerprint: null }), false);
});

test('it counts when the event happened: from the first moment to just before the last', () => {
  const times = { startsAt: 1_000, expiresAt: 2_000 };
  const at = (eventTime: number) => matches({ user: 'app_rw', ...times }, { eventTime });
  assert.deepEqual([999, 1_000, 1_999, 2_000].map(at), [false, true, true, false]);
});

test('a relation is all that the statement touches, and the text says so itself', () => {
  const relation = (relations: string[], isComplete = true) =>
    matches({ relation: 'archive.*' }, {}, { relations, isComplete });
  assert.equal(relation(['archive.orders', 'archive.items']), true);
  assert.equal(relation(['archive.orders', 'public.customers']), false);
  assert.equal(relation(['archive.orders', 'pg_shadow']), false);
  assert.equal(relation([]), false);
  assert.equal(relation(['archive.orders'], false), false);
});

test('a fingerprint leaves literals out, so a statement with code in one is never allowed by it', () => {
  assert.equal(matches({ fingerprint: 'f1' }, {}, { fingerprint: 'f1' }), true);
  assert.equal(matches({ fingerprint: 'f1' }, {}, { fingerprint: 'f1', isComplete: false }), false);
  assert.equal(matches({ fingerprint: 'f1' }, {}, { fingerprint: 'f12' }), false);
});

test('a window over all detectors spares what is critical, one that names its detector does not', () => {
  const window = { kind: 'suppress', server: 'pg-1' } as const;
  assert.equal(matches({ ...window, detector: '*' }), true);
  assert.equal(matches({ ...window, detector: '*' }, { severity: 'critical' }), false);
  assert.equal(matches({ ...window, detector: 'T01' }, { severity: 'critical' }), true);
  const spared = allowMatcher(allowEntry({ ...window, user: null, detector: '*' }), 'critical');
  assert.equal(spared.matches(evidenceRow(1n), new Map()), false);
});
