/** What a case is made into is read as the lines of a real server are: `fixtures/recorded` has the same texts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../../../src/decode/message.ts';
import { compilePrefix } from '../../../src/decode/prefix/prefix.ts';
import { parseCases } from '../../../src/detect/cases/case-file.ts';
import { CASE_PREFIX, recordsOf } from '../../../src/detect/cases/log-lines.ts';
import type { LogRecord } from '../../../src/model/record.ts';

function decoded(steps: string): LogRecord[] {
  const [one] = parseCases('x', `- case: x\n  alerts: []\n  steps:\n${steps}`);
  const body = Buffer.from(JSON.stringify({ records: recordsOf(one!, (name) => `pg-${name}`) }));
  const { records, rejects } = decodeMessage(body, { prefixes: [compilePrefix(CASE_PREFIX)] });
  assert.deepEqual(rejects, []);
  return records;
}

const factsOf = (steps: string) => decoded(steps).map(({ fact }) => fact);

test('a sign-in is three lines of one session', () => {
  const records = decoded(
    '    - sign_in: { user: anna, client: 10.1.2.3, database: hr, application: psql }\n    - { at: 9s, sign_out: true }',
  );
  const events = records.map(({ fact }) => (fact?.kind === 'connection' ? fact.event : null));
  assert.deepEqual(events, ['received', 'authenticated', 'authorized', 'disconnected']);
  assert.equal(new Set(records.map(({ sessionId }) => sessionId)).size, 1);
  const authorized = records[2]?.fact;
  assert.ok(authorized?.kind === 'connection');
  const { user, database, application, tls, tlsVersion } = authorized;
  assert.deepEqual([user, database, application, tls, tlsVersion], ['anna', 'hr', 'psql', true, 'TLSv1.3']);
  const closed = records[3]?.fact;
  assert.ok(closed?.kind === 'connection');
  assert.deepEqual([closed.user, closed.database, closed.client], ['anna', 'hr', '10.1.2.3']);
});

test('every refusal is read with its reason', () => {
  for (const reason of [
    'bad_password',
    'no_such_role',
    'no_such_db',
    'no_hba',
    'not_permitted',
    'too_many',
  ]) {
    const [, refused] = factsOf(`    - refused: { user: anna, client: 10.1.2.3, reason: ${reason} }`);
    assert.ok(refused?.kind === 'connection', reason);
    assert.equal(refused.reason, reason);
  }
});

test('statements are counted in their session, and quoted as pgaudit does', () => {
  const text = 'SELECT "a", \'x\'\nFROM t';
  const step = JSON.stringify({ audit: { class: 'READ', command: 'SELECT', text, rows: 7 } });
  const audits = factsOf(`    - ${step}\n    - ${step}`);
  assert.deepEqual(
    audits.map((fact) => fact?.kind === 'audit' && [fact.statementId, fact.statement, fact.rows]),
    [
      [1, text, 7],
      [2, text, 7],
    ],
  );
});

test('a failure is shipped with its statement, or without', () => {
  const [withText, without, line] = factsOf(
    [
      '    - error: { sqlstate: "42501", message: permission denied for table t, text: SELECT * FROM t }',
      '    - error: { sqlstate: "42501", message: permission denied for table t, text: null }',
      '    - { backend_type: postmaster, line: \'LOG:  parameter "log_connections" changed to "off"\' }',
    ].join('\n'),
  );
  assert.deepEqual(withText?.kind === 'failure' && [withText.sqlstate, withText.statement], [
    '42501',
    'SELECT * FROM t',
  ]);
  assert.equal(without?.kind === 'failure' && without.statement, null);
  assert.deepEqual(line, { kind: 'setting', parameter: 'log_connections', value: 'off' });
});

test('a repeated step is counted, each in a session of its own unless it says otherwise', () => {
  const repeated =
    '    - { repeat: 3, every: 20s, refused: { user: "u{n}", client: "10.0.0.{n}", reason: bad_password } }';
  const records = decoded(repeated).filter(({ level }) => level === 'FATAL');
  const users = records.map(({ fact }) => fact?.kind === 'connection' && fact.user);
  assert.deepEqual(users, ['u1', 'u2', 'u3']);
  assert.equal(new Set(records.map(({ sessionId }) => sessionId)).size, 3);
  assert.equal(records[2]!.eventTime - records[0]!.eventTime, 40_000);
  const same = decoded(
    '    - { repeat: 3, same_session: true, audit: { class: READ, command: SELECT, text: "SELECT {n}" } }',
  );
  assert.equal(new Set(same.map(({ sessionId }) => sessionId)).size, 1);
});

test('history is repeated on each day before, in sessions of its own', () => {
  const [one] = parseCases(
    'x',
    `- case: x
  alerts: []
  history_days: 3
  history: [{ at: 5m, sign_in: { user: anna, client: 10.1.2.3 } }]
  steps: [{ sign_in: { user: anna, client: 10.1.2.3 } }]`,
  );
  const body = Buffer.from(JSON.stringify({ records: recordsOf(one!, (name) => name) }));
  const { records } = decodeMessage(body, { prefixes: [compilePrefix(CASE_PREFIX)] });
  const starts = records.filter(({ fact }) => fact?.kind === 'connection' && fact.event === 'received');
  assert.deepEqual(
    starts.map(({ eventTime }) => new Date(eventTime).toISOString().slice(0, 16)),
    ['2026-10-30T10:05', '2026-10-31T10:05', '2026-11-01T10:05', '2026-11-02T10:00'],
  );
  assert.equal(new Set(records.map(({ sessionId }) => sessionId)).size, 4);
});
