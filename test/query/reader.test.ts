import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openReader, type Reader } from '../../src/query/reader.ts';
import { emptyFolder, HOSTILE, sampleFolder } from './sample-store.ts';
import { ask } from './vetted.ts';

async function folderFor(t: TestContext): Promise<string> {
  const folder = await sampleFolder();
  t.after(() => folder.remove());
  return folder.dataDir;
}

async function readerFor(t: TestContext, dataDir: string): Promise<Reader> {
  const reader = await openReader(dataDir);
  t.after(() => reader.close());
  return reader;
}

async function rowsOf(result: { rows: AsyncIterable<unknown[]> }): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const row of result.rows) rows.push(row);
  return rows;
}

/** Starts a worker in a process of its own and waits until it writes. */
async function workerFor(t: TestContext, dataDir: string, ...options: string[]): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('writing-worker.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir, ...options], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin!.end();
    await once(child, 'exit');
  });
  await once(child.stdout!, 'data');
  return child;
}

test('a folder without a worker is read as it lies, and nothing in it changes', async (t) => {
  const dataDir = await folderFor(t);
  const before = await readFile(join(dataDir, 'pgvigil.duckdb'));
  const reader = await openReader(dataDir);
  const result = await ask(reader, 'SELECT user_name, client, row_count FROM activity ORDER BY record_id');
  assert.deepEqual(result.columns, [
    { name: 'user_name', type: 'VARCHAR' },
    { name: 'client', type: 'VARCHAR' },
    { name: 'row_count', type: 'BIGINT' },
  ]);
  assert.deepEqual(await rowsOf(result), [
    ['alice', '203.0.113.7', 300],
    ['alice', '203.0.113.7', 400],
    ['alice', '203.0.113.7', 500],
  ]);
  assert.equal(result.cut, false);
  await reader.close();
  assert.deepEqual(await readdir(dataDir), ['pgvigil.duckdb']);
  assert.deepEqual(await readFile(join(dataDir, 'pgvigil.duckdb')), before);
});

test('values keep every digit and come as JSON has them', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  const result = await ask(
    reader,
    `SELECT
    9007199254740991::BIGINT, 9007199254740992::BIGINT, 170141183460469231731687303715884105727::HUGEINT,
    1.5::DECIMAL(4,1), 12345678901234567.89::DECIMAL(20,2), 'nan'::DOUBLE, true, NULL,
    TIMESTAMP '2026-01-01 10:00:00', TIMESTAMP '2026-01-01 10:00:00.1234', TIMESTAMP '1969-12-31 23:59:59.999999',
    '2026-01-01 10:00:00+02'::TIMESTAMPTZ, '2026-01-01 10:00:00.123456789'::TIMESTAMP_NS, 'infinity'::TIMESTAMP,
    '2026-01-01 10:00:00'::TIMESTAMP_S, '2026-01-01 10:00:00.5'::TIMESTAMP_MS,
    DATE '2026-01-01', TIME '10:00:00', INTERVAL 90 MINUTE, '\\xAA\\x00'::BLOB, [1, NULL, 3], {'a': [1]},
    map {'k': 1}, 'e1'::ENUM('e1'), '6b1c1a3a-0000-4000-8000-000000000000'::UUID, [[1.5]]`,
  );
  assert.deepEqual(
    JSON.parse(JSON.stringify((await rowsOf(result))[0])),
    JSON.parse(`[9007199254740991, "9007199254740992", "170141183460469231731687303715884105727",
      1.5, "12345678901234567.89", "NaN", true, null,
      "2026-01-01T10:00:00.000Z", "2026-01-01T10:00:00.123400Z", "1969-12-31T23:59:59.999999Z",
      "2026-01-01T08:00:00.000Z", "2026-01-01T10:00:00.123456789Z", "infinity",
      "2026-01-01T10:00:00.000Z", "2026-01-01T10:00:00.500Z",
      "2026-01-01", "10:00:00", "01:30:00", "qgA=", [1, null, 3], {"a": [1]},
      [{"key": "k", "value": 1}], "e1", "6b1c1a3a-0000-4000-8000-000000000000", [[1.5]]]`),
  );
});

test('hostile text comes out as it was written', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  const result = await ask(reader, 'SELECT DISTINCT application FROM activity');
  assert.deepEqual(await rowsOf(result), [[HOSTILE]]);
});

test('parameters are values, never SQL', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  const named = await ask(reader, 'SELECT count(*) FROM activity WHERE user_name = $user', {
    parameters: { user: "alice' OR '1'='1" },
  });
  assert.deepEqual(await rowsOf(named), [[0]]);
  const byPlace = await ask(reader, 'SELECT count(*) FROM activity WHERE user_name = ?', {
    parameters: ['alice'],
  });
  assert.deepEqual(await rowsOf(byPlace), [[3]]);
});

