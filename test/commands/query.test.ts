import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CLI } from '../support/cli.ts';
import { pgvigil, RECORDING, workFolder } from './pgvigil.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
  await pgvigil(cwd, ['backfill', RECORDING, '-d', 'data']);
});
after(() => remove());

/** A command with this text on its standard input. */
async function fed(args: string[], input: string) {
  const child = spawn(process.execPath, [CLI, ...args], { cwd });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined).end(input);
  const [exitCode] = await once(child, 'close');
  return { exitCode, stdout, stderr };
}

const query = (sql: string, ...options: string[]) => pgvigil(cwd, ['query', sql, '-d', 'data', ...options]);

test('a result is written in each format, and nothing else', async () => {
  const sql = "SELECT server, count(*) AS n, NULL AS nothing, ['a,b'] AS list FROM records GROUP BY server";
  const outputs: Record<string, string> = {};
  for (const format of ['table', 'json', 'ndjson', 'csv']) {
    const outcome = await query(sql, '--format', format);
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    assert.equal(outcome.stderr, '');
    outputs[format] = outcome.stdout;
  }
  const row = { server: 'pgvigil-demo', n: 4220, nothing: null, list: ['a,b'] };
  assert.deepEqual(JSON.parse(outputs.json!), [row]);
  assert.deepEqual(JSON.parse(outputs.ndjson!), row);
  assert.equal(outputs.csv!.replaceAll('\r', ''), 'server,n,nothing,list\npgvigil-demo,4220,,"[""a,b""]"\n');
  assert.match(outputs.table!, /^server +n +nothing +list\s*\n[- ]+\npgvigil-demo +4220 .*\n\(1 row\)\n$/);
});

test('the query may come from a file or standard input, and its values from the command line', async () => {
  await writeFile(join(cwd, 'question.sql'), '\ufeff-- who\nSELECT $user AS u, $n::INTEGER + 1 AS n;\n');
  const values = ['-p', "user=it's; $alice=b", '-p', 'n=1', '--format', 'csv'];
  const answer = "u,n\r\nit's; $alice=b,2\r\n";
  const run = (args: string[], input = '') => fed(['query', '-d', 'data', ...args], input);
  assert.equal((await run(['-f', 'question.sql', ...values])).stdout, answer);
  const sql = await readFile(join(cwd, 'question.sql'), 'utf8');
  assert.equal((await run(['-f', '-', ...values], sql)).stdout, answer);
  assert.equal((await run(values, sql)).stdout, answer);
});

test('a slip in what is asked is told, with what to do', async () => {
  await writeFile(join(cwd, 'taken.csv'), 'mine');
  for (const [args, told, exitCode] of [
    [['SELECT $user'], /needs a value for \$user \[USAGE\]\n {2}.*--parameter user=/, 2],
    [['SELECT 1', '-p', 'user=alice'], /has no \$user \[USAGE\]/, 2],
    [['SELECT 1', '-p', 'alice'], /must be a name and a value/, 2],
    [['SELECT 1', '-f', 'csv'], /\[USAGE\]\n {2}.*--format/, 2],
    [['SELECT 1', '--format', 'parquet'], /\[USAGE\]\n {2}.*--output/, 2],
    [['SELECT 1', '-o', 'taken.csv'], /exists already \[USAGE\]\n {2}.*--force/, 2],
    [['SELECT 1', '-o', 'nowhere/a.csv'], /cannot write .* \[FILE_UNREADABLE\]/, 5],
    [['-f', 'nowhere.sql'], /cannot read nowhere\.sql.* \[FILE_UNREADABLE\]/, 5],
  ] as const) {
    const outcome = await fed(['query', '-d', 'data', ...args], '');
    assert.equal(outcome.exitCode, exitCode, outcome.stderr);
    assert.match(outcome.stderr, told);
    assert.equal(outcome.stdout, '');
  }
  assert.equal(await readFile(join(cwd, 'taken.csv'), 'utf8'), 'mine');
});

test('a file has all rows, in the format that its name speaks of', async () => {
  const sql = 'SELECT record_id, event_time FROM records, range(3)';
  const written = await query(sql, '-o', 'rows.parquet');
  assert.equal(written.stderr, '12,660 rows written to rows.parquet.\n');
  assert.equal(written.stdout, '');
  assert.equal((await readFile(join(cwd, 'rows.parquet'))).subarray(0, 4).toString(), 'PAR1');
  assert.equal((await query(sql, '-o', 'rows.parquet', '--force', '-l', '2')).exitCode, 0);
  await query(sql, '-o', 'rows.csv', '-l', '2');
  assert.match(
    await readFile(join(cwd, 'rows.csv'), 'utf8'),
    /^record_id,event_time\r\n\d+,.*\r\n\d+,.*\r\n$/,
  );
  await query(sql, '-o', 'rows.dat', '--format', 'ndjson', '-l', '1');
  assert.match(await readFile(join(cwd, 'rows.dat'), 'utf8'), /^\{"record_id":\d+,.*\}\n$/);
});

