/** M01, M02 and X01: data destroyed, held to ransom, carried away. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { temporaryStore } from '../store/support.ts';
import {
  alertsFrom,
  audited,
  DAY,
  detection,
  detectorOf,
  failed,
  HOUR,
  type Line,
  MINUTE,
  SECOND,
  signIn,
  storedAlerts,
  T0,
  type Who,
  write,
} from './support.ts';

const app: Who = { session: 'app.1', user: 'app_rw', client: '203.0.113.7' };
const tables = ['orders', 'customers', 'payments', 'invoices', 'products', 'reviews'];

async function of(t: TestContext, id: string, who: Who, lines: Line[], parameters = {}) {
  return alertsFrom(t, id, [...signIn(T0 - SECOND, who), ...lines], parameters);
}

/** DROP TABLE as pgaudit 1.7 logs it: a row for the table and for each thing that goes with it. */
function dropTable(at: number, who: Who, table: string, statementId = 1): Line[] {
  const statement = `DROP TABLE public.${table} CASCADE`;
  const objects = [
    ['DEFAULT VALUE', `for public.${table}.changed_at`],
    ['INDEX', `public.${table}_pkey`],
    ['TABLE CONSTRAINT', `${table}_pkey on public.${table}`],
    ['TABLE', `public.${table}`],
  ] as const;
  return objects.map(([objectType, objectName]) =>
    audited(at, who, statement, { class: 'DDL', command: 'DROP TABLE', objectType, objectName, statementId }),
  );
}

/** TRUNCATE names no object. */
const truncate = (at: number, who: Who, list: string) =>
  audited(at, who, `TRUNCATE ${list}`, {
    class: 'WRITE',
    command: 'TRUNCATE TABLE',
    objectType: '',
    objectName: '',
  });

const dropAll = (who: Who, names: readonly string[], everyMs = 5 * SECOND) =>
  names.flatMap((table, index) => dropTable(T0 + index * everyMs, who, table, index + 1));

test('M01: six different tables dropped in half a minute', async (t) => {
  const alerts = await of(t, 'M01', app, dropAll(app, tables));
  assert.equal(alerts.length, 1);
  assert.equal(alerts[0]?.severity, 'high');
  assert.equal(alerts[0]?.observed, 6);
  assert.equal(alerts[0]?.summary, 'app_rw dropped or emptied 6 tables');
});

test('M01 counts tables, not the constraints, indexes, defaults, views and schemas that go with them', async (t) => {
  assert.deepEqual(await of(t, 'M01', app, dropAll(app, tables.slice(0, 4))), []);
  const cascade = ['a', 'b', 'c', 'd', 'e'].map((name) =>
    audited(T0, app, 'DROP SCHEMA shop CASCADE', {
      class: 'DDL',
      command: 'DROP SCHEMA',
      objectType: name === 'a' ? 'SCHEMA' : 'VIEW',
      objectName: name === 'a' ? 'shop' : `shop.${name}`,
    }),
  );
  assert.deepEqual(await of(t, 'M01', app, cascade), []);
});

test('M01: one table by two names, with and without its schema, is one table', async (t) => {
  const names = tables.slice(0, 4);
  const lines = [...dropAll(app, names), truncate(T0 - SECOND, app, names.join(', '))];
  assert.deepEqual(await of(t, 'M01', app, lines), []);
});

test('M01: one TRUNCATE of five tables', async (t) => {
  const lines = [truncate(T0, app, tables.slice(0, 5).join(', '))];
  assert.equal((await of(t, 'M01', app, lines)).length, 1);
  assert.deepEqual(await of(t, 'M01', app, [truncate(T0, app, tables.slice(0, 4).join(', '))]), []);
});

test('M01 is silent: the same tables over more than the window', async (t) => {
  assert.deepEqual(await of(t, 'M01', app, dropAll(app, tables.slice(0, 5), 3 * MINUTE)), []);
});

test('M01 is silent: a migration that drops what it created', async (t) => {
  const made = tables.map((table, index) =>
    audited(T0 - MINUTE + index, app, `CREATE TABLE public.${table} (id int)`, { class: 'DDL' }),
  );
  assert.deepEqual(await of(t, 'M01', app, [...made, ...dropAll(app, tables)]), []);
  // Made by another session, they are not its own to drop.
  const other = { ...app, session: 'other.1' };
  const elsewhere = made.map((line) => ({ ...line, record: { ...line.record, sessionId: other.session } }));
  assert.equal((await of(t, 'M01', app, [...elsewhere, ...dropAll(app, tables)])).length, 1);
});