test('the row limit cuts and says so; 0 means none; a result of exactly the limit is whole', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  const count = async (rows: number, limitRows?: number) => {
    const options = limitRows === undefined ? {} : { limitRows };
    const result = await ask(reader, `SELECT * FROM range(${rows})`, options);
    return [(await rowsOf(result)).length, result.cut];
  };
  assert.deepEqual(await count(20_000), [10_000, true]);
  assert.deepEqual(await count(20_000, 0), [20_000, false]);
  assert.deepEqual(await count(10, 10), [10, false]);
  assert.deepEqual(await count(11, 10), [10, true]);
});

test('rows are fetched as they are read: a result of any size does not pile up', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  const result = await ask(reader, 'SELECT i, md5(i::VARCHAR) FROM range(1000000000000) t(i)', {
    limitRows: 0,
  });
  let last: unknown;
  for await (const row of result.rows) {
    last = row[0];
    if (last === 5000) break;
  }
  assert.equal(last, 5000);
});

test('two results can be read side by side', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  const [left, right] = await Promise.all([
    ask(reader, 'SELECT * FROM range(5000)'),
    ask(reader, 'SELECT * FROM range(5000)'),
  ]);
  const rights = right.rows[Symbol.asyncIterator]();
  for await (const row of left.rows) assert.deepEqual((await rights.next()).value, row);
  assert.equal((await rights.next()).done, true);
});

test('a query whose time is over while its rows are read fails, and does not look whole', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  const { rows } = await ask(
    reader,
    'SELECT b.range FROM range(1000) a, range(1000000000) b WHERE b.range < 300 OR hash(b.range) = 1',
    { limitRows: 0, timeoutMs: 500 },
  );
  let count = 0;
  await assert.rejects(
    async () => {
      for await (const _row of rows) count++;
    },
    { code: 'QUERY_FAILED', message: 'the query took longer than 0.5 s and was stopped' },
  );
  assert.ok(count > 0);
});

test('a query that takes too long is stopped, and the reader goes on', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  const started = performance.now();
  await assert.rejects(
    async () => {
      const slow = 'SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)';
      await rowsOf(await ask(reader, slow, { timeoutMs: 200 }));
    },
    { code: 'QUERY_FAILED', message: 'the query took longer than 0.2 s and was stopped' },
  );
  assert.ok(performance.now() - started < 5_000);
  assert.deepEqual(await rowsOf(await ask(reader, 'SELECT 1')), [[1]]);
});

test('what a slow consumer takes does not count as time of the query', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  const result = await ask(reader, 'SELECT * FROM range(5000)', { timeoutMs: 500 });
  let count = 0;
  for await (const _ of result.rows) {
    if (count++ === 0) await new Promise((resolve) => setTimeout(resolve, 700));
  }
  assert.equal(count, 5000);
});

test('a query that fails says why, before or between rows', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  await assert.rejects(ask(reader, 'SELECT nonsense FROM activity'), {
    code: 'QUERY_FAILED',
    message: /nonsense.*not found/s,
  });
  await assert.rejects(
    async () => {
      await rowsOf(await ask(reader, "SELECT CAST(IF(i = 9000, 'x', '1') AS INT) FROM range(10000) t(i)"));
    },
    { code: 'QUERY_FAILED', message: /Could not convert/ },
  );
});

test('ad-hoc SQL is vetted; SQL of pgvigil itself sees all tables but cannot write', async (t) => {
  const reader = await readerFor(t, await folderFor(t));
  await assert.rejects(ask(reader, 'SELECT * FROM store.records'), { code: 'QUERY_REFUSED' });
  const own = await reader.trusted('SELECT count(*) FROM store.activities WHERE user_name = $user', {
    user: 'alice',
  });
  assert.deepEqual(await rowsOf(own), [[3]]);
  for (const sql of ['DELETE FROM store.records', 'SELECT 1; SELECT 2', 'CREATE TEMP TABLE t (a INT)']) {
    await assert.rejects(reader.trusted(sql), { code: 'QUERY_REFUSED' });
  }
});

test('closing the reader ends what still runs', async (t) => {
  const reader = await openReader(await folderFor(t));
  const slow = 'SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)';
  const pending = assert.rejects(reader.trusted(slow).then(rowsOf), { code: 'QUERY_FAILED' });
  const other = await reader.trusted('SELECT * FROM range(100000)');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const started = performance.now();
  await reader.close();
  await assert.rejects(rowsOf(other), { code: 'QUERY_FAILED', message: 'the query is closed' });
  await pending;
  assert.ok(performance.now() - started < 2_000);
});

test('an empty folder and a missing one are told apart from a locked one', async (t) => {
  const folder = await emptyFolder();
  t.after(() => folder.remove());
  await assert.rejects(openReader(folder.dataDir), { code: 'DATA_MISSING' });
  await assert.rejects(openReader(join(folder.dataDir, 'nowhere')), { code: 'DATA_MISSING' });
});

