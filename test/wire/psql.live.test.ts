/** What people type into psql 15. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PASSWORD, psql, psqlPath, type Rig, skipPsql, startRig } from './rig.ts';

const options = { skip: skipPsql };
/** Takes minutes unless it is stopped. */
// Without a join: one holds a side in memory, and on a busy machine its limit would come before that of time.
const ENDLESS = 'SELECT sum(range % 7) FROM range(1000000000000)';

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-wire-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Rows without header, `|` between columns; fails where psql does. */
async function rowsOf(rig: Rig, ...commands: string[]): Promise<string[]> {
  const { stdout, stderr, code } = await psql(rig, [
    '-At',
    ...commands.flatMap((command) => ['-c', command]),
  ]);
  assert.equal(code, 0, stderr);
  return stdout.trimEnd().split('\n');
}

async function errorOf(rig: Rig, command: string): Promise<string> {
  const { stderr } = await psql(rig, ['-v', 'VERBOSITY=sqlstate', '-c', command]);
  return stderr.trim();
}

test('psql reads the views: values, nulls and times look as PostgreSQL writes them', options, async (t) => {
  const rig = await startRig(t);
  assert.deepEqual(
    await rowsOf(
      rig,
      'SELECT event_time, user_name, ok, row_count, audit_type FROM activity ORDER BY 1 LIMIT 1',
    ),
    ['2026-01-01 10:00:05|alice|t|300|'],
  );
  assert.deepEqual(await rowsOf(rig, 'SELECT 1; SELECT 2', "SELECT 'a;b' -- ; no"), ['1', '2', 'a;b']);
  assert.deepEqual(
    await rowsOf(rig, "SELECT 1.50::DECIMAL(5,2), [1, NULL, 3], {'a': [1]}, INTERVAL 3 MONTH, '\\x0a'::BLOB"),
    ['1.50|{1,NULL,3}|{"a":[1]}|3 mons|\\x0a'],
  );
  const entry = rig.queries.find(({ sql }) => sql.startsWith('SELECT event_time'));
  assert.equal(entry?.user, 'grafana');
  assert.equal(entry.client, '127.0.0.1');
  assert.equal(entry.rows, 1);
  assert.equal(entry.error, null);
});

test('a file of statements runs as in PostgreSQL, and stops where it is told to', options, async (t) => {
  const rig = await startRig(t);
  const file = join(await temporaryFolder(t), 'questions.sql');
  await writeFile(
    file,
    "SET application_name = 'report';\nBEGIN;\nSELECT 1;\nCOMMIT;\n\\timing on\nSELECT 2;\nSELECT x FROM nothing;\nSELECT 3;\n",
  );
  const { stdout, stderr, code } = await psql(rig, ['-v', 'ON_ERROR_STOP=1', '-At', '-f', file]);
  assert.equal(code, 3);
  assert.match(stdout, /^SET\nBEGIN\n1\nCOMMIT\nTiming is on\.\n2\nTime: [\d.]+ ms/);
  assert.match(stderr, /"nothing" is not a view/);
  assert.doesNotMatch(stdout, /^3$/m);
});

test('the commands that describe show the views with types and comments', options, async (t) => {
  const rig = await startRig(t);
  const views = await psql(rig, ['-At', '-c', '\\d']);
  assert.match(views.stdout, /^main\|activity\|view\|pgvigil$/m);
  const activity = await psql(rig, ['-At', '-c', '\\d activity']);
  assert.match(activity.stdout, /^event_time\|timestamp without time zone\|\|\|$/m);
  assert.match(activity.stdout, /^flags\|text\[\]\|\|\|$/m);
  const described = await psql(rig, ['-At', '-c', '\\d+ activity']);
  assert.match(described.stdout, /^record_id\|bigint\|\|\|\|plain\|Record that it comes from/m);
  const commented = await psql(rig, ['-At', '-c', '\\dv+ activity']);
  assert.match(commented.stdout, /\|One row per audited statement/);
  for (const command of [
    '\\dt',
    '\\l',
    '\\l+',
    '\\dn',
    '\\dn+',
    '\\du',
    '\\df',
    '\\dx',
    '\\di',
    '\\dp',
    '\\dT',
    '\\db',
    '\\dL',
    '\\sv activity',
  ]) {
    const { stderr } = await psql(rig, ['-c', command]);
    assert.doesNotMatch(stderr, /ERROR|server closed/, command);
  }
  const unknown = await psql(rig, ['-c', '\\d nothing']);
  assert.match(unknown.stderr, /Did not find any relation named "nothing"/);
});

