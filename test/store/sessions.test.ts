import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ConnectionEvent } from '../../src/model/fact.ts';
import type { Row, Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { connection, logRecord, message, T0, temporaryStore } from './support.ts';

/** A line of a session: what it says, and milliseconds after the first. */
type Line = readonly [fact: ConnectionEvent, afterMs: number];

const RECEIVED: Line = [connection('received', { client: '203.0.113.7', clientPort: 50_123 }), 0];
const AUTHENTICATED: Line = [
  connection('authenticated', { identity: 'app_rw', method: 'scram-sha-256' }),
  11,
];
const AUTHORIZED: Line = [
  connection('authorized', {
    user: 'app_rw',
    database: 'orders',
    application: 'orders-api',
    tls: true,
    tlsVersion: 'TLSv1.3',
  }),
  12,
];
const DISCONNECTED: Line = [
  connection('disconnected', {
    user: 'app_rw',
    database: 'orders',
    client: '203.0.113.7',
    clientPort: 50_123,
    durationMs: 60_000,
  }),
  60_000,
];
const NO_DATABASE: Line = [
  connection('rejected', { user: null, database: 'orders', reason: 'no_such_db' }),
  13,
];
const WRONG_PASSWORD: Line = [connection('failed', { user: 'app_rw', reason: 'bad_password' }), 12];

/** Stores one session's lines in the order given, each in a message of its own, under a server name of their own. */
async function arrive(store: Store, server: string, lines: readonly Line[]): Promise<void> {
  const writer = await StoreWriter.create(store);
  await writer.commit(
    lines.map(([fact, afterMs], index) =>
      message(index + 1, {
        partition: server,
        records: [logRecord(fact, { server, eventTime: T0 + afterMs, sessionId: 'aa.1' })],
      }),
    ),
  );
}

async function only(store: Store, view: 'sessions' | 'sign_ins', server: string): Promise<Row | null> {
  const rows = await store.rows(`SELECT * FROM ${view} WHERE server = $server`, { server });
  assert.ok(rows.length <= 1);
  if (rows[0] === undefined) return null;
  // Its name differs from case to case, and with it its number.
  const { session_key, ...row } = rows[0];
  return row;
}

async function session(store: Store, ...lines: Line[]): Promise<{ session: Row; signIn: Row | null }> {
  const server = `pg-${++servers}`;
  await arrive(store, server, lines);
  const found = await only(store, 'sessions', server);
  assert.ok(found);
  return { session: found, signIn: await only(store, 'sign_ins', server) };
}
let servers = 0;

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}

const SIGNED_IN = {
  session_id: 'aa.1',
  started_at: new Date(T0),
  is_start_seen: true,
  ended_at: new Date(T0 + 60_000),
  user_name: 'app_rw',
  database_name: 'orders',
  client: '203.0.113.7',
  client_port: 50_123,
  application: 'orders-api',
  identity: 'app_rw',
  method: 'scram-sha-256',
  tls: true,
  tls_version: 'TLSv1.3',
  replication: false,
  outcome: 'signed_in',
  reason: null,
  duration_ms: 60_000n,
  is_pooler: false,
  is_platform: false,
};

test('the lines of a session give the same row in each of their 24 orders', async (t) => {
  const store = await temporaryStore(t);
  for (const order of permutations([RECEIVED, AUTHENTICATED, AUTHORIZED, DISCONNECTED])) {
    const { session: row, signIn } = await session(store, ...order);
    const { server, ...rest } = row;
    assert.deepEqual(rest, SIGNED_IN);
    assert.equal(signIn?.outcome, 'success');
    assert.equal(signIn?.client, '203.0.113.7');
    assert.deepEqual(signIn?.event_time, new Date(T0 + 12));
  }
});

test('any part of the lines, in any order, tells the same as that part in order of time', async (t) => {
  const store = await temporaryStore(t);
  const lines = [RECEIVED, AUTHENTICATED, AUTHORIZED, NO_DATABASE, DISCONNECTED];
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(lines, { minLength: 1 }), async (arrived) => {
      const ordered = lines.filter((line) => arrived.includes(line));
      const a = await session(store, ...arrived);
      const b = await session(store, ...ordered);
      assert.deepEqual({ ...a.session, server: '' }, { ...b.session, server: '' });
      const told = (row: Row | null) => row && { ...row, server: '', record_id: 0n };
      assert.deepEqual(told(a.signIn), told(b.signIn));
    }),
    { numRuns: 30 },
  );
});

