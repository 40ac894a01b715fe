import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StatementFeatures } from '../../src/model/statement-features.ts';
import { FLAGS } from '../../src/statements/flags.ts';
import { featuresOfMessage, statementOfMessage } from '../../src/statements/message-features.ts';

/** SQLSTATE, message, what it must tell. Wordings by PostgreSQL version. */
const CASES: [sqlstate: string, message: string, expected: Partial<StatementFeatures>][] = [
  // 11-13, 14-15, 16+
  [
    '42501',
    'must be superuser or a member of the pg_execute_server_program role to COPY to or from an external program',
    { flags: ['copy_program'], kinds: ['CopyStmt'] },
  ],
  [
    '42501',
    'must be superuser or have privileges of the pg_execute_server_program role to COPY to or from an external program',
    { flags: ['copy_program'], kinds: ['CopyStmt'] },
  ],
  [
    '42501',
    'permission denied to COPY to or from an external program',
    { flags: ['copy_program'], kinds: ['CopyStmt'] },
  ],
  [
    '42501',
    'must be superuser or a member of the pg_read_server_files role to COPY from a file',
    { flags: ['copy_file', 'copy_from'], kinds: ['CopyStmt'] },
  ],
  ['42501', 'permission denied to COPY to a file', { flags: ['copy_file', 'copy_to'], kinds: ['CopyStmt'] }],
  ['42501', 'permission denied for function pg_read_file', { functions: ['pg_read_file'] }],
  ['42501', 'permission denied for procedure close_month', { functions: ['close_month'] }],
  ['42501', 'must be superuser to use server-side lo_import()', { functions: ['lo_import'] }],
  ['42501', 'permission denied for language c', { language: 'c', flags: ['untrusted_lang'] }],
  ['42704', 'language "plpython3u" does not exist', { language: 'plpython3u', flags: ['untrusted_lang'] }],
  ['42501', 'permission denied for language plpgsql', { language: 'plpgsql' }],
  ['42501', 'access to library "/tmp/x.so" is not allowed', { path: '/tmp/x.so', flags: ['load_library'] }],
  ['42501', 'permission denied to create extension "dblink"', { extension: 'dblink', flags: ['create_ext'] }],
  [
    '0A000',
    'extension "plpython3u" is not allow-listed for "azure_pg_admin" users in Azure Database for PostgreSQL',
    { extension: 'plpython3u', flags: ['create_ext', 'untrusted_lang'] },
  ],
  ['0A000', 'extension "http" is not available', { extension: 'http', flags: ['create_ext'] }],
  [
    '58P01',
    'could not open extension control file "/usr/share/postgresql/15/extension/file_fdw.control": No such file or directory',
    { extension: 'file_fdw', flags: ['create_ext'] },
  ],
  [
    '42501',
    'Only members of "azure_pg_admin" are allowed to use CREATE EXTENSION',
    { flags: ['create_ext'] },
  ],
  ['42501', 'must be owner of extension pgaudit', { extension: 'pgaudit', flags: ['drop_ext'] }],
  ['42501', 'permission denied to create event trigger "t"', { flags: ['event_trigger'] }],
  [
    '42501',
    'permission denied to set parameter "pgaudit.log"',
    { settingName: 'pgaudit.log', settingScope: 'attempt' },
  ],
  [
    '55P02',
    'parameter "log_connections" cannot be set after connection start',
    { settingName: 'log_connections', settingScope: 'attempt' },
  ],
  [
    '42501',
    'must be superuser to execute ALTER SYSTEM command',
    { kinds: ['AlterSystemStmt'], settingName: '*', settingScope: 'attempt' },
  ],
  [
    '42501',
    'permission denied to set session authorization',
    { settingName: 'session_authorization', settingScope: 'attempt' },
  ],
  [
    '42501',
    'permission denied to set session authorization "postgres"',
    { settingName: 'session_authorization', settingValue: 'postgres', settingScope: 'attempt' },
  ],
  [
    '42501',
    'permission denied to set role "azure_pg_admin"',
    { settingName: 'role', settingValue: 'azure_pg_admin', settingScope: 'attempt' },
  ],
  // up to 15, from 16, Azure
  [
    '42501',
    'must have admin option on role "pg_monitor"',
    { kinds: ['GrantRoleStmt'], rolesGranted: ['pg_monitor'] },
  ],
  [
    '42501',
    'permission denied to grant role "pg_read_all_data"',
    { kinds: ['GrantRoleStmt'], rolesGranted: ['pg_read_all_data'] },
  ],
  [
    '42501',
    'permission denied to alter restricted role "azure_pg_admin"',
    { kinds: ['GrantRoleStmt'], rolesGranted: ['azure_pg_admin'] },
  ],
  ['42501', 'permission denied to revoke role "x"', { kinds: ['GrantRoleStmt'], flags: ['revoke'] }],
  [
    '42501',
    'must be superuser to create superusers',
    { kinds: ['CreateRoleStmt'], roleOptions: ['superuser'] },
  ],
  [
    '42501',
    'must be superuser to alter replication users',
    { kinds: ['CreateRoleStmt'], roleOptions: ['isreplication'] },
  ],
  [
    '42501',
    'must be superuser to change bypassrls attribute',
    { kinds: ['CreateRoleStmt'], roleOptions: ['bypassrls'] },
  ],
  ['42501', 'permission denied to create role', { kinds: ['CreateRoleStmt'] }],
  ['42501', 'permission denied to alter role', { kinds: ['AlterRoleStmt'] }],
  ['42501', 'permission denied to drop role', { kinds: ['DropRoleStmt'], flags: ['drop_role'] }],
  ['42501', 'must be member of role "azuresu"', { flags: ['owner_change'], grantees: ['azuresu'] }],
  ['42501', 'must be able to SET ROLE "azuresu"', { flags: ['owner_change'], grantees: ['azuresu'] }],
  ['42501', 'permission denied for relation pg_authid', { catalogs: ['pg_authid'] }],
  ['42501', 'permission denied for view pg_shadow', { catalogs: ['pg_shadow'] }],
  ['42501', 'permission denied for table salaries', { relationsRead: ['salaries'] }],
  ['42501', 'permission denied: "pg_class" is a system catalog', { catalogs: ['pg_class'] }],
  ['42501', 'must be owner of table orders', { relationsWritten: ['orders'] }],
  ['42501', 'must be owner of database shop', { target: 'shop' }],
  ['42501', 'new row violates row-level security policy for table "invoices"', { flags: ['rls_error'] }],
  [
    '42501',
    'query would be affected by row-level security policy for table "invoices"',
    { flags: ['rls_error'] },
  ],
  [
    '42501',
    'must be superuser to create FOR ALL TABLES publication',
    { flags: ['pub_all_tables', 'publication'] },
  ],
  ['42501', 'permission denied to create subscription', { flags: ['subscription'] }],
  ['42501', 'must be superuser to create subscriptions', { flags: ['subscription'] }],
  ['42501', 'must be superuser or replication role to use replication slots', { flags: ['replication_cmd'] }],
  ['42501', 'permission denied to use replication slots', { flags: ['replication_cmd'] }],
  ['42501', 'permission denied for foreign-data wrapper postgres_fdw', { flags: ['fdw_server'] }],
  ['2F003', 'password is required', { functions: ['dblink'] }],
  [
    '42501',
    'must be a member of the role whose process is being terminated or member of pg_signal_backend',
    { functions: ['pg_terminate_backend'] },
  ],
  ['42501', 'permission denied to terminate process', { functions: ['pg_terminate_backend'] }],
  ['42601', 'each UNION query must have the same number of columns', { flags: ['union'] }],
  ['42804', 'UNION types integer and text cannot be matched', { flags: ['union'] }],
  ['42601', 'unterminated quoted string at or near "\'1"', { flags: ['unterminated_quote'] }],
  ['42601', 'unterminated /* comment at or near "/*"', { flags: ['comment_tail'] }],
  [
    '22P02',
    'invalid input syntax for type integer: "PostgreSQL 15.20 on x86_64-pc-linux-gnu"',
    { flags: ['err_cast'] },
  ],
  ['22P02', 'invalid input syntax for integer: "~admin~"', { flags: ['err_cast'] }],
  ['22P02', 'invalid input syntax for type numeric: "qzbpqshopqvkxq"', { flags: ['err_cast'] }],
  ['22P02', 'invalid input syntax for type numeric: "qzbpq1qvkxq"', { flags: ['err_cast'] }],
  ['22P02', 'invalid input syntax for type integer: "abc"', {}],
  ['42P01', 'relation "ordres" does not exist', {}],
  ['57014', 'canceling statement due to user request', {}],
  ['23505', 'duplicate key value violates unique constraint "orders_pkey"', {}],
  ['42501', 'Zugriff verweigert für Tabelle salaries', {}],
];

