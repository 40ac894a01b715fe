import assert from 'node:assert/strict';
import { chmod, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileHistory } from '../../../src/sources/files/history.ts';
import { checkInputs, findInputs } from '../../../src/sources/files/inputs.ts';
import { temporaryFolder } from '../../store/support.ts';
import { record, Shelf } from './shelf.ts';

/** A folder with these files, each with its name as content. */
async function folderOf(t: TestContext, names: readonly string[]): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), `${JSON.stringify({ name })}\n`);
  }
  return folder;
}

async function namesFor(folder: string, ...paths: string[]): Promise<string[]> {
  const { files } = await checkInputs(paths.map((path) => join(folder, path)));
  return files.map(({ path }) => relative(folder, path));
}

describe('a folder', () => {
  it('stands for the logs in it and in its folders, by name, numbers as numbers', async (t) => {
    const names = [
      ...['postgresql-2026-11-02.log', 'postgresql-2026-11-01.log', 'log.10.json', 'log.9.json'],
      ...[
        'a/h=9/PT1H.json',
        'a/h=10/PT1H.json',
        'old/server.log.2.gz',
        'old/server.log-20261101',
        'x.ndjson',
      ],
      ...['readme.txt', 'x.json.txt', 'base/1/1259', '.hidden.log', 'dump.sql', 'pg_hba.conf'],
    ];
    assert.deepEqual(await namesFor(await folderOf(t, names), '.'), [
      ...['a/h=9/PT1H.json', 'a/h=10/PT1H.json', 'log.9.json', 'log.10.json'],
      ...['old/server.log-20261101', 'old/server.log.2.gz'],
      ...['postgresql-2026-11-01.log', 'postgresql-2026-11-02.log', 'x.ndjson'],
    ]);
  });

  it('is told of files that hold what another beside them holds, which are left out', async (t) => {
    const names = ['a.log', 'a.csv', 'a.json', 'b.log', 'b.csv.gz', 'c.log', 'd.log.1', 'd.csv.2'];
    const folder = await folderOf(t, names);
    assert.deepEqual(await namesFor(folder, '.'), ['a.json', 'b.csv.gz', 'c.log', 'd.csv.2', 'd.log.1']);
    assert.deepEqual(await namesFor(folder, 'a.log'), ['a.log']);
    const shelf = new Shelf();
    await shelf.take(fileHistory([folder]));
    const left = shelf.events.flatMap((event) => (event.kind === 'left-out' ? [event.what] : []));
    assert.deepEqual(
      left.map((what) => what.replaceAll(`${folder}/`, '')),
      [
        'a.csv: the server wrote the same into a.json',
        'a.log: the server wrote the same into a.json',
        'b.log: the server wrote the same into b.csv.gz',
      ],
    );
  });
});

describe('a pattern', () => {
  const names = ['a.log', 'b.log', 'ab.log', 'x/a.log', 'x/y/a.log', 'x/y/b.txt', '.c.log', 'a+b[1].log'];

  it('fits as in a shell', async (t) => {
    const folder = await folderOf(t, names);
    const cases: [pattern: string, fits: string[]][] = [
      ['*.log', ['a.log', 'a+b[1].log', 'ab.log', 'b.log']],
      ['?.log', ['a.log', 'b.log']],
      ['**/a.log', ['a.log', 'x/a.log', 'x/y/a.log']],
      ['x/**/*.log', ['x/a.log', 'x/y/a.log']],
      ['x/**', ['x/a.log', 'x/y/a.log', 'x/y/b.txt']],
      ['*/y/b.t?t', ['x/y/b.txt']],
      ['.*.log', ['.c.log']],
      ['a+b[1]*', ['a+b[1].log']],
      ['*/../?.log', ['a.log', 'b.log']],
    ];
    for (const [pattern, fits] of cases)
      assert.deepEqual((await namesFor(folder, pattern)).toSorted(), fits.toSorted(), pattern);
  });

  it('that fits nothing is an error, and a file of its very name is that file', async (t) => {
    const folder = await folderOf(t, ['what?.log', 'whats.log']);
    assert.deepEqual(await namesFor(folder, 'what?.log'), ['what?.log']);
    await assert.rejects(namesFor(folder, '*.csv'), {
      code: 'FILE_UNREADABLE',
      message: /no file fits .*\*\.csv/,
    });
  });
});

describe('several paths', () => {
  it('are read in their order, each file once, whatever its names', async (t) => {
    const folder = await folderOf(t, ['b.log', 'a.log']);
    await symlink('b.log', join(folder, 'c.log'));
    await symlink('.', join(folder, 'loop'));
    assert.deepEqual(await namesFor(folder, 'b.log', '*.log', '.', 'b.log'), ['b.log', 'a.log']);
    assert.deepEqual((await namesFor(folder, '**/*.log')).length, 2);
  });

  it('are all read before the one that cannot be is told', async (t) => {
    const folder = await folderOf(t, ['a.log', 'b.log']);
    const paths = ['a.log', 'missing.log', 'b.log', 'gone/*.log'].map((path) => join(folder, path));
    const shelf = new Shelf();
    await assert.rejects(shelf.take(fileHistory(paths)), {
      code: 'FILE_UNREADABLE',
      message: /missing\.log.*no file fits/,
    });
    assert.equal(shelf.stored.length, 2);
    assert.equal((await findInputs(paths)).failures.length, 2);
  });

  it('do not fail for a file that cannot be opened before the others are read', async (t) => {
    const folder = await folderOf(t, ['a.log', 'b.log']);
    // Nothing is closed to root.
    if (process.getuid?.() === 0) {
      await rm(join(folder, 'a.log'));
      await symlink('a.log', join(folder, 'a.log'));
    } else await chmod(join(folder, 'a.log'), 0);
    const shelf = new Shelf();
    await assert.rejects(shelf.take(fileHistory([folder])), { code: 'FILE_UNREADABLE' });
    assert.equal(shelf.stored.length, 1);
  });
});

it('a file that was last changed before the span is not read; a later reading of all finds it', async (t) => {
  const folder = await folderOf(t, ['a.log', 'b.log']);
  await utimes(join(folder, 'a.log'), 1000, 1000);
  const shelf = new Shelf();
  const history = fileHistory([folder]);
  assert.equal((await shelf.take(history, { since: 2_000_000 })).length, 1);
  assert.equal((await shelf.take(history)).length, 1);
});

it('progress goes to the size of all files', async (t) => {
  const folder = await folderOf(t, []);
  for (const name of ['a.json', 'b.json'])
    await writeFile(join(folder, name), `${record(1)}\n${record(2)}${name}\n`);
  const done: (number | null)[] = [];
  for await (const batch of fileHistory([folder], { batchBytes: 1 }).read(new Shelf().reading()))
    done.push(batch.done, batch.total);
  assert.equal(done.at(-1), done.at(-2));
  assert.ok(done.length >= 4);
});
