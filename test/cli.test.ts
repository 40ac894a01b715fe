import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../src/paths.ts';
import { VERSION } from '../src/version.ts';
import { type Outcome, pgvigil, RECORDING, workFolder } from './commands/pgvigil.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
});
after(() => remove());

/** The two parts of an error: what happened with its code, and what to do. Nothing else, no stack. */
function assertError({ exitCode, stdout, stderr }: Outcome, code: string, exit: number, what: RegExp): void {
  assert.equal(exitCode, exit, stderr);
  assert.equal(stdout, '');
  const [first, ...rest] = stderr.trimEnd().split('\n');
  assert.match(first!, what);
  assert.match(first!, new RegExp(`^pgvigil: .* \\[${code}\\]$`));
  assert.ok(rest.length > 0 && rest.every((line) => line.startsWith('  ')), stderr);
  assert.doesNotMatch(stderr, /^\s+at |node:internal|\.ts:\d+/m);
}

test('help and version go to standard output', async () => {
  const [help, version] = await Promise.all([pgvigil(cwd, ['--help']), pgvigil(cwd, ['--version'])]);
  assert.equal(help.exitCode, 0);
  assert.match(help.stdout, /Usage: pgvigil[\s\S]*backfill/);
  assert.equal(help.stderr, '');
  assert.deepEqual(version, { exitCode: 0, stdout: `${VERSION}\n`, stderr: '' });
});

test('a wrong command line is USAGE, exit code 2', async () => {
  assertError(await pgvigil(cwd, ['run', '--bogus']), 'USAGE', 2, /unknown option '--bogus'/);
  const unknown = await pgvigil(cwd, ['qury', 'SELECT 1']);
  assertError(unknown, 'USAGE', 2, /unknown command 'qury'/);
  assert.match(unknown.stderr, /Did you mean query\?/);
  assertError(
    await pgvigil(cwd, ['query', 'SELECT 1', '--limit', 'ten']),
    'USAGE',
    2,
    /must be a whole number/,
  );
});

test('a group without a command shows its commands and fails', async () => {
  const { exitCode, stdout, stderr } = await pgvigil(cwd, ['alerts']);
  assert.equal(exitCode, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /Usage: pgvigil alerts[\s\S]*list[\s\S]*show/);
});

test('a wrong configuration names every mistake at once', async () => {
  await writeFile(join(cwd, 'wrong.yaml'), 'dta: x\ndetection: { intervalMs: 1 }\n');
  const outcome = await pgvigil(cwd, ['alerts', 'list', '--config', 'wrong.yaml']);
  assertError(outcome, 'CONFIG_INVALID', 2, /wrong\.yaml: /);
  assert.match(outcome.stderr, /detection\.intervalMs must be a whole number from 100/);
  assert.match(outcome.stderr, /dta is not a known key/);
  assert.match(outcome.stderr, /Did you mean data\?/);
});

test('a configuration file that was named and does not exist is CONFIG_INVALID', async () => {
  const outcome = await pgvigil(cwd, ['doctor', '--config', 'nowhere.yaml']);
  assertError(outcome, 'CONFIG_INVALID', 2, /nowhere\.yaml: cannot be read/);
});

test('a data folder without data is DATA_MISSING', async () => {
  assertError(
    await pgvigil(cwd, ['query', 'SELECT 1', '--data', 'none']),
    'DATA_MISSING',
    4,
    /none holds no/,
  );
});

test('a damaged database is DATA_DAMAGED, for readers and writers', async () => {
  await mkdir(join(cwd, 'damaged'));
  await writeFile(join(cwd, 'damaged', 'pgvigil.duckdb'), 'this is no database'.repeat(1000));
  for (const command of [
    ['alerts', 'list'],
    ['backfill', RECORDING],
  ]) {
    const outcome = await pgvigil(cwd, [...command, '-d', 'damaged']);
    assertError(outcome, 'DATA_DAMAGED', 4, /damaged cannot be opened/);
  }
});

test('a data folder that another process holds is DATA_LOCKED', async () => {
  const holder = spawn(
    process.execPath,
    [
      '--import',
      packagePath('test/typescript.mjs'),
      packagePath('test/commands/holder.ts'),
      join(cwd, 'held'),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  try {
    await once(holder.stdout, 'data');
    for (const command of [
      ['query', 'SELECT 1'],
      ['backfill', RECORDING],
    ]) {
      assertError(
        await pgvigil(cwd, [...command, '-d', 'held']),
        'DATA_LOCKED',
        4,
        /another process is using/,
      );
    }
  } finally {
    holder.stdin.end();
    await once(holder, 'close');
  }
});

test('run without an event hub says what is missing', async () => {
  assertError(await pgvigil(cwd, ['run']), 'CONFIG_INVALID', 2, /names no event hub/);
});

test('a secret that is not there, or malformed, is named but never shown', async () => {
  await writeFile(join(cwd, 'hub.yaml'), 'eventHub: { connectionString: { env: PGVIGIL_EVENTHUB } }\n');
  assertError(
    await pgvigil(cwd, ['run', '-c', 'hub.yaml']),
    'SECRET_INVALID',
    2,
    /variable PGVIGIL_EVENTHUB is not set/,
  );
  const secret = 'c3VwZXItc2VjcmV0LWtleQ';
  const env = {
    PGVIGIL_EVENTHUB: `Endpont=sb://contoso/;SharedAccessKey=${secret}`,
    PGVIGIL_LOG_LEVEL: 'trace',
  };
  const run = await pgvigil(cwd, ['run', '-c', 'hub.yaml'], env);
  assertError(run, 'SOURCE_REFUSED', 6, /connection string of the event hub is malformed/);
  const doctor = await pgvigil(cwd, ['doctor', '-c', 'hub.yaml'], env);
  assert.equal(doctor.exitCode, 1);
  assert.match(doctor.stdout, /^fail {2}the connection string of the event hub is malformed/m);
  for (const { stdout, stderr } of [run, doctor]) assert.doesNotMatch(stdout + stderr, new RegExp(secret));
});
