import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
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

const query = (sql: string, ...options: string[]) => pgvigil(cwd, ['query', sql, '-d', 'data', ...options]);

test('a result is written in each format, and nothing else', async () => {
  const sql = "SELECT server, count(*) AS n, NULL AS nothing, ['a,b'] AS list FROM records GROUP BY server";
  const outputs: Record<string, string> = {};
  for (const format of ['table', 'json', 'ndjson', 'csv']) {
    const outcome = await query(sql, '-f', format);
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

test('a row limit says that rows were left out', async () => {
  const cut = await query('SELECT record_id FROM records', '--limit', '3', '-f', 'csv');
  assert.equal(cut.stdout.trimEnd().split('\n').length, 4);
  assert.equal(cut.stderr, 'Only the first 3 rows are shown; --limit 0 shows all.\n');
  const all = await query('SELECT record_id FROM records', '--limit', '0', '-f', 'csv');
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
    [CLI, 'query', 'SELECT * FROM records', '-d', 'data', '-f', 'ndjson'],
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
  const args = ['query', sql, '-d', 'data', '-f', 'ndjson'];
  const { stdout, stderr } = await pgvigil(cwd, args, { TZ: 'America/New_York' });
  assert.equal(stdout, '{"same":true}\n', stderr);
});
