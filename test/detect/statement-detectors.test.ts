/** P01, P02, D01, E01, R02 and I01: single statements that give themselves away. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { connection, logRecord } from '../store/support.ts';
import { alertsFrom, audited, failed, type Line, settingChanged, signIn, T0, type Who } from './support.ts';

const dba: Who = { session: 'dba.1', user: 'dba_alice', client: '198.51.100.4', application: 'psql' };
const app: Who = { session: 'app.1', user: 'app_rw', client: '203.0.113.7', application: 'orders-api' };
const DENIED = '42501';

/** Alerts of one statement in a session that has signed in. */
async function of(t: TestContext, id: string, who: Who, ...lines: Line[]) {
  return alertsFrom(t, id, [...signIn(T0, who), ...lines]);
}

const role = (who: Who, statement: string) => audited(T0 + 1000, who, statement, { class: 'ROLE' });

/** Lines of a platform session that runs `statement`. */
function platform(statement: string): Line[] {
  const who: Who = { session: 'platform.1', user: 'azuresu', client: '127.0.0.1' };
  const certificate = connection('authenticated', { identity: 'CN=azuresu.production', method: 'cert' });
  const record = logRecord(certificate, { eventTime: T0, sessionId: who.session });
  const [received, , authorized] = signIn(T0, who);
  return [received!, { record, features: null }, authorized!, role(who, statement)];
}

test('P01: a powerful role is granted, or was meant to be', async (t) => {
  const [granted] = await of(t, 'P01', dba, role(dba, 'GRANT azure_pg_admin TO intern'));
  assert.equal(granted?.severity, 'high');
  assert.equal(granted?.summary, 'dba_alice granted azure_pg_admin to intern');
  const tried = failed(
    T0 + 1000,
    app,
    DENIED,
    'must have admin option on role "pg_read_all_data"',
    'GRANT pg_read_all_data TO app_rw',
  );
  const [denied] = await of(t, 'P01', app, tried);
  assert.match(denied?.summary ?? '', /^app_rw tried to grant pg_read_all_data/);
});

test('P01 is silent: monitoring roles, rights on tables, revoking, the platform', async (t) => {
  assert.deepEqual(await of(t, 'P01', dba, role(dba, 'GRANT pg_monitor TO grafana')), []);
  assert.deepEqual(await of(t, 'P01', dba, role(dba, 'GRANT SELECT ON orders TO pg_read_all_data')), []);
  assert.deepEqual(await of(t, 'P01', dba, role(dba, 'REVOKE azure_pg_admin FROM intern')), []);
  assert.deepEqual(await alertsFrom(t, 'P01', platform('GRANT azure_pg_admin TO x')), []);
});

test('P02: a role gets CREATEROLE or BYPASSRLS', async (t) => {
  const [created] = await of(t, 'P02', app, role(app, 'CREATE ROLE svc LOGIN CREATEROLE BYPASSRLS'));
  assert.match(created?.summary ?? '', /^app_rw gave role svc /);
  assert.match(created?.summary ?? '', /CREATEROLE/);
  assert.match(created?.summary ?? '', /BYPASSRLS/);
  const [altered] = await of(t, 'P02', dba, role(dba, 'ALTER ROLE svc SUPERUSER'));
  assert.match(altered?.summary ?? '', /svc SUPERUSER$/);
});

test('P02 is silent: an ordinary role, an attribute that is taken away, createdb', async (t) => {
  assert.deepEqual(await of(t, 'P02', dba, role(dba, 'CREATE ROLE reader LOGIN')), []);
  assert.deepEqual(await of(t, 'P02', dba, role(dba, 'ALTER ROLE svc NOCREATEROLE NOBYPASSRLS')), []);
  assert.deepEqual(await of(t, 'P02', dba, role(dba, 'CREATE ROLE dev LOGIN CREATEDB')), []);
});

test('D01: auditing is switched off for a role, by a denied SET, by dropping pgaudit, on the server', async (t) => {
  const cases: [Line, RegExp][] = [
    [role(dba, "ALTER ROLE app_rw SET pgaudit.log = 'none'"), /set pgaudit\.log to "none" \(role\)/],
    [
      failed(T0 + 1000, dba, DENIED, 'permission denied to set parameter "pgaudit.log"'),
      /tried to set pgaudit\.log/,
    ],
    [audited(T0 + 1000, dba, 'DROP EXTENSION pgaudit', { class: 'DDL' }), /extension pgaudit/],
    [settingChanged(T0 + 1000, 'log_connections', 'off'), /the server configuration set log_connections/],
    [audited(T0 + 1000, dba, "SELECT set_config('pgaudit.log', 'none', false)"), /pgaudit\.log/],
  ];
  for (const [line, summary] of cases) {
    const alerts = await of(t, 'D01', dba, line);
    assert.equal(alerts.length, 1, String(summary));
    assert.equal(alerts[0]?.severity, 'critical');
    assert.match(alerts[0]?.summary ?? '', summary);
  }
});

