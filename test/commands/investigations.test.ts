import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadInvestigations } from '../../src/query/investigations/investigation.ts';
import { atTerminal, pgvigil, RECORDING, workFolder } from './pgvigil.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
  await pgvigil(cwd, ['backfill', RECORDING, '-d', 'data']);
});
after(() => remove());

const ask = (name: string, ...options: string[]) =>
  pgvigil(cwd, ['query', '--investigation', name, '-d', 'data', ...options]);

test('the list has every investigation, and is what the bare command prints', async () => {
  const all = await loadInvestigations();
  const listed = await pgvigil(cwd, ['investigations']);
  assert.equal(listed.exitCode, 0, listed.stderr);
  for (const { name, title } of all) assert.match(listed.stdout, new RegExp(`^${name} +${title}$`, 'm'));
  const json = await pgvigil(cwd, ['investigations', 'list', '-f', 'json']);
  const rows = JSON.parse(json.stdout) as { name: string; question: string }[];
  assert.deepEqual(
    rows.map(({ name, question }) => [name, question]),
    all.map(({ name, question }) => [name, question]),
  );
});

test('show tells the question, the parameters, how to read the answer, and the SQL', async () => {
  const { stdout, exitCode } = await pgvigil(cwd, ['investigations', 'show', 'table-access']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^Who read or changed this table, from where and how often\?$/m);
  assert.match(stdout, /^ {2}table +text, required: /m);
  assert.match(stdout, /^ {2}since +time, default 7d: /m);
  assert.match(stdout, /^ {2}pgvigil query --investigation table-access -p table=hr\.salaries$/m);
  assert.match(stdout, /^ORDER BY last_time DESC/m);
  const wrong = await pgvigil(cwd, ['investigations', 'show', 'tabel-access']);
  assert.equal(wrong.exitCode, 8);
  assert.match(wrong.stderr, /\[NOT_FOUND\]\n {2}Did you mean table-access\?/);
});

test('the answer is rows and nothing else, in any format', async () => {
  const { stdout, stderr, exitCode } = await ask('table-access', '-p', 'table=salaries', '--format', 'json');
  assert.equal(exitCode, 0, stderr);
  assert.equal(stderr, '');
  const rows = JSON.parse(stdout) as { user_name: string; failed: number }[];
  assert.deepEqual(
    rows.map(({ user_name, failed }) => [user_name, failed]),
    [
      ['piotr', 1],
      ['backup', 0],
    ],
  );
});

test('times narrow the answer, and durations count back from the newest event', async () => {
  const count = async (...options: string[]) => {
    const { stdout, stderr } = await ask('failed-sign-ins', '--format', 'json', ...options);
    assert.equal(stderr, '');
    return (JSON.parse(stdout) as unknown[]).length;
  };
  assert.equal(await count(), 14);
  assert.equal(await count('-p', 'since=30s'), 0);
  assert.equal(await count('-p', 'until=2026-11-24T17:05:50'), 1);
});

test('a command line that asks nothing, twice or wrongly is told so', async () => {
  const wrongs: [string[], number, RegExp][] = [
    [['query', 'SELECT 1', '--investigation', 'exports'], 2, /SQL and an investigation/],
    [['query', '--investigation', 'export'], 8, /Did you mean exports\?/],
    [['query', '--investigation', 'user-activity'], 2, /needs the parameter user/],
    [['query', '--investigation', 'exports', '-p', 'sinc=1d'], 2, /Did you mean since\?/],
    [['query', '--investigation', 'exports', '-p', 'since'], 2, /a name and a value/],
    [['query', '--investigation', 'exports', '-p', 'since=1d', '-p', 'since=2d'], 2, /given twice/],
  ];
  for (const [args, exitCode, message] of wrongs) {
    const outcome = await pgvigil(cwd, [...args, '-d', 'data']);
    assert.equal(outcome.exitCode, exitCode, args.join(' '));
    assert.match(outcome.stderr, message);
    assert.equal(outcome.stdout, '');
  }
});

test('SQL of one’s own has parameters too', async () => {
  const sql = 'SELECT count(*) AS n FROM sign_ins WHERE user_name = $user';
  const { stdout, stderr } = await pgvigil(cwd, [
    ...['query', sql, '-d', 'data', '--format', 'ndjson'],
    ...['-p', "user=x' OR 1=1 --"],
  ]);
  assert.equal(stdout, '{"n":0}\n', stderr);
});

test('at a terminal the question and how to read its answer stand above the rows', {
  skip: process.platform !== 'linux',
}, async () => {
  const screen = await atTerminal(cwd, [
    ...['query', '--investigation', 'session-statements', '-p', 'session=none', '-d', 'data'],
  ]);
  assert.match(screen, /^Statements of a session: What was sent in this session, in order\?\r\nEvery line/);
  assert.match(screen, /\(0 rows\)/);
});