test('Ctrl-C ends a query that runs, and leaves nothing behind', async () => {
  const args = [CLI, 'query', '-d', 'data', '-o', 'never.csv'];
  const child = spawn(
    process.execPath,
    [...args, 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7'],
    { cwd },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  child.kill('SIGINT');
  const [exitCode] = await once(child, 'close');
  assert.equal(exitCode, 130);
  assert.equal(stderr, '');
  assert.deepEqual(
    (await readdir(cwd)).filter((name) => name.startsWith('never') || name.startsWith('.pgvigil')),
    [],
  );
});

const SCRIPT = existsSync('/usr/bin/script') ? false : 'needs `script` of util-linux';

test('without SQL at a terminal there is a shell', { skip: SCRIPT }, async () => {
  const line = `'${process.execPath}' '${CLI}' query -d data`;
  const child = spawn('/usr/bin/script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, TERM: 'xterm', PAGER: 'cat' },
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    shown += text;
  });
  const until = async (wanted: RegExp) => {
    for (let waited = 0; !wanted.test(shown); waited += 50) {
      assert.ok(waited < 30_000, JSON.stringify(shown));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    shown = '';
  };
  await until(/pgvigil=> /);
  child.stdin.write('\\d\r');
  await until(/audit_gaps[\s\S]*pgvigil=> /);
  child.stdin.write('SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7;\r');
  await until(/Ctrl-C cancels/);
  child.stdin.write('\x03');
  await until(/Cancelled\.[\s\S]*pgvigil=> /);
  child.stdin.write("SELECT 'al' || 'ive' AS a;\r");
  await until(/alive[\s\S]*pgvigil=> /);
  child.stdin.write('\\q\r');
  const [exitCode] = await once(child, 'close');
  assert.equal(exitCode, 0);
  const { mode } = await stat(join(cwd, '.local', 'state', 'pgvigil', 'history'));
  assert.equal(mode & 0o777, 0o600);
});

test('a row limit says that rows were left out', async () => {
  const cut = await query('SELECT record_id FROM records', '--limit', '3', '--format', 'csv');
  assert.equal(cut.stdout.trimEnd().split('\n').length, 4);
  assert.equal(cut.stderr, 'Only the first 3 rows are there; --limit 0 gives all.\n');
  const all = await query('SELECT record_id FROM records', '--limit', '0', '--format', 'csv');
  assert.equal(all.stdout.trimEnd().split('\n').length, 4221);
  assert.equal(all.stderr, '');
});

test('SQL that does more than read the views is refused and does nothing', async () => {
  const target = join(cwd, 'written');
  for (const sql of [
    `COPY records TO '${target}'`,
    `ATTACH '${target}'`,
    "SELECT * FROM read_csv('/etc/passwd')",
    'SELECT 1; SELECT 2',
    'SELECT * FROM store.records',
    'DELETE FROM alerts',
    "SET memory_limit = '1TB'",
    '',
  ]) {
    const outcome = await query(sql);
    assert.equal(outcome.exitCode, 3, `${sql}: ${outcome.stderr}`);
    assert.equal(outcome.stdout, '');
    assert.match(outcome.stderr, /^pgvigil: .* \[QUERY_REFUSED\]\n {2}.+\n$/);
  }
  assert.equal(existsSync(target), false);
});

test('SQL that fails is QUERY_FAILED with what DuckDB says', async () => {
  const outcome = await query('SELECT nonsense FROM activity');
  assert.equal(outcome.exitCode, 3);
  assert.match(outcome.stderr, /^pgvigil: .*"nonsense" not found.* \[QUERY_FAILED\]\n( {2}.+\n)+$/);
  const slow = await query(
    'SELECT count(*) FROM range(100000) a, range(100000) b WHERE a.range * b.range = 7',
    '-t',
    '1',
  );
  assert.equal(slow.exitCode, 3);
  assert.match(slow.stderr, /took longer than 1 s and was stopped \[QUERY_FAILED\]/);
});

test('a reader that has seen enough is no error', async () => {
  const child = spawn(
    process.execPath,
    [CLI, 'query', 'SELECT * FROM records', '-d', 'data', '--format', 'ndjson'],
    {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [exitCode] = await once(child, 'close');
  assert.equal(exitCode, 0);
  assert.equal(stderr, '');
});

test('stored times compare with now() alike wherever the machine stands', async () => {
  const sql = 'SELECT abs(epoch(now()::TIMESTAMP) - epoch(now())) < 1 AS same';
  const args = ['query', sql, '-d', 'data', '--format', 'ndjson'];
  const { stdout, stderr } = await pgvigil(cwd, args, { TZ: 'America/New_York' });
  assert.equal(stdout, '{"same":true}\n', stderr);
});