test('D01 is silent: more auditing, other settings, other extensions', async (t) => {
  assert.deepEqual(await of(t, 'D01', dba, role(dba, "ALTER ROLE app_rw SET pgaudit.log = 'all'")), []);
  assert.deepEqual(await of(t, 'D01', dba, role(dba, "ALTER ROLE app_rw SET work_mem = '64MB'")), []);
  assert.deepEqual(await of(t, 'D01', dba, audited(T0, dba, 'DROP EXTENSION hstore')), []);
  assert.deepEqual(await of(t, 'D01', dba, settingChanged(T0 + 1000, 'pgaudit.log', 'role,ddl,write')), []);
});

test('E01: COPY … PROGRAM, denied without its text, and hidden in a block of code', async (t) => {
  const text =
    'must be superuser or have privileges of the pg_execute_server_program role to COPY to or from an external program';
  const cases: [Line, RegExp][] = [
    [failed(T0 + 1000, app, DENIED, text, "COPY cmd FROM PROGRAM 'id'"), /tried COPY … PROGRAM$/],
    [failed(T0 + 1000, app, DENIED, text), /tried COPY … PROGRAM$/],
    [
      failed(T0 + 1000, app, DENIED, text, "DO $$ BEGIN EXECUTE 'COPY cmd FROM PROGRAM ''id'''; END $$"),
      /hidden in a block of code$/,
    ],
  ];
  for (const [line, summary] of cases) {
    const [alert] = await of(t, 'E01', app, line);
    assert.equal(alert?.severity, 'critical');
    assert.match(alert?.summary ?? '', summary);
  }
});

test('E01 is silent: COPY from the client, and a text that only speaks of it', async (t) => {
  assert.deepEqual(await of(t, 'E01', app, audited(T0 + 1000, app, 'COPY orders FROM STDIN')), []);
  const talk = "INSERT INTO notes (body) VALUES ('COPY x FROM PROGRAM ''id''')";
  assert.deepEqual(await of(t, 'E01', app, audited(T0 + 1000, app, talk)), []);
});

test('R02: a denied look at password hashes, with and without its text', async (t) => {
  const statement = 'SELECT usename, passwd FROM pg_shadow';
  const text = 'permission denied for view pg_shadow';
  for (const shipped of [statement, null]) {
    const [alert] = await of(t, 'R02', app, failed(T0 + 1000, app, DENIED, text, shipped));
    assert.equal(alert?.summary, 'app_rw was denied pg_shadow');
  }
});

test('R02: a look that was allowed and failed later was not denied, and is one event', async (t) => {
  const statement = 'SELECT rolpassword::int FROM pg_authid';
  const [alert] = await of(
    t,
    'R02',
    dba,
    audited(T0 + 1000, dba, statement, { rows: null }),
    failed(T0 + 1001, dba, '22P02', 'invalid input syntax for type integer', statement),
  );
  assert.equal(alert?.summary, 'dba_alice read pg_authid');
  assert.equal(alert?.evidence_count, 1n);
});

test('R02: calling oneself pg_dump excuses no look at password hashes', async (t) => {
  const liar = { ...app, application: 'pg_dump' };
  const line = audited(T0 + 1000, liar, 'SELECT rolpassword FROM pg_authid');
  assert.equal((await of(t, 'R02', liar, line)).length, 1);
});

test('R02 is silent: ordinary catalogs, and what pg_dump reads in its work', async (t) => {
  assert.deepEqual(await of(t, 'R02', app, audited(T0 + 1000, app, 'SELECT rolname FROM pg_roles')), []);
  const dumper = { ...app, application: 'pg_dump' };
  const line = audited(T0 + 1000, dumper, 'SELECT * FROM pg_catalog.pg_subscription');
  assert.deepEqual(await of(t, 'R02', dumper, line), []);
  assert.equal(
    (await of(t, 'R02', app, { ...line, record: { ...line.record, sessionId: 'app.1' } })).length,
    1,
  );
});

const UNION = 'SELECT id, name FROM products WHERE id = 5 UNION ALL SELECT NULL, passwd FROM pg_shadow-- ';

test('I01: a UNION onto a catalog, and a random tautology with a cut-off tail', async (t) => {
  const statements = [UNION, "SELECT * FROM products WHERE name = 'x' OR 5528=5528-- '"];
  for (const statement of statements) {
    const [alert] = await of(t, 'I01', app, audited(T0 + 1000, app, statement));
    assert.equal(alert?.severity, 'high', statement);
    assert.ok((alert?.observed ?? 0) >= 3);
    assert.match(alert?.summary ?? '', /structure of SQL injection/);
  }
});

test('I01 is silent: WHERE 1=1 of a query builder, a plain UNION, an honest comment', async (t) => {
  for (const statement of [
    'SELECT * FROM products WHERE 1=1 AND id = $1',
    'SELECT id FROM a UNION ALL SELECT id FROM b',
    'SELECT id FROM products -- first page',
  ]) {
    assert.deepEqual(await of(t, 'I01', app, audited(T0 + 1000, app, statement)), [], statement);
  }
});
