import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Answer, QueryRequest } from '../../../src/query/query-runner.ts';
import { Sandbox, type SandboxOptions } from '../../../src/query/sandbox/sandbox.ts';
import { statesOf } from '../../../src/query/sandbox/states.ts';
import { Store } from '../../../src/store/store.ts';
import { sampleFolder } from '../sample-store.ts';

interface Fixture {
  dataDir: string;
  sandbox: Sandbox;
  ask(sql: string, changes?: Partial<QueryRequest>, signal?: AbortSignal): Promise<Answer>;
  rows(sql: string, changes?: Partial<QueryRequest>): Promise<unknown[][]>;
}

async function fixtureFor(t: TestContext, options: Partial<SandboxOptions> = {}): Promise<Fixture> {
  const folder = await sampleFolder();
  const { dataDir } = folder;
  const sandbox = new Sandbox({
    dataDir,
    states: statesOf(dataDir),
    processes: 1,
    memoryMb: 256,
    ...options,
  });
  t.after(async () => {
    await sandbox.close();
    await folder.remove();
  });
  const ask = (sql: string, changes: Partial<QueryRequest> = {}, signal?: AbortSignal) =>
    sandbox.run({ sql, limitRows: 10_000, limitBytes: 0, timeoutMs: 20_000, ...changes }, signal);
  const rows = async (sql: string, changes: Partial<QueryRequest> = {}) => rowsOf(await ask(sql, changes));
  return { dataDir, sandbox, ask, rows };
}

async function rowsOf(answer: Answer): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const row of answer.rows) rows.push(row);
  return rows;
}

/** The process that runs the queries of this one. */
async function children(): Promise<number[]> {
  const text = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
  const found: number[] = [];
  for (const pid of text.trim().split(' ').filter(Boolean).map(Number)) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('sandbox/child')) found.push(pid);
  }
  return found;
}

/** A call of functions that anyone may use, in which DuckDB hears no interrupt for long. */
const DEAF =
  "SELECT length(list_reduce(list(x), (a, b) -> a || b)) FROM (SELECT 'abcdefghij' AS x FROM range(100000))";

test('rows come with their types, whatever a query asks for; parameters by name and by position', async (t) => {
  const { rows, ask, sandbox } = await fixtureFor(t);
  const answer = await ask('SELECT user_name, row_count FROM activity ORDER BY record_id');
  assert.deepEqual(answer.columns, [
    { name: 'user_name', type: 'VARCHAR' },
    { name: 'row_count', type: 'BIGINT' },
  ]);
  assert.deepEqual(await rowsOf(answer), [
    ['alice', 300],
    ['alice', 400],
    ['alice', 500],
  ]);
  assert.equal(answer.cut, null);
  const named = { parameters: { user: 'alice', n: '400' } };
  assert.deepEqual(
    await rows('SELECT row_count FROM activity WHERE user_name = $user AND row_count > $n', named),
    [[500]],
  );
  assert.deepEqual(await rows('SELECT $1::INTEGER + $2, $3', { parameters: [1, 2, null] }), [[3, null]]);
  assert.deepEqual(await sandbox.describe('SELECT user_name FROM activity WHERE event_time > $since'), {
    columns: [{ name: 'user_name', type: 'VARCHAR' }],
    parameters: [{ name: 'since', type: 'TIMESTAMP' }],
  });
});

test('what is refused or wrong is said with its code, and the next query works', async (t) => {
  const { rows, ask, sandbox } = await fixtureFor(t);
  await assert.rejects(ask("SELECT * FROM read_text('/etc/passwd')"), { code: 'QUERY_REFUSED' });
  await assert.rejects(sandbox.describe("SELECT * FROM read_text('/etc/passwd')"), { code: 'QUERY_REFUSED' });
  await assert.rejects(ask('SELECT nothing FROM activity'), { code: 'QUERY_FAILED', message: /nothing/ });
  await assert.rejects(rows('SELECT CAST(user_name AS INTEGER) FROM activity'), { code: 'QUERY_FAILED' });
  assert.deepEqual(await rows('SELECT 1'), [[1]]);
});

