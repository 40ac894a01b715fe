/** The promise: a session is known whatever line tells of it, also without its first lines; no two are taken for one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fact } from '../../src/model/fact.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { Row, Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { audit, connection, logRecord, message, T0, temporaryStore } from './support.ts';

const START = 0x69a55080 * 1000;

/** Stores records as one message each, each of them with a writer of its own: a restart between any two. */
async function arrive(store: Store, ...records: LogRecord[]): Promise<void> {
  for (const record of records) {
    const writer = await StoreWriter.create(store);
    const next = (writer.position('eventhub:test/logs/$Default', '0')?.sequenceNumber ?? 0) + 1;
    await writer.commit([message(next, { records: [record] })]);
  }
}

const record = (fact: Fact | null, changes: Partial<LogRecord> = {}) =>
  logRecord(fact, { sessionId: '69a55080.1a', ...changes });
const NAMES = { prefixUser: 'app_rw', prefixDatabase: 'orders', prefixClient: '203.0.113.7' };
const DISCONNECTED = record(
  connection('disconnected', { user: 'app_rw', database: 'orders', client: '203.0.113.7' }),
  { eventTime: T0 + 9_000 },
);

async function all(store: Store, view: string): Promise<Row[]> {
  return (await store.rows(`SELECT * FROM ${view} ORDER BY server, session_id`)).map((row) => ({ ...row }));
}

test('statements of a session that began before the first record belong to it, and are known at its end', async (t) => {
  const store = await temporaryStore(t);
  await arrive(store, record(audit()));
  const [early] = await all(store, 'sessions');
  assert.deepEqual(
    [early?.session_id, early?.started_at, early?.is_start_seen, early?.outcome, early?.user_name],
    ['69a55080.1a', new Date(START), false, 'signed_in', null],
  );
  await arrive(store, DISCONNECTED);
  for (const view of ['activity', 'records', 'sessions']) {
    for (const row of await all(store, view))
      assert.deepEqual(
        [row.user_name, row.database_name, row.client],
        ['app_rw', 'orders', '203.0.113.7'],
        view,
      );
  }
});

test('one line whose prefix names the user tells all rows of its session, before and after', async (t) => {
  const store = await temporaryStore(t);
  await arrive(
    store,
    record(audit({ statementId: 1 })),
    record(null, { ...NAMES, message: 'duration: 5 ms' }),
    record({ kind: 'failure', sqlstate: '42501', message: 'no', statement: null }, { level: 'ERROR' }),
  );
  const rows = [...(await all(store, 'activity')), ...(await all(store, 'records'))];
  assert.equal(rows.length, 5);
  for (const row of rows)
    assert.deepEqual([row.user_name, row.database_name, row.client], ['app_rw', 'orders', '203.0.113.7']);
  assert.equal((await all(store, 'sessions')).length, 1);
});

test('the method, identity and encryption of a session stand in its statements and errors', async (t) => {
  const store = await temporaryStore(t);
  await arrive(
    store,
    record(audit()),
    record({ kind: 'failure', sqlstate: '42501', message: 'no', statement: null }, { level: 'ERROR' }),
    record(connection('authorized', { user: 'app_rw', tls: true, application: 'orders-api' })),
    record(connection('authenticated', { identity: 'CN=app', method: 'cert' })),
  );
  for (const view of ['activity', 'errors', 'records'])
    for (const row of await all(store, view))
      assert.deepEqual(
        [row.identity, row.method, row.tls, row.application],
        ['CN=app', 'cert', true, 'orders-api'],
        view,
      );
});

test('a pid that comes again is another session; so are equal ids on other servers and on a standby', async (t) => {
  const store = await temporaryStore(t);
  const authorized = (user: string) => connection('authorized', { user });
  await arrive(
    store,
    record(authorized('first')),
    record(audit()),
    record(authorized('second'), { sessionId: '69a55081.1a' }),
    record(audit(), { sessionId: '69a55081.1a' }),
    record(authorized('third'), { server: 'pg-1 (standby)' }),
    record(audit(), { server: 'pg-1 (standby)' }),
    record(authorized('fourth'), { server: 'pg-2' }),
    record(audit(), { server: 'pg-2' }),
  );
  const users = (await all(store, 'activity')).map((row) => row.user_name);
  assert.deepEqual(users, ['first', 'second', 'third', 'fourth']);
  assert.equal((await all(store, 'sessions')).length, 4);
});

test('background processes have session ids, too, but are no sessions', async (t) => {
  const store = await temporaryStore(t);
  const failure: Fact = { kind: 'failure', sqlstate: '57014', message: 'canceling', statement: null };
  await arrive(
    store,
    record(null, { backendType: 'checkpointer' }),
    record(failure, { backendType: 'autovacuum worker', level: 'ERROR' }),
    record(null),
  );
  assert.deepEqual(await all(store, 'sessions'), []);
});

test('a session that signs in and works leaves no more rows than its connection lines', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const records = [
    record(connection('authorized', { user: 'app_rw' }), { ...NAMES, index: 0 }),
    ...[1, 2, 3].map((index) => record(audit(), { ...NAMES, index })),
  ];
  await writer.commit([message(1, { records })]);
  const [row] = await store.rows<{ n: bigint }>('SELECT count(*) AS n FROM store.connection_events');
  assert.equal(row?.n, 1n);
});

test('snapshots of a session every five minutes leave one row, whatever lines come between', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const snapshot = (n: number) =>
    record(connection('seen', { user: 'app_rw', database: 'orders', application: 'orders-api' }), {
      category: 'PostgreSQLFlexSessions',
      eventTime: T0 + n * 300_000,
    });
  for (let n = 0; n < 5; n++)
    await writer.commit([
      message(n + 1, { records: [snapshot(n), record(audit({ statementId: n + 1 }), { index: 1 })] }),
    ]);
  const [rows] = await store.rows<{ n: bigint }>('SELECT count(*) AS n FROM store.connection_events');
  assert.equal(rows?.n, 1n);
  const [session] = await all(store, 'sessions');
  assert.deepEqual([session?.user_name, session?.application], ['app_rw', 'orders-api']);
});

test('a commit that fails and is tried again leaves the row of its session', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const told = message(1, { records: [record(audit(), NAMES)] });
  const poison = message(1, { partition: 'poison', records: [record(null, { index: 2 ** 40 })] });
  await assert.rejects(writer.commit([told, poison]), /int32/);
  await writer.commit([told]);
  assert.equal((await all(store, 'sessions'))[0]?.user_name, 'app_rw');
});