test('while a worker in another process writes, every query sees whole transactions and the newest', async (t) => {
  const folder = await emptyFolder();
  t.after(() => folder.remove());
  const child = await workerFor(t, folder.dataDir);
  let seen = 0;
  for (let round = 0; round < 4; round++) {
    const reader = await openReader(folder.dataDir);
    try {
      const result = await ask(reader, 'SELECT count(*), count(DISTINCT record_id) FROM setting_changes');
      const [changes, transactions] = (await rowsOf(result))[0] as [number, number];
      assert.equal(changes, transactions * 2);
      assert.ok(changes > seen || round === 0, `${changes} rows after ${seen}`);
      seen = changes;
      const alice = await rowsOf(await ask(reader, 'SELECT count(*) FROM activity'));
      assert.deepEqual(alice, [[3]]);
    } finally {
      await reader.close();
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  // Only the copy that the worker keeps for the next reader is left, and that of the log.
  assert.ok((await readdir(join(folder.dataDir, 'snapshots'))).length <= 2);
  child.stdin!.end();
  await once(child, 'exit');
  assert.deepEqual(
    (await readdir(folder.dataDir)).filter((name) => name === 'worker.json'),
    [],
  );
  const after = await openReader(folder.dataDir);
  const rows = await rowsOf(await ask(after, 'SELECT count(*) FROM setting_changes'));
  await after.close();
  assert.ok((rows[0]![0] as number) >= seen);
});

test('several readers at once share the work and each gets its own file', async (t) => {
  const folder = await emptyFolder();
  t.after(() => folder.remove());
  await workerFor(t, folder.dataDir);
  const readers = await Promise.all(Array.from({ length: 5 }, () => openReader(folder.dataDir)));
  await readers[0]!.close();
  for (const reader of readers.slice(1)) {
    assert.deepEqual(await rowsOf(await ask(reader, 'SELECT count(*) FROM activity')), [[3]]);
    await reader.close();
  }
});

test('a folder locked by a process without control server is refused as locked', async (t) => {
  const folder = await emptyFolder();
  t.after(() => folder.remove());
  await workerFor(t, folder.dataDir, 'without-control');
  await assert.rejects(openReader(folder.dataDir), { code: 'DATA_LOCKED' });
});

test('the worker file of a killed worker does not stand in the way', async (t) => {
  const folder = await emptyFolder();
  t.after(() => folder.remove());
  const child = await workerFor(t, folder.dataDir);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await stat(join(folder.dataDir, 'worker.json'));
  const reader = await openReader(folder.dataDir);
  assert.deepEqual(await rowsOf(await ask(reader, 'SELECT count(*) FROM activity')), [[3]]);
  await reader.close();
});

test('a worker file whose pid and port belong to strangers by now is seen through', async (t) => {
  const dataDir = await folderFor(t);
  const loot = join(dataDir, 'loot.duckdb');
  await writeFile(loot, 'not a database');
  const answers: [number, string][] = [
    [401, '{}'],
    [200, 'hello'],
    [200, JSON.stringify({ path: loot })],
    [200, JSON.stringify({ path: '/etc/passwd' })],
  ];
  for (const [status, body] of answers) {
    const server = createServer((_, response) => response.writeHead(status).end(body));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await writeFile(
      join(dataDir, 'worker.json'),
      JSON.stringify({ pid: process.pid, port, token: 'a'.repeat(43) }),
    );
    try {
      const reader = await openReader(dataDir);
      assert.deepEqual(await rowsOf(await ask(reader, 'SELECT count(*) FROM activity')), [[3]]);
      await reader.close();
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }
  await stat(loot);
});

test('a worker file that cannot be made sense of counts as none', async (t) => {
  const dataDir = await folderFor(t);
  for (const text of ['', '{', '{"pid":1}', '{"pid":"1","port":2,"token":"x"}', '[]']) {
    await writeFile(join(dataDir, 'worker.json'), text);
    await (await openReader(dataDir)).close();
  }
});

test('a worker that holds the folder but does not answer is named as the reason', async (t) => {
  const folder = await emptyFolder();
  t.after(() => folder.remove());
  const child = await workerFor(t, folder.dataDir);
  const path = join(folder.dataDir, 'worker.json');
  const worker = JSON.parse(await readFile(path, 'utf8'));
  await chmod(path, 0o600);
  await writeFile(path, JSON.stringify({ ...worker, token: 'b'.repeat(43) }));
  await assert.rejects(openReader(folder.dataDir), {
    code: 'WORKER_UNREACHABLE',
    message: `the worker (pid ${child.pid}) answered /snapshot with 401`,
  });
});