test('a query that takes too long is interrupted; one that hears nothing is killed with its process', async (t) => {
  const { rows } = await fixtureFor(t, { memoryMb: 2_048 });
  await rows('SELECT 1');
  const [pid] = await children();
  const long = 'SELECT count(*) FROM range(100000000000) a, range(1000000) b';
  await assert.rejects(rows(long, { timeoutMs: 200 }), {
    code: 'QUERY_FAILED',
    message: /took longer than 0.2 s/,
  });
  assert.deepEqual(await rows('SELECT 1'), [[1]]);
  assert.deepEqual(await children(), [pid]);

  const started = performance.now();
  await assert.rejects(rows(DEAF, { timeoutMs: 200 }), { code: 'QUERY_FAILED' });
  assert.ok(performance.now() - started < 6_000);
  assert.deepEqual(await rows('SELECT 2'), [[2]]);
  assert.ok(!(await children()).includes(pid!));
});

test('a query that takes all memory ends alone, also where DuckDB does not count it', async (t) => {
  const { rows } = await fixtureFor(t);
  for (const sql of [
    'SELECT md5(range::VARCHAR) AS x FROM range(100000000) ORDER BY x',
    'SELECT list(md5(range::VARCHAR)) FROM range(100000000)',
    "WITH RECURSIVE r(n, s) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, s || s FROM r WHERE n < 33) SELECT max(length(s)) FROM r",
  ]) {
    await assert.rejects(rows(sql, { timeoutMs: 60_000 }), { code: 'QUERY_FAILED' }, sql);
    assert.deepEqual(await rows('SELECT 1'), [[1]], sql);
  }
});

test('rows and bytes are limited, and the answer says which of them cut it', async (t) => {
  const { ask, rows } = await fixtureFor(t);
  const byRows = await ask('SELECT * FROM range(100000)', { limitRows: 2_500 });
  assert.equal((await rowsOf(byRows)).length, 2_500);
  assert.equal(byRows.cut, 'rows');
  const byBytes = await ask("SELECT 'x' || md5('') FROM range(100000)", {
    limitRows: 0,
    limitBytes: 100_000,
  });
  const found = await rowsOf(byBytes);
  assert.ok(found.length > 2_000 && JSON.stringify(found).length < 110_000, `${found.length} rows`);
  assert.equal(byBytes.cut, 'bytes');
  const huge =
    "WITH RECURSIVE r(n, s) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, s || s FROM r WHERE n < 26) SELECT max(s) FROM r";
  const whole = await ask(huge, { limitBytes: 1_000_000 });
  assert.deepEqual([await rowsOf(whole), whole.cut], [[], 'bytes']);
  await assert.rejects(rows(huge), { code: 'QUERY_FAILED', message: /a row is larger than 16 MB/ });
});

test('a reader who leaves or a signal ends the query; the process stays', async (t) => {
  const { ask, rows } = await fixtureFor(t);
  await rows('SELECT 1');
  const [pid] = await children();
  for await (const row of (await ask('SELECT * FROM range(100000000)', { limitRows: 0 })).rows) {
    assert.deepEqual(row, [0]);
    break;
  }
  for (const afterMs of [0, 20, 100, 500, 1_000]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), afterMs);
    await assert.rejects(
      ask('SELECT count(*) FROM range(100000000000) a, range(1000000) b', {}, controller.signal),
      /cancelled|aborted/,
    );
  }
  const reading = new AbortController();
  const answer = await ask('SELECT * FROM range(100000000)', { limitRows: 0 }, reading.signal);
  await assert.rejects(async () => {
    for await (const _ of answer.rows) reading.abort();
  });
  assert.deepEqual(await rows('SELECT 1'), [[1]]);
  assert.deepEqual(await children(), [pid]);
});

test('the process has no environment to tell of, stands back, and is the first to go', async (t) => {
  const { rows } = await fixtureFor(t);
  process.env.PGVIGIL_TEST_SECRET = 'hunter2';
  t.after(() => delete process.env.PGVIGIL_TEST_SECRET);
  await rows('SELECT 1');
  const [pid] = await children();
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
  assert.equal(environment, 'TZ=UTC\0');
  assert.equal((await readFile(`/proc/${pid}/oom_score_adj`, 'utf8')).trim(), '1000');
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  assert.equal(fields[16], '10'); // nice
});