test('\\gdesc tells the columns, and \\conninfo the connection', options, async (t) => {
  const rig = await startRig(t);
  const file = join(await temporaryFolder(t), 'q.sql');
  await writeFile(file, 'SELECT record_id, flags, event_time FROM activity \\gdesc\n\\conninfo\n');
  const { stdout } = await psql(rig, ['-At', '-f', file]);
  assert.match(stdout, /record_id\|bigint\nflags\|text\[\]\nevent_time\|timestamp without time zone/);
  assert.match(stdout, /connected to database "pgvigil" as user "grafana"/);
});

test('with FETCH_COUNT rows come through a cursor', options, async (t) => {
  const rig = await startRig(t);
  const { stdout, stderr } = await psql(rig, ['-At', '-v', 'FETCH_COUNT=7', '-c', 'SELECT * FROM range(20)']);
  assert.equal(stderr, '');
  assert.equal(stdout.trim().split('\n').length, 20);
  assert.ok(
    rig.queries.some(({ sql }) => sql.startsWith('FETCH')),
    'psql used no cursor',
  );
});

test('\\copy writes a query to a file on the side of the client', options, async (t) => {
  const rig = await startRig(t);
  const file = join(await temporaryFolder(t), 'out.csv');
  const command = `\\copy (SELECT 1 AS a, 'x,"y' AS b, NULL AS c, '' AS d) to '${file}' with (format csv, header)`;
  const { stderr, stdout } = await psql(rig, ['-c', command]);
  assert.equal(stderr, '');
  assert.equal(stdout, 'COPY 1\n');
  assert.equal(await readFile(file, 'utf8'), 'a,b,c,d\n1,"x,""y",,""\n');
  assert.deepEqual(await rowsOf(rig, "COPY (SELECT E'a\\tb\\n\\\\', NULL) TO STDOUT"), ['a\\tb\\n\\\\\t\\N']);
  assert.match(await errorOf(rig, "COPY (SELECT 1) TO '/tmp/x'"), /42501/);
  assert.match(await errorOf(rig, 'COPY activity FROM STDIN'), /25006/);
});

test('Ctrl-C ends the statement, on the server too', options, async (t) => {
  const rig = await startRig(t);
  const child = spawn(psqlPath, ['-X', '-w', '-c', ENDLESS], {
    env: {
      ...process.env,
      PGHOST: '127.0.0.1',
      PGPORT: String(rig.port),
      PGUSER: 'grafana',
      PGDATABASE: 'pgvigil',
      PGPASSWORD: PASSWORD,
    },
  });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  while (!rig.log.some(([, message]) => message.includes('signed in'))) await sleep(20);
  await sleep(300);
  const started = performance.now();
  child.kill('SIGINT');
  await once(child, 'exit');
  assert.match(output, /canceling statement due to user request/);
  assert.ok(performance.now() - started < 5_000, 'it took long');
  assert.match(rig.queries.find(({ sql }) => sql === ENDLESS)?.error ?? '', /^57014/);
});

