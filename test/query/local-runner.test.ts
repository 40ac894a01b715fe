/** What a session promises, whatever stands behind it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSession } from '../../src/query/local-runner.ts';
import type { Answer, QueryRequest } from '../../src/query/query-runner.ts';
import type { QuerySession } from '../../src/query/query-session.ts';
import { emptyFolder, sampleFolder } from './sample-store.ts';

const LONG = 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7';

function asking(sql: string, more: Partial<QueryRequest> = {}): QueryRequest {
  return { sql, limitRows: 0, limitBytes: 0, timeoutMs: 60_000, ...more };
}

async function rowsOf(answer: Answer): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const row of answer.rows) rows.push(row);
  return rows;
}

async function sampleSession(t: TestContext): Promise<QuerySession> {
  const { dataDir, remove } = await sampleFolder();
  const session = openSession(dataDir);
  t.after(async () => {
    await session.close();
    await remove();
  });
  return session;
}

test('beside a running worker each query sees what was committed before it, and no copy stays', async (t) => {
  const { dataDir, remove } = await emptyFolder();
  t.after(remove);
  const script = fileURLToPath(new URL('writing-worker.ts', import.meta.url));
  const worker = spawn(process.execPath, ['--import', 'tsx', script, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(worker.stdout, 'data');
  const session = openSession(dataDir);
  let seen = -1;
  for (let round = 0; round < 3; round++) {
    const [[changes]] = (await rowsOf(await session.run(asking('SELECT count(*) FROM setting_changes')))) as [
      [number],
    ];
    assert.ok(changes > seen);
    seen = changes;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await session.close();
  worker.stdin.end();
  await once(worker, 'exit');
  assert.deepEqual(await readdir(join(dataDir, 'snapshots')).catch(() => []), []);
});

test('an answer says what was cut: by rows, by bytes, or nothing', async (t) => {
  const session = await sampleSession(t);
  const sql = 'SELECT range AS n FROM range(10)';
  for (const [limits, rows, cut] of [
    [{}, 10, null],
    [{ limitRows: 3 }, 3, 'rows'],
    [{ limitRows: 10 }, 10, null],
    [{ limitBytes: 12 }, 4, 'bytes'],
  ] as const) {
    const answer = await session.run(asking(sql, limits));
    assert.deepEqual(answer.columns, [{ name: 'n', type: 'BIGINT' }]);
    assert.equal((await rowsOf(answer)).length, rows);
    assert.equal(answer.cut, cut);
  }
});

test('a query can be cancelled before it starts, while it runs, and while its rows are read', async (t) => {
  const session = await sampleSession(t);
  const cancelled = { code: 'QUERY_FAILED', message: 'the query was cancelled' };
  await assert.rejects(session.run(asking('SELECT 1'), AbortSignal.abort()), cancelled);
  await assert.rejects(
    (async () => rowsOf(await session.run(asking(LONG), AbortSignal.timeout(1_500))))(),
    cancelled,
  );
  const controller = new AbortController();
  const answer = await session.run(asking('SELECT * FROM range(10000000)'), controller.signal);
  await assert.rejects(async () => {
    for await (const _row of answer.rows) controller.abort();
  }, cancelled);
});

test('an answer that is left, and one that nobody reads, end with the session', async (t) => {
  const { dataDir, remove } = await sampleFolder();
  t.after(remove);
  const session = openSession(dataDir);
  const left = await session.run(asking('SELECT * FROM range(10000000)'));
  for await (const _row of left.rows) break;
  await session.run(asking('SELECT * FROM range(10000000)'));
  await session.close();
  const views = await openSession(dataDir).views(); // nothing holds the folder
  assert.ok(views.length > 20);
});

test('the views are there with what their comments say', async (t) => {
  const session = await sampleSession(t);
  const signIns = (await session.views()).find(({ name }) => name === 'sign_ins');
  assert.equal(signIns?.comment, 'One row per attempt to sign in whose outcome is known.');
  assert.deepEqual(signIns?.columns[1], {
    name: 'event_time',
    type: 'TIMESTAMP',
    comment: 'Time (UTC) of that line.',
  });
});

test('where there is nothing to ask it is said', async (t) => {
  const { dataDir, remove } = await emptyFolder();
  t.after(remove);
  await assert.rejects(openSession(dataDir).views(), { code: 'DATA_MISSING' });
  await assert.rejects(openSession(dataDir).run(asking('SELECT 1')), { code: 'DATA_MISSING' });
});
