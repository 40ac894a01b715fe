/** No setting of a text hides behind another one. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { extractFeatures } from '../../../src/statements/features.ts';
import { loadParser } from '../../../src/statements/parser/parser.ts';
import { MOST_SETTINGS } from '../../../src/statements/setting-list.ts';
import { StatementCache } from '../../../src/statements/statement-cache.ts';
import { parsedStatement } from '../support.ts';

before(loadParser);

/** `name value scope` of each setting. */
const settingsOf = (sql: string): string[] =>
  extractFeatures(sql).settings.map(({ name, value, scope }) => `${name} ${value ?? '?'} ${scope}`);

test('every way to change a setting is in the list, in the order of the text', () => {
  for (const [sql, expected] of [
    ['SET ROLE a; SET ROLE azure_pg_admin', ['role a session', 'role azure_pg_admin session']],
    ['SET LOCAL ROLE "A"; RESET ROLE', ['role A local', 'role RESET session']],
    [
      "SET SESSION AUTHORIZATION 'bob'; RESET SESSION AUTHORIZATION",
      ['session_authorization bob session', 'session_authorization RESET session'],
    ],
    [
      `SELECT set_config('role', 'x', true), pg_catalog."set_config"('PgAudit.Log', 'none', false)`,
      ['role x local', 'pgaudit.log none session'],
    ],
    ["SELECT set_config('role', $1, false)", ['role ? session']],
    [
      "ALTER ROLE a SET pgaudit.log = 'none'; ALTER ROLE ALL RESET ALL; ALTER DATABASE d SET log_connections = off",
      ['pgaudit.log none role', '* RESET role', 'log_connections off database'],
    ],
    ["ALTER SYSTEM SET ssl = off; SET x.y TO 'a', 'b'", ['ssl off system', 'x.y a,b session']],
    ["UPDATE pg_settings SET setting = 'b' WHERE name = 'role'", ['role b session']],
    [
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role = a SET search_path = '' AS 'SELECT 1'",
      ['role a local', 'search_path  local'],
    ],
    ["ALTER FUNCTION f() SET pgaudit.log = 'none'", ['pgaudit.log none local']],
    [
      "SET a.b = 1; DO $$ BEGIN SET ROLE c; PERFORM set_config('role', 'd', true); EXECUTE 'SET LOCAL row_security = off'; END $$; SET ROLE e",
      ['a.b 1 session', 'role e session', 'role c session', 'role d local', 'row_security off local'],
    ],
    ["DO $$ BEGIN EXECUTE 'SET ROLE ' || quote_ident(x); END $$", ['role ? session']],
    ['EXPLAIN SELECT set_config($$role$$, $$a$$, false)', []],
  ] as const)
    assert.deepEqual(settingsOf(sql), expected, sql);
});

test('names are folded as PostgreSQL folds them: the letters of ASCII and no others', () => {
  assert.deepEqual(settingsOf("SELECT set_config('ROLE', 'A', false), set_config('x.\u212a', 'B', false)"), [
    'role A session',
    'x.\u212a B session',
  ]);
});

test('a full list keeps what matters most, and the three columns are of the list', () => {
  const many = (name: string) =>
    Array.from({ length: MOST_SETTINGS }, (_, i) => `SET ${name}${i} = 1;`).join('');
  const hidden = extractFeatures(
    `${many('a.b')}SET ROLE x;SET pgaudit.log = 'none';${many('c.d')}SET search_path = y`,
  );
  assert.equal(hidden.settings.length, MOST_SETTINGS);
  assert.deepEqual(hidden.settings.slice(-2), [
    { name: 'role', value: 'x', scope: 'session' },
    { name: 'pgaudit.log', value: 'none', scope: 'session' },
  ]);
  assert.deepEqual(hidden.settings[0], { name: 'a.b0', value: '1', scope: 'session' });
  const { settingName, settingValue, settingScope } = hidden;
  assert.deepEqual([settingName, settingValue, settingScope], ['pgaudit.log', 'none', 'session']);
});

test('settings that run code or weaken authentication weigh more than an ordinary one and a role', () => {
  for (const name of [
    ...[
      'archive_command',
      'archive_library',
      'ssl_passphrase_command_supports_reload',
      'dynamic_library_path',
    ],
    ...[
      'session_preload_libraries',
      'jit_provider',
      'unix_socket_directories',
      'hba_file',
      'password_encryption',
    ],
    ...[
      'ssl',
      'ssl_min_protocol_version',
      'require_secure_transport',
      'primary_conninfo',
      'logging_collector',
    ],
    ...['allow_system_table_mods', 'zero_damaged_pages', 'session_replication_role', 'log_connections'],
  ])
    assert.equal(extractFeatures(`SET work_mem = 1; SET ROLE a; SET ${name} = 'x'`).settingName, name);
});

test('a value that is in the list tells two texts apart, wherever it stands', () => {
  const cache = new StatementCache();
  const text = (value: string) =>
    `SELECT set_config('pgaudit.log', 'all', true), set_config('role', '${value}', true)`;
  for (const value of ['a', 'b']) {
    assert.equal(cache.find(text(value)), undefined);
    const { statementHash, template } = parsedStatement(text(value));
    cache.file(text(value), template);
    const found = cache.find(text(value));
    assert.equal(found?.statementHash, statementHash);
    assert.equal(found?.template.features.settings[1]?.value, value);
  }
});