const told = (features: StatementFeatures) =>
  Object.fromEntries(
    Object.entries(features).filter(
      ([name, value]) =>
        !['statementHash', 'textLength', 'parseOk', 'statementCount', 'settings'].includes(name) &&
        value !== null &&
        value !== 0 &&
        value !== false &&
        !(Array.isArray(value) && value.length === 0),
    ),
  );

for (const [sqlstate, message, expected] of CASES)
  test(`${sqlstate} ${message.slice(0, 90)}`, () => {
    const features = featuresOfMessage(message);
    assert.deepEqual(told(features), expected);
    const { settings, settingName: name, settingValue: value, settingScope: scope } = features;
    assert.deepEqual(settings, name === null ? [] : [{ name, value, scope }]);
  });

test('what a message quotes of the statement cannot pass for its own words', () => {
  for (const words of [
    'permission denied to COPY to or from an external program',
    'new row violates row-level security policy for table "x"',
    'permission denied to set parameter "pgaudit.log"',
    'permission denied to COPY from a file',
    'permission denied for function pg_read_file',
    'must be superuser to use server-side lo_import()',
    'permission denied to terminate process',
    'permission denied to cancel query',
  ])
    assert.deepEqual(told(featuresOfMessage(`invalid input syntax for type integer: "${words}"`)), {});
});

