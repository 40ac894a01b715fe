/** pgaudit's numbers: what is missing between them is a fact, and `<previously logged>` finds its text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '../../src/model/fact.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { audit, connection, features, logRecord, message, T0, temporaryStore } from './support.ts';

const RECEIVED = logRecord(connection('received', { client: '203.0.113.7' }));
const statement = (statementId: number, changes: Partial<LogRecord> = {}) =>
  logRecord(audit({ statementId }), { eventTime: T0 + statementId, ...changes });

async function gapsOf(store: Store): Promise<unknown[]> {
  const rows = await store.rows(
    'SELECT server, first_missing, last_missing, missing FROM audit_gaps ORDER BY server, first_missing',
  );
  return rows.map((row) => [
    row.server,
    Number(row.first_missing),
    Number(row.last_missing),
    Number(row.missing),
  ]);
}

async function arrive(store: Store, ...records: LogRecord[]): Promise<void> {
  const writer = await StoreWriter.create(store);
  await writer.commit(records.map((record, index) => message(index + 1, { records: [record] })));
}

test('a number that never arrives is a gap, with its neighbours and its user; in whatever order lines arrive', async (t) => {
  const store = await temporaryStore(t);
  const authorized = logRecord(connection('authorized', { user: 'app_rw' }));
  await arrive(
    store,
    statement(7),
    statement(3),
    RECEIVED,
    statement(2),
    authorized,
    statement(4),
    statement(1),
  );
  assert.deepEqual(await gapsOf(store), [['pg-1', 5, 6, 2]]);
  const [gap] = await store.rows('SELECT event_time, not_before, user_name, client FROM audit_gaps');
  assert.deepEqual(
    { ...gap },
    {
      event_time: new Date(T0 + 7),
      not_before: new Date(T0 + 4),
      user_name: 'app_rw',
      client: '203.0.113.7',
    },
  );
});

test('the first numbers are missing only where the session was seen to begin', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const seen = [RECEIVED, statement(3)].map((record) => ({ ...record, server: 'seen' }));
  const unseen = [statement(30)].map((record) => ({ ...record, server: 'unseen' }));
  await writer.commit([...seen, ...unseen].map((record, index) => message(index + 1, { records: [record] })));
  assert.deepEqual(await gapsOf(store), [['seen', 1, 2, 2]]);
});

test('a session of which no connection line tells, as of a background worker, has its gaps too', async (t) => {
  const store = await temporaryStore(t);
  const worker = { backendType: 'pg_cron launcher', sessionId: '69a55080.2b' };
  await arrive(store, statement(2, worker), statement(5, worker));
  assert.equal((await store.rows('SELECT * FROM sessions')).length, 0);
  assert.deepEqual(await gapsOf(store), [['pg-1', 3, 4, 2]]);
});

test('repeated numbers and sub-statements are no gaps', async (t) => {
  const store = await temporaryStore(t);
  const sub = logRecord(audit({ statementId: 2, substatementId: 9 }), { eventTime: T0 + 2 });
  await arrive(store, RECEIVED, statement(1), statement(1), sub, statement(2), statement(3));
  assert.deepEqual(await gapsOf(store), []);
});

test('<previously logged> has the text and the parameters of its statement, whichever line arrives first', async (t) => {
  const again: Partial<AuditEntry> = { statement: null, previouslyLogged: true, command: 'SELECT' };
  const lines: [record: LogRecord, hash: string | null][] = [
    [logRecord(audit({ statementId: 3, parameters: '42' })), 'text of 3'],
    [logRecord(audit({ ...again, statementId: 3, objectName: 'public.account' })), null],
    [logRecord(audit({ statementId: 3, substatementId: 2 })), 'text of 3.2'],
    [logRecord(audit({ ...again, statementId: 3, substatementId: 2 })), null],
    [logRecord(audit({ ...again, statementId: 4 })), null], // its text never arrived
    [logRecord(audit({ statement: null, statementId: 3 })), null], // <not logged>
  ];
  for (const arrived of [lines, [...lines].reverse()]) {
    const store = await temporaryStore(t);
    const writer = await StoreWriter.create(store);
    const other = { ...lines[0]![0], sessionId: '69a55080.ff' };
    await writer.commit(
      [...arrived, [other, 'text of another session'] as const].map(([record, hash], index) =>
        message(index + 1, {
          records: [record],
          features: hash === null ? [] : [[0, features(hash)]],
        }),
      ),
    );
    const rows = await store.rows(
      `SELECT statement_id AS id, substatement_id AS sub, object_name, statement_hash, sql_text, parameters
       FROM activity WHERE session_id <> '69a55080.ff' ORDER BY ALL`,
    );
    assert.deepEqual(
      rows.map((row) => [
        Number(row.id),
        Number(row.sub),
        row.object_name,
        row.statement_hash,
        row.parameters,
      ]),
      [
        [3, 1, 'public.account', 'text of 3', '42'],
        [3, 1, null, 'text of 3', '42'],
        [3, 1, null, null, null],
        [3, 2, null, 'text of 3.2', null],
        [3, 2, null, 'text of 3.2', null],
        [4, 1, null, null, null],
      ],
    );
  }
});
