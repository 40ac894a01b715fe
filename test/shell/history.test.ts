import assert from 'node:assert/strict';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { History, historyPath, MAX_ENTRIES } from '../../src/shell/history.ts';
import { temporaryFolder } from './support.ts';

test('what was typed is there the next time, newest first, for its owner only', async (t) => {
  const path = join(await temporaryFolder(t), 'state', 'history');
  const history = await History.load(path);
  assert.deepEqual(history.entries, []);
  await history.add('SELECT 1;');
  await history.add('SELECT 2,\n  3;');
  await history.add('\\d activity');
  await history.add('\\d activity');
  assert.deepEqual((await History.load(path)).entries, ['\\d activity', 'SELECT 2, 3;', 'SELECT 1;']);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
});

test('a file that others may read is closed to them', async (t) => {
  const path = join(await temporaryFolder(t), 'history');
  await writeFile(path, 'SELECT 1;\n');
  await chmod(path, 0o644);
  await (await History.load(path)).add('SELECT 2;');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a secret does not reach the file, and can still be typed again', async (t) => {
  const path = join(await temporaryFolder(t), 'history');
  const history = await History.load(path);
  const texts = [
    "SELECT * FROM activity WHERE sql_text LIKE '%PASSWORD ''hunter2''%';",
    "SELECT 'postgres://svc:hunter2@db.example.com/shop';",
    '\\set password hunter2',
    '\\set api_token  hunter2 and more',
  ];
  for (const text of texts) await history.add(text);
  const kept = await readFile(path, 'utf8');
  assert.ok(!kept.includes('hunter2'), kept);
  assert.match(kept, /\\set password <REDACTED>\n\\set api_token {2}<REDACTED>\n$/);
  assert.deepEqual(history.entries, texts.toReversed());
});

test('a line that begins with a space is not kept, nor what does not go on one line', async (t) => {
  const history = await History.load(join(await temporaryFolder(t), 'history'));
  for (const text of [' SELECT 1;', "SELECT 'a\nb';", '  \\d', '', "SELECT '\x1b[2J';"])
    await history.add(text);
  assert.deepEqual(history.entries, []);
});

test('the file does not grow for ever, and nothing in it drives the terminal', async (t) => {
  const path = join(await temporaryFolder(t), 'history');
  const lines = Array.from({ length: MAX_ENTRIES + 10 }, (_, index) => `SELECT ${index};`);
  await writeFile(path, [...lines, 'SELECT \x1b[2J;'].map((line) => `${line}\n`).join(''));
  const history = await History.load(path);
  assert.equal(history.entries[0], `SELECT ${MAX_ENTRIES + 9};`);
  assert.ok(history.entries.every((line) => !line.includes('\x1b')));
  assert.equal((await readFile(path, 'utf8')).split('\n').length, MAX_ENTRIES + 1);
});

test('without a place to keep it the history lasts as long as the shell', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'file', 'history');
  await writeFile(join(folder, 'file'), '');
  const history = await History.load(path);
  assert.match(history.problem ?? '', /ENOTDIR|EEXIST/);
  await history.add('SELECT 1;');
  assert.deepEqual(history.entries, ['SELECT 1;']);
});

test('it stands where state belongs', async () => {
  assert.equal(historyPath({ XDG_STATE_HOME: '/state' }), '/state/pgvigil/history');
  const usual = join(homedir(), '.local', 'state', 'pgvigil', 'history');
  assert.equal(historyPath({}), usual);
  assert.equal(historyPath({ XDG_STATE_HOME: 'relative' }), usual);
});