test('a process that is killed from outside is replaced; what it ran says so', async (t) => {
  const { rows } = await fixtureFor(t);
  await rows('SELECT 1');
  const [pid] = await children();
  const running = rows('SELECT count(*) FROM range(100000000000) a, range(1000000) b');
  setTimeout(() => process.kill(pid!, 'SIGKILL'), 200);
  await assert.rejects(running, { code: 'QUERY_FAILED', message: /process ended/ });
  assert.deepEqual(await rows('SELECT 1'), [[1]]);
});

test('the process ends when its parent is killed, also in the midst of a query', async (t) => {
  const { dataDir } = await fixtureFor(t);
  const parent = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('abandoning.ts', import.meta.url)), dataDir],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [text] = await once(parent.stdout, 'data');
  const pid = Number(String(text));
  assert.ok(pid > 0);
  await sleep(300);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const deadline = performance.now() + 10_000;
  while (isRunning(pid)) {
    assert.ok(performance.now() < deadline, 'it still runs');
    await sleep(20);
  }
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('queries beyond the number of processes wait for their turn', async (t) => {
  const { rows } = await fixtureFor(t, { processes: 2 });
  const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => rows(`SELECT ${n}`)));
  assert.deepEqual(
    answers,
    Array.from({ length: 12 }, (_, n) => [[n]]),
  );
  assert.ok((await children()).length <= 2);
});

test('an answer that is left lying gives way to those who wait, and its reader is told', async (t) => {
  const { ask, rows } = await fixtureFor(t);
  const lying = (await ask('SELECT * FROM range(100000)', { limitRows: 0 })).rows[Symbol.asyncIterator]();
  assert.deepEqual((await lying.next()).value, [0]);
  await sleep(7_000); // it gives way after ten seconds, those who wait give up after ten
  assert.deepEqual(await rows('SELECT 1'), [[1]]);
  await assert.rejects(
    async () => {
      while (!(await lying.next()).done);
    },
    { code: 'QUERY_BUSY', message: /nobody read on/ },
  );
});

test('whoever waits when all processes die gets a new one', async (t) => {
  const { rows } = await fixtureFor(t);
  await rows('SELECT 1');
  const [pid] = await children();
  const running = assert.rejects(rows('SELECT count(*) FROM range(100000000000) a, range(1000000) b'));
  const waiting = [rows('SELECT 1'), rows('SELECT 2')];
  setTimeout(() => process.kill(pid!, 'SIGKILL'), 200);
  await running;
  assert.deepEqual(await Promise.all(waiting), [[[1]], [[2]]]);
});

test('between two queries nothing is held: a worker can start, and the next query sees what it wrote', async (t) => {
  const { rows, dataDir } = await fixtureFor(t);
  assert.deepEqual(await rows('SELECT count(*) FROM setting_changes'), [[0]]);
  const store = await Store.open(dataDir);
  await store.transaction((transaction) =>
    transaction.run("INSERT INTO store.setting_changes VALUES (1, TIMESTAMP '2026-01-01', 'pg1', 'a', 'b')"),
  );
  await assert.rejects(rows('SELECT 1'), { code: 'DATA_LOCKED' });
  await store.close();
  assert.deepEqual(await rows('SELECT count(*) FROM setting_changes'), [[1]]);
  assert.deepEqual(await readdir(dataDir), ['pgvigil.duckdb']);
});

test('a closed sandbox runs nothing, and what ran has ended', async (t) => {
  const { sandbox, rows } = await fixtureFor(t);
  await rows('SELECT 1');
  const running = assert.rejects(rows('SELECT count(*) FROM range(100000000000) a, range(1000000) b'));
  await sleep(100);
  await sandbox.close();
  await running;
  await assert.rejects(rows('SELECT 1'), { code: 'QUERY_BUSY' });
  assert.deepEqual(await children(), []);
});
