/** The promise: sign-ins at the built-in PgBouncer are seen with the address of the client, and lead to its sessions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../../src/decode/message.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { audit, connection, logRecord, message, temporaryStore } from './support.ts';

const minute = (after: number) => `2026-03-02 09:${String(after).padStart(2, '0')}:00`;

/** A line of PgBouncer's log, as Azure sends it. */
function pooler(after: number, text: string): LogRecord {
  const record = {
    category: 'PostgreSQLFlexPGBouncer',
    log: `${minute(after)}.000 UTC [1] LOG ${text}`,
    resourceId: '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL/FLEXIBLESERVERS/PG-1',
    time: `${minute(after).replace(' ', 'T')}.000Z`,
    LogicalServerName: 'pg-1',
  };
  const { records } = decodeMessage(Buffer.from(JSON.stringify({ records: [record] })), { prefixes: [] });
  return records[0] as LogRecord;
}
const attempt = (after: number, pointer: string, user: string, client: string) =>
  pooler(
    after,
    `C-${pointer}: orders/${user}@${client} login attempt: db=orders user=${user} tls=TLSv1.3/TLS_AES_256_GCM_SHA384 replication=no`,
  );
const closing = (after: number, pointer: string, user: string, client: string, why: string) =>
  pooler(after, `C-${pointer}: orders/${user}@${client} closing because: ${why} (age=60s)`);

/** The server's side: a session of the pooler over the unix socket. */
function backend(after: number, until: number, user: string): LogRecord[] {
  const sessionId = `${(Date.UTC(2026, 2, 2, 9, after) / 1000).toString(16)}.1a`;
  const at = (minutes: number) => ({ sessionId, eventTime: Date.UTC(2026, 2, 2, 9, minutes) });
  return [
    logRecord(connection('received', { client: '[local]' }), at(after)),
    logRecord(connection('authorized', { user, database: 'orders' }), at(after)),
    logRecord(audit(), at(after + 1)),
    logRecord(connection('disconnected', { user, database: 'orders', client: '[local]' }), at(until)),
  ];
}

async function arrive(store: Store, ...records: LogRecord[]): Promise<void> {
  const writer = await StoreWriter.create(store);
  await writer.commit(records.map((record, index) => message(index + 1, { records: [record] })));
}

test('a wrong password at the pooler is a failed sign-in of that client; one that stays and leaves is a success', async (t) => {
  const store = await temporaryStore(t);
  await arrive(
    store,
    attempt(1, '0x55fd0001', 'app_rw', '203.0.113.7:40001'),
    closing(1, '0x55fd0001', 'app_rw', '203.0.113.7:40001', 'password authentication failed'),
    attempt(2, '0x55fd0001', 'app_rw', '203.0.113.7:40002'),
    closing(3, '0x55fd0001', 'app_rw', '203.0.113.7:40002', 'client close request'),
    attempt(4, '0x55fd0001', 'app_rw', '203.0.113.7:40003'),
  );
  const rows = await store.rows(
    'SELECT outcome, user_name, client, tls, is_pooler FROM sign_ins ORDER BY event_time',
  );
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [
      ['failed', 'app_rw', '203.0.113.7', true, true],
      ['success', 'app_rw', '203.0.113.7', true, true],
    ],
  );
  const [open] = await store.rows(
    `SELECT outcome, is_platform FROM sessions WHERE ended_at IS NULL AND client_port = 40003`,
  );
  assert.deepEqual({ ...open }, { outcome: 'incomplete', is_platform: false });
});

test('lines of PgBouncer that say nothing of a sign-in do not make one', async (t) => {
  const store = await temporaryStore(t);
  const client = 'C-0x55fd0001: orders/app_rw@203.0.113.7:40001';
  const warning = pooler(1, `${client} pooler error: SASL authentication failed`);
  const login = attempt(1, '0x55fd0001', 'app_rw', '203.0.113.7:40001');
  assert.notEqual(warning.sessionId, null);
  await arrive(store, { ...warning, fact: null }, login);
  const rows = await store.rows('SELECT outcome FROM sessions');
  assert.deepEqual(
    rows.map((row) => row.outcome),
    ['incomplete'],
  );
});

test('a session of the pooler names the clients that it may have served, and no others', async (t) => {
  const store = await temporaryStore(t);
  await arrive(
    store,
    attempt(1, '0x55fd0001', 'app_rw', '203.0.113.7:40001'),
    closing(2, '0x55fd0001', 'app_rw', '203.0.113.7:40001', 'client close request'), // gone before it began
    attempt(3, '0x55fd0002', 'app_rw', '198.51.100.9:40002'), // still there
    attempt(6, '0x55fd0003', 'app_rw', '203.0.113.8:40003'),
    closing(6, '0x55fd0003', 'app_rw', '203.0.113.8:40003', 'password authentication failed'),
    attempt(6, '0x55fd0004', 'other', '203.0.113.9:40004'),
    attempt(30, '0x55fd0005', 'app_rw', '203.0.113.10:40005'), // came after it had ended
    ...backend(5, 10, 'app_rw'),
  );
  const rows = await store.rows(
    'SELECT p.client, connections FROM pooler_clients p JOIN activity USING (session_id)',
  );
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [['198.51.100.9', 1n]],
  );
});

test("the platform's own clients of the pooler are marked by name and socket together", async (t) => {
  const store = await temporaryStore(t);
  await arrive(
    store,
    pooler(
      1,
      'C-0x55fd0001: postgres/azuresu@unix(230):6432 login attempt: db=postgres user=azuresu tls=no replication=no',
    ),
    attempt(2, '0x55fd0002', 'azuresu', '203.0.113.7:40001'),
    pooler(
      3,
      'C-0x55fd0003: orders/app@unix(231):6432 login attempt: db=orders user=app tls=no replication=no',
    ),
  );
  const rows = await store.rows('SELECT user_name, client, is_platform FROM sessions ORDER BY started_at');
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [
      ['azuresu', '[local]', true],
      ['azuresu', '203.0.113.7', false],
      ['app', '[local]', false],
    ],
  );
});