test('authorized and then refused is no success, whichever line comes first', async (t) => {
  const store = await temporaryStore(t);
  for (const order of permutations([RECEIVED, AUTHORIZED, NO_DATABASE])) {
    const { session: row, signIn } = await session(store, ...order);
    assert.equal(row.outcome, 'rejected');
    assert.equal(row.reason, 'no_such_db');
    assert.equal(signIn?.outcome, 'rejected');
    assert.equal(signIn?.user_name, 'app_rw');
  }
});

test('a refused password is a failure with the address of the line that knows it', async (t) => {
  const store = await temporaryStore(t);
  const { session: row, signIn } = await session(store, WRONG_PASSWORD, RECEIVED);
  assert.equal(row.outcome, 'failed');
  assert.equal(row.ended_at, null);
  assert.deepEqual(
    [signIn?.outcome, signIn?.user_name, signIn?.client, signIn?.reason],
    ['failed', 'app_rw', '203.0.113.7', 'bad_password'],
  );
});

test('a probe that only connects is no attempt to sign in', async (t) => {
  const { session: row, signIn } = await session(await temporaryStore(t), RECEIVED);
  assert.equal(row.outcome, 'incomplete');
  assert.equal(signIn, null);
});

test('a connection that was open before the logs began is known by its end', async (t) => {
  const { session: row } = await session(await temporaryStore(t), DISCONNECTED);
  assert.deepEqual([row.outcome, row.user_name, row.client], ['signed_in', 'app_rw', '203.0.113.7']);
});

test('a second authorized line, as RAISE LOG forges it, changes neither user nor database', async (t) => {
  const store = await temporaryStore(t);
  const forged: Line = [connection('authorized', { user: 'dba_alice', database: 'hr' }), 5_000];
  const { session: row, signIn } = await session(store, RECEIVED, AUTHORIZED, forged, DISCONNECTED);
  assert.deepEqual([row.user_name, row.database_name], ['app_rw', 'orders']);
  assert.deepEqual([signIn?.user_name, signIn?.database_name], ['app_rw', 'orders']);
});

test('the platform is known by local address and certificate together, never by its name', async (t) => {
  const store = await temporaryStore(t);
  const from = (client: string): Line => [connection('received', { client }), 0];
  const certificate: Line = [
    connection('authenticated', { identity: 'CN=azuresu.production', method: 'cert' }),
    1,
  ];
  const password: Line = [connection('authenticated', { identity: 'azuresu', method: 'scram-sha-256' }), 1];
  const named: Line = [connection('authorized', { user: 'azuresu', database: 'postgres' }), 2];
  const isPlatform = async (...lines: Line[]) => (await session(store, ...lines)).session.is_platform;

  assert.equal(await isPlatform(from('127.0.0.1'), certificate, named), true);
  assert.equal(await isPlatform(from('169.254.128.1'), certificate, named), true);
  assert.equal(await isPlatform(from('[local]'), certificate, named), true);
  assert.equal(await isPlatform(from('203.0.113.7'), certificate, named), false);
  const mapped: Line = [connection('authorized', { user: 'app_rw', database: 'postgres' }), 2];
  assert.equal(await isPlatform(from('127.0.0.1'), certificate, mapped), false);
  assert.equal(await isPlatform(from('127.0.0.1'), password, named), false);
  assert.equal(await isPlatform(from('127.0.0.1'), named), false);
  assert.equal(await isPlatform(named), false);
  const other: Line = [connection('authenticated', { identity: 'CN=azuresuX', method: 'cert' }), 1];
  assert.equal(await isPlatform(from('127.0.0.1'), other, named), false);
});

test('a client that prints the lines of the platform with RAISE LOG is not taken for it', async (t) => {
  const store = await temporaryStore(t);
  const forged: Line[] = [
    [connection('received', { client: '127.0.0.1' }), 5_000],
    [connection('authenticated', { identity: 'CN=azuresu.production', method: 'cert' }), 5_001],
  ];
  // Through the built-in PgBouncer a client has a local address of its own; only the sign-in tells.
  const pooled: Line = [connection('received', { client: '[local]' }), 0];
  for (const received of [RECEIVED, pooled]) {
    const lines = [received, AUTHENTICATED, AUTHORIZED, ...forged];
    for (const arrived of [lines, [...lines].reverse()])
      assert.equal((await session(store, ...arrived)).session.is_platform, false);
  }
});

test('sessions of one id on two servers stay apart', async (t) => {
  const store = await temporaryStore(t);
  await arrive(store, 'east', [RECEIVED, AUTHORIZED]);
  await arrive(store, 'west', [[connection('received', { client: '198.51.100.9' }), 0], WRONG_PASSWORD]);
  assert.equal((await only(store, 'sessions', 'east'))?.client, '203.0.113.7');
  assert.equal((await only(store, 'sign_ins', 'west'))?.outcome, 'failed');
});