test('M01 is silent: staging tables and dated partitions', async (t) => {
  const names = [
    'stg_orders',
    'orders_staging',
    'tmp_1',
    'staging.prices',
    'import_a',
    'events_p20260301',
    'x_202602',
  ];
  const lines = names.map((name, index) => truncate(T0 + index * SECOND, app, name));
  assert.deepEqual(await of(t, 'M01', app, lines), []);
});

test('M01: DROP DATABASE counts by itself', async (t) => {
  const line = audited(T0, app, 'DROP DATABASE orders', { class: 'DDL', command: 'DROP DATABASE' });
  assert.match((await of(t, 'M01', app, [line]))[0]?.summary ?? '', /dropped a database/);
});

test('M01: a DELETE of every row, from the number of rows that counts', async (t) => {
  const remove = (statement: string, rows: number | null) =>
    audited(T0, app, statement, { class: 'WRITE', command: 'DELETE', rows });
  const [alert] = await of(t, 'M01', app, [remove('DELETE FROM orders', 1000)]);
  assert.match(alert?.summary ?? '', /every row of orders \(1000 rows\)/);
  assert.equal((await of(t, 'M01', app, [remove('DELETE FROM orders', null)])).length, 1);
  assert.deepEqual(await of(t, 'M01', app, [remove('DELETE FROM orders', 999)]), []);
  const expired = 'DELETE FROM sessions WHERE expires < now()';
  assert.deepEqual(await of(t, 'M01', app, [remove(expired, 100_000)]), []);
});

/** Each statement as pgaudit logs it before it runs, then its failure. */
const loggedAndFailed = (statements: readonly string[], sqlstate: string, everyMs = SECOND) =>
  statements.flatMap((statement, index) => {
    const at = T0 + index * everyMs;
    return [
      audited(at, app, statement, { statementId: index + 1, rows: null }),
      failed(at + 5, app, sqlstate, 'it failed', statement),
    ];
  });

test('M01: a DELETE that ran counts although it failed, one that was denied does not', async (t) => {
  const [alert] = await of(t, 'M01', app, loggedAndFailed(['DELETE FROM public.orders'], '57014'));
  assert.match(alert?.summary ?? '', /every row of orders/);
  assert.equal(alert?.evidence_count, 1n);
  const denied = failed(T0, app, '42501', 'permission denied for table orders', 'DELETE FROM public.orders');
  assert.deepEqual(await of(t, 'M01', app, [denied]), []);
});

const note = (at: number, who: Who) => [
  audited(at, who, 'CREATE TABLE readme_to_recover (t text)', { class: 'DDL', command: 'CREATE TABLE' }),
  audited(
    at + SECOND,
    who,
    "INSERT INTO readme_to_recover VALUES ('All your data is backed up. Send 0.01 BTC to get your database back.')",
    { class: 'WRITE', command: 'INSERT' },
  ),
];

test('M02: a table dropped, then a note that demands money, also when the note comes in a later run', async (t) => {
  const [alert] = await of(t, 'M02', app, [...dropTable(T0, app, 'orders'), ...note(T0 + MINUTE, app)]);
  assert.equal(alert?.severity, 'critical');
  assert.match(alert?.summary ?? '', /left a note that demands money/);

  const store = await temporaryStore(t);
  const detector = await detectorOf('M02');
  await write(store, [...signIn(T0 - SECOND, app), ...dropTable(T0, app, 'orders')]);
  await detection(store, [detector]).finish();
  assert.deepEqual(await storedAlerts(store), []);
  await write(store, note(T0 + 50 * MINUTE, app));
  await detection(store, [detector]).finish();
  const alerts = await storedAlerts(store);
  assert.equal(alerts.length, 1);
  assert.equal(alerts[0]?.evidence_count, alert?.evidence_count);
});

