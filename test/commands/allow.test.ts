import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Store } from '../../src/store/store.ts';
import { startControl } from '../../src/worker/control.ts';
import { partsOf } from '../worker/control-parts.ts';
import { type Outcome, pgvigil, workFolder } from './pgvigil.ts';
import { refusedPasswords } from './records.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
  await writeFile(join(cwd, 'none.ndjson'), '');
  for (const data of ['data', 'held']) await pgvigil(cwd, ['backfill', 'none.ndjson', '-d', data]);
});
after(() => remove());

const run = (...args: string[]): Promise<Outcome> => pgvigil(cwd, args);

async function ok(...args: string[]): Promise<string> {
  const outcome = await run(...args);
  assert.equal(outcome.exitCode, 0, outcome.stderr);
  return outcome.stdout.trim();
}

const listed = async (data: string, kind: string, ...more: string[]) =>
  JSON.parse(await ok(kind, 'list', '-d', data, '-f', 'json', ...more)) as Record<string, unknown>[];

test('what is allowed is no alert of a backfill, is listed with its hits, and ends when it is removed', async () => {
  const lines = (name: string, records: object[]) =>
    writeFile(join(cwd, name), records.map((record) => JSON.stringify({ records: [record] })).join('\n'));
  await lines('first.ndjson', refusedPasswords('svc_report', '203.0.113.66', 12));
  const id = await ok(
    'allow',
    'add',
    '-d',
    'data',
    '--detector',
    'auth.brute_force_account',
    '--user',
    'svc_*',
    '--client',
    '203.0.113.0/24',
    '--from',
    '2026-01-01',
    '--expires',
    '30d',
    '--reason',
    'test of the network team',
    '--author',
    'dba_alice',
  );
  assert.match(id, /^allow_[0-9a-f]{12}$/);
  const backfill = await run('backfill', 'first.ndjson', '-d', 'data');
  assert.match(backfill.stderr, /24 records stored, 0 rejects, 0 new alerts/);
  const [entry] = await listed('data', 'allow');
  assert.equal(entry?.id, id);
  assert.equal(entry?.detector, 'A01');
  assert.equal(entry?.state, 'in force');
  assert.equal(entry?.hits, 12);
  assert.equal(entry?.author, 'dba_alice');
  assert.doesNotMatch(await ok('alerts', 'list', '-d', 'data'), /svc_report/);
  const [alert] = JSON.parse(await ok('alerts', 'list', '-d', 'data', '-f', 'json')) as Record<
    string,
    string
  >[];
  assert.equal(alert?.status, 'allowed');
  assert.match(await ok('alerts', 'show', String(alert?.id), '-d', 'data'), new RegExp(`allowed by: +${id}`));
  assert.match(
    await ok('allow', 'list', '-d', 'data'),
    /in force +A01 +user svc_\*, client 203\.0\.113\.0\/24/,
  );

  assert.equal(
    await ok('allow', 'remove', id.slice(0, 10), '-d', 'data', '--author', 'dba_bob'),
    `removed ${id}`,
  );
  assert.deepEqual(await listed('data', 'allow'), []);
  const [gone] = await listed('data', 'allow', '--all');
  assert.equal(gone?.state, 'removed');
  assert.equal(gone?.removed_by, 'dba_bob');
});

test('careless entries are refused, with what to do and no trace', async () => {
  const base = ['allow', 'add', '-d', 'held', '--user', 'etl', '--reason', 'r'];
  for (const [more, code, part] of [
    [['--detector', 'A01'], 2, /no end.*\n.*--expires 90d/],
    [['--detector', 'A01', '--expires', '2020-01-01'], 2, /in the past/],
    [['--detector', 'A01', '--expires', 'soon'], 2, /--expires soon is no time/],
    [['--expires', '30d'], 2, /names no detector/],
    [['--detector', 'A1', '--expires', '30d'], 8, /Did you mean A01\?/],
  ] as const) {
    const outcome = await run(...base, ...more);
    assert.equal(outcome.exitCode, code, outcome.stderr);
    assert.match(outcome.stderr, part);
  }
  assert.deepEqual(await listed('held', 'allow', '--all'), []);
  const nowhere = await run(
    'allow',
    'add',
    '-d',
    'mistyped',
    '--detector',
    'A01',
    '--user',
    'etl',
    '--reason',
    'r',
    '--expires',
    '1d',
  );
  assert.match(nowhere.stderr, /mistyped holds no pgvigil data \[DATA_MISSING\]/);
});

test('a window begins when it is told to, and its end may be given as its length', async () => {
  const id = await ok(
    'suppress',
    'add',
    '-d',
    'held',
    '--server',
    'pg-1',
    '--from',
    '2d',
    '--to',
    '4h',
    '--reason',
    'upgrade',
  );
  assert.match(id, /^suppress_/);
  const [window] = await listed('held', 'suppress');
  assert.equal(window?.state, 'waiting');
  assert.equal(window?.detector, '*');
  assert.equal(Date.parse(String(window?.expires_at)) - Date.parse(String(window?.starts_at)), 4 * 3_600_000);
  const wrong = await run('allow', 'remove', id, '-d', 'held');
  assert.equal(wrong.exitCode, 8);
  assert.equal(await ok('suppress', 'remove', id, '-d', 'held'), `removed ${id}`);
});

test('an entry that goes by a claimed name alone is made, with a word about it', async () => {
  const base = [
    'allow',
    'add',
    '-d',
    'data',
    '--detector',
    'A01',
    '--user',
    'x',
    '--reason',
    'r',
    '--expires',
    '1d',
  ];
  assert.match((await run(...base)).stderr, /a claim until the sign-in succeeds/);
  assert.equal((await run(...base, '--client', '10.1.2.3')).stderr, '');
});

test('while a worker holds the folder, it makes the change', async () => {
  const dataDir = join(cwd, 'held');
  const store = await Store.open(dataDir);
  const control = await startControl({ dataDir, port: 0, store, status: () => null, ...partsOf(store) });
  try {
    const id = await ok(
      'allow',
      'add',
      '-d',
      'held',
      '--detector',
      '*',
      '--client',
      '10.9.0.0/16',
      '--reason',
      'scanner',
      '--expires',
      '7d',
    );
    assert.deepEqual(
      (await listed('held', 'allow')).map((entry) => entry.id),
      [id],
    );
    const refused = await run(
      'allow',
      'add',
      '-d',
      'held',
      '--detector',
      '*',
      '--reason',
      'r',
      '--expires',
      '7d',
    );
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /it would allow everything/);
    assert.equal(await ok('allow', 'remove', id, '-d', 'held'), `removed ${id}`);
  } finally {
    await control.close();
    await store.close();
  }
  assert.equal((await listed('held', 'allow', '--all')).length, 1);
});
