import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { pgvigil, RECORDING, workFolder } from './pgvigil.ts';
import { record } from './records.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
});
after(() => remove());

async function alerts(data: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await pgvigil(cwd, ['alerts', 'list', '-d', data, '-f', 'json']);
  return JSON.parse(stdout) as Record<string, unknown>[];
}

test('a recording is stored once, reported on standard error, and kept for its owner', async () => {
  const first = await pgvigil(cwd, ['backfill', RECORDING, '-d', 'once']);
  assert.equal(first.exitCode, 0);
  assert.equal(first.stdout, '');
  assert.match(
    first.stderr,
    /^4,220 records stored, 0 rejects, \d+ new alerts in .*once\n {2}pgvigil-demo: 4,220 records from 2026-11-24 17:05 to [^\n]* UTC; detectors: \d+ armed, [^\n]*\n$/,
  );
  const found = await alerts('once');

  const second = await pgvigil(cwd, ['backfill', RECORDING, '-d', 'once']);
  assert.equal(second.exitCode, 0);
  assert.match(second.stderr, /^0 records stored, 0 rejects, 0 new alerts/);
  assert.match(second.stderr, /Everything there was stored before\.\n$/);
  assert.deepEqual(await alerts('once'), found);

  assert.equal((await stat(join(cwd, 'once'))).mode & 0o777, 0o700);
  assert.equal((await stat(join(cwd, 'once', 'pgvigil.duckdb'))).mode & 0o777, 0o600);
});

test('a storage archive, one record a line, gives the alerts of the events it was made from', async () => {
  const events = gunzipSync(await readFile(RECORDING))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const records = events.flatMap((line) => (JSON.parse(line) as { records: object[] }).records);
  await writeFile(join(cwd, 'PT1H.json'), `${records.map((one) => JSON.stringify(one)).join('\n')}\n`);
  const archive = await pgvigil(cwd, ['backfill', 'PT1H.json', '-d', 'archive']);
  assert.match(archive.stderr, /^4,220 records stored, 0 rejects/);
  await pgvigil(cwd, ['backfill', RECORDING, '-d', 'events']);
  // Record ids count from the same start, so whole alerts can be compared.
  assert.deepEqual(await alerts('archive'), await alerts('events'));
});

test('a file that does not exist is FILE_UNREADABLE before anything is created', async () => {
  const outcome = await pgvigil(cwd, ['backfill', 'none.json', '-d', 'untouched']);
  assert.equal(outcome.exitCode, 5);
  assert.match(
    outcome.stderr,
    /^pgvigil: cannot read .*none\.json.* \[FILE_UNREADABLE\]\n {2}Check the path/,
  );
  await assert.rejects(stat(join(cwd, 'untouched')), { code: 'ENOENT' });
});

test('what cannot be decoded is counted, with a way to see why; the rest is stored', async () => {
  const good = record({
    second: 0,
    session: '6968baa0.1',
    text: 'connection received: host=203.0.113.9 port=1',
  });
  await writeFile(
    join(cwd, 'mixed.json'),
    `${JSON.stringify(good)}\n{"category":"PostgreSQLLogs"}\nnot json\n`,
  );
  const outcome = await pgvigil(cwd, ['backfill', 'mixed.json', '-d', 'mixed']);
  assert.equal(outcome.exitCode, 0);
  assert.match(
    outcome.stderr,
    /^1 records stored, 2 rejects \(1 INVALID_JSON, 1 [A-Z_]+\), 0 new alerts in .*\n.*\nSee why: pgvigil query "SELECT code/,
  );
  const why = await pgvigil(cwd, [
    'query',
    'SELECT code FROM rejects ORDER BY code',
    '-d',
    'mixed',
    '--format',
    'csv',
  ]);
  assert.equal(why.stdout.split(/\r?\n/)[0], 'code');
  assert.match(why.stdout, /INVALID_JSON/);
});

test('an archive that is still being written is read up to its last whole record', async () => {
  const line = (second: number) =>
    JSON.stringify(
      record({ second, session: '6968baa0.2', text: 'connection received: host=203.0.113.9 port=1' }),
    );
  await writeFile(join(cwd, 'growing.json'), `${line(1)}\n${line(2).slice(0, 80)}`);
  const outcome = await pgvigil(cwd, ['backfill', 'growing.json', '-d', 'growing']);
  assert.match(
    outcome.stderr,
    /^1 records stored, 0 rejects[\s\S]*Left out: growing\.json: the last 80 bytes/,
  );
  await writeFile(join(cwd, 'growing.json'), `${line(1)}\n${line(2)}\n`);
  const later = await pgvigil(cwd, ['backfill', 'growing.json', '-d', 'growing']);
  assert.match(later.stderr, /^1 records stored, 0 rejects, 0 new alerts in .*\n.*\n$/);
});