test('what was refused says why, in SQLSTATEs', options, async (t) => {
  const rig = await startRig(t, { limits: { timeoutMs: 500 } });
  const cases: [string, string][] = [
    ['DELETE FROM activity', '25006'],
    ['CREATE TABLE t (a int)', '25006'],
    ['SET transaction_read_only = off', '25006'],
    ['BEGIN READ WRITE', '25006'],
    ['SELECT * FROM store.statements', '42P01'],
    ['SELECT * FROM nothing', '42P01'],
    ['SELECT nothing FROM activity', '42703'],
    ['SELECT pg_read_file(1)', '42501'],
    ["SELECT * FROM read_csv('/etc/passwd')", '42501'],
    ['SELEC 1', '42601'],
    ['SELECT (1', '42601'],
    ["SELECT 'x'::INTEGER", '22P02'],
    ["ATTACH 'x.db'", '25006'],
    ['PREPARE p AS SELECT 1', '0A000'],
    ['LISTEN x', '0A000'],
    ['SHOW nothing', '42704'],
    ["SET client_encoding = 'LATIN1'", '22023'],
    ['SELECT a.user_name FROM activity a, pg_class c', '0A000'],
    ['FETCH 1 FROM c', '34000'],
    ['SAVEPOINT s', '25P01'],
    [ENDLESS, '57014'],
  ];
  for (const [sql, state] of cases) assert.equal(await errorOf(rig, sql), `ERROR:  ${state}`, sql);
});

test('a failed transaction goes on only to its end', options, async (t) => {
  const rig = await startRig(t);
  const file = join(await temporaryFolder(t), 't.sql');
  await writeFile(
    file,
    "BEGIN;\nSET search_path = 'x';\nSELECT nothing;\nSELECT 1;\n\\echo :SQLSTATE\nCOMMIT;\nSHOW search_path;\nBEGIN;\nSAVEPOINT s;\nSELECT nothing;\nROLLBACK TO s;\nSELECT 5;\nCOMMIT;\n",
  );
  const { stdout } = await psql(rig, ['-At', '-f', file]);
  assert.equal(stdout, 'BEGIN\nSET\n25P02\nROLLBACK\nmain\nBEGIN\nSAVEPOINT\nROLLBACK\n5\nCOMMIT\n');
});

test('rows that are left out are told of', options, async (t) => {
  const rig = await startRig(t, { limits: { rows: 3 } });
  const { stdout, stderr } = await psql(rig, ['-At', '-c', 'SELECT * FROM range(20)']);
  assert.equal(stdout, '0\n1\n2\n');
  assert.match(stderr, /WARNING: {2}rows are missing: an answer ends at 3 rows/);
});

test('an error never drives the terminal that shows it', options, async (t) => {
  const rig = await startRig(t);
  const { stderr } = await psql(rig, [
    '-c',
    'SELECT application::INTEGER FROM sessions WHERE application IS NOT NULL',
  ]);
  assert.match(stderr, /ERROR/);
  assert.doesNotMatch(stderr, /[\u001b\u0007\u009b\u202e\u2028]/);
});

test('over TLS psql checks the certificate, and without it nobody signs in', options, async (t) => {
  const rig = await startRig(t, { tls: true });
  const ca = join(await temporaryFolder(t), 'ca.pem');
  await writeFile(ca, rig.ca!);
  const select = ['-At', '-c', 'SHOW ssl'];
  assert.equal((await psql(rig, select, { PGSSLMODE: 'require' })).stdout, 'on\n');
  const verified = await psql(rig, select, { PGSSLMODE: 'verify-full', PGSSLROOTCERT: ca });
  assert.equal(verified.stdout, 'on\n', verified.stderr);
  const plain = await psql(rig, select, { PGSSLMODE: 'disable' });
  assert.equal(plain.code, 2);
  assert.match(plain.stderr, /asks for an encrypted connection/);
});

test('a wrong password, an unknown account and one that may not query are refused', options, async (t) => {
  const rig = await startRig(t);
  const wrong = await psql(rig, ['-c', 'SELECT 1'], { PGPASSWORD: 'wrong' });
  const unknown = await psql(rig, ['-c', 'SELECT 1'], { PGUSER: 'nobody' });
  assert.match(wrong.stderr, /FATAL: {2}password authentication failed for user "grafana"/);
  assert.equal(unknown.stderr.replaceAll('nobody', 'grafana'), wrong.stderr);
  assert.match((await psql(rig, ['-c', 'SELECT 1'], { PGUSER: 'viewer' })).stderr, /"viewer" may not query/);
  assert.match(
    (await psql(rig, ['-c', 'SELECT 1'], { PGDATABASE: 'postgres' })).stderr,
    /database "postgres" does not exist/,
  );
  assert.equal(rig.queries.length, 0);
});