test('M02 is silent: a database made anew, a table called warning, destruction and note by two users', async (t) => {
  const reset = [
    audited(T0, app, 'DROP DATABASE test', { class: 'DDL', command: 'DROP DATABASE' }),
    audited(T0 + SECOND, app, 'CREATE DATABASE test', { class: 'DDL', command: 'CREATE DATABASE' }),
  ];
  assert.deepEqual(await of(t, 'M02', app, reset), []);
  const warning = audited(T0, app, 'CREATE TABLE warning (id int, level text)', { class: 'DDL' });
  assert.deepEqual(await of(t, 'M02', app, [warning]), []);
  const other = { session: 'other.1', user: 'dba', client: '198.51.100.4' };
  const apart = [
    ...signIn(T0, other),
    ...dropTable(T0, other, 'orders'),
    audited(T0 + MINUTE, app, 'CREATE TABLE readme_to_recover (t text)', { class: 'DDL' }),
  ];
  assert.deepEqual(await of(t, 'M02', app, apart), []);
});

const copyOut = (who: Who, names: readonly string[], from = T0) =>
  names.map((table, index) =>
    audited(from + index * SECOND, who, `COPY public.${table} (id, name) TO stdout;`, {
      command: 'COPY',
      rows: 0,
    }),
  );

test('X01: six tables copied out by an application account', async (t) => {
  const [alert] = await of(t, 'X01', app, copyOut(app, tables));
  assert.equal(alert?.severity, 'high');
  assert.equal(alert?.observed, 6);
  assert.match(alert?.summary ?? '', /app_rw copied 6 tables or queries out to 203\.0\.113\.7/);
});

test('X01: copies that were made to fail once they were sent count, those that were denied do not', async (t) => {
  const copies = tables.map((table) => `COPY (SELECT * FROM ${table}, pg_sleep(9)) TO STDOUT`);
  const [alert] = await of(t, 'X01', app, loggedAndFailed(copies, '57014'));
  assert.equal(alert?.observed, 6);
  const denied = copies.map((copy, index) =>
    failed(T0 + index * SECOND, app, '42501', 'permission denied for table orders', copy),
  );
  assert.deepEqual(await of(t, 'X01', app, denied), []);
});

test('X01 is silent: four tables, one table six times, tables copied in', async (t) => {
  assert.deepEqual(await of(t, 'X01', app, copyOut(app, tables.slice(0, 4))), []);
  assert.deepEqual(await of(t, 'X01', app, copyOut(app, Array(6).fill('orders'))), []);
  const loads = tables.map((table) =>
    audited(T0, app, `COPY public.${table} FROM STDIN`, { command: 'COPY' }),
  );
  assert.deepEqual(await of(t, 'X01', app, loads), []);
});

const dumper = (session: string, client = '10.0.0.5', application = 'pg_dump'): Who => ({
  session,
  user: 'backup',
  client,
  application,
});

/** Nights of dumps from one address, of a server that is still learning; the last at `T0`. */
function nights(): Line[] {
  return [3, 2, 1, 0].flatMap((night) => {
    const who = dumper(`dump.${night}`);
    const at = T0 - night * DAY;
    return [...signIn(at - SECOND, who), ...copyOut(who, tables, at)];
  });
}

test('X01: while a server learns, a dump account by name raises nothing at home', async (t) => {
  assert.deepEqual(await alertsFrom(t, 'X01', nights()), []);
});

test('X01: the dump account from a new address is a finding, its ordinary dumps are not', async (t) => {
  const thief = dumper('thief.1', '203.0.113.7');
  const stolen = [...signIn(T0 + HOUR - SECOND, thief), ...copyOut(thief, tables, T0 + HOUR)];
  const alerts = await alertsFrom(t, 'X01', [...nights(), ...stolen]);
  assert.deepEqual(
    alerts.map((alert) => [alert.entity, alert.first_seen]),
    [['backup@203.0.113.7', new Date(T0 + HOUR)]],
  );
});

test('X01: a dump account that somebody works with is no dump account for a day', async (t) => {
  const person = dumper('psql.1', '10.0.0.5', 'psql');
  const next = dumper('dump.next');
  const lines = [
    ...nights(),
    ...signIn(T0 + HOUR, person),
    ...signIn(T0 + DAY - SECOND, next),
    ...copyOut(next, tables, T0 + DAY),
  ];
  const alerts = await alertsFrom(t, 'X01', lines);
  assert.deepEqual(
    alerts.map((alert) => [alert.entity, alert.first_seen]),
    [['backup@10.0.0.5', new Date(T0 + DAY)]],
  );
});