test('failures of one kind share a key; what they tell apart does not', () => {
  const key = (message: string) => statementOfMessage('42601', message).statementHash;
  assert.equal(key('syntax error at or near "a"'), key('syntax error at or near "b"'));
  assert.notEqual(key('permission denied for table a'), key('permission denied for table b'));
  const value = (text: string) =>
    statementOfMessage('22P02', `invalid input syntax for type integer: "${text}"`);
  assert.equal(value('abc').statementHash, value('def').statementHash);
  assert.notEqual(value('abc').statementHash, value('~x~').statementHash);
});

test('equal keys have equal features, for any object name', () => {
  const templates = [
    'permission denied for table #',
    'permission denied to grant role "#"',
    'syntax error at or near "#"',
    'invalid input syntax for type integer: "#"',
    '#',
  ];
  const seen = new Map<string, StatementFeatures>();
  fc.assert(
    fc.property(
      fc.constantFrom(...templates),
      fc.oneof(fc.string(), fc.constantFrom('~a', '123', '45', 'pg_authid', 'qzbpq')),
      (template, name) => {
        const statement = statementOfMessage(
          '42501',
          template.replace('#', () => name),
        );
        const { features } = statement.template;
        const known = seen.get(statement.statementHash) ?? features;
        assert.deepEqual(features, known);
        seen.set(statement.statementHash, features);
        assert.ok(features.flags.every((flag) => flag in FLAGS));
      },
    ),
    { numRuns: 500 },
  );
});

test('a long message takes no time', () => {
  const started = performance.now();
  for (const piece of [
    'a',
    '"',
    ' ',
    'must be ',
    'permission denied for table ',
    'invalid input syntax for type ',
  ])
    featuresOfMessage(piece.repeat(100_000));
  assert.ok(performance.now() - started < 5_000);
});
