import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  findWorker,
  requestSnapshot,
  requestStatus,
  type WorkerFile,
} from '../../src/query/control-client.ts';
import { Store } from '../../src/store/store.ts';
import { type Control, startControl } from '../../src/worker/control.ts';
import { emptyFolder } from '../query/sample-store.ts';
import { partsOf } from './control-parts.ts';

interface Fixture {
  dataDir: string;
  store: Store;
  control: Control;
  worker: WorkerFile;
  /** Copies that were made of the database. */
  copies: () => number;
}

async function fixtureFor(t: TestContext): Promise<Fixture> {
  const folder = await emptyFolder();
  const { dataDir } = folder;
  const store = await Store.open(dataDir);
  let copies = 0;
  const counting = {
    get commits() {
      return store.commits;
    },
    still: (async (work) => {
      copies++;
      return store.still(work);
    }) as Store['still'],
  };
  const control = await startControl({
    dataDir,
    port: 0,
    store: counting,
    status: async () => ({ records: 7 }),
    ...partsOf(store),
  });
  t.after(async () => {
    await control.close();
    await store.close();
    await folder.remove();
  });
  const worker = await findWorker(dataDir);
  assert.ok(worker !== null);
  return { dataDir, store, control, worker, copies: () => copies };
}

interface Answer {
  status: number;
  body: string;
}

/** A request with headers of its own choice, which fetch does not allow for Host. */
async function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body };
}

async function commit(store: Store): Promise<void> {
  await store.transaction((transaction) =>
    transaction.run("INSERT INTO store.setting_changes VALUES (1, TIMESTAMP '2026-01-01', 'pg1', 'a', 'b')"),
  );
}

test('the worker file names process, port and token, and is for the owner alone', async (t) => {
  const { dataDir, control, worker } = await fixtureFor(t);
  assert.equal(worker.pid, process.pid);
  assert.equal(worker.port, control.port);
  assert.equal((await stat(join(dataDir, 'worker.json'))).mode & 0o777, 0o600);
  assert.equal((await stat(join(dataDir, 'snapshots'))).mode & 0o777, 0o700);
  assert.deepEqual(
    (await readdir(dataDir)).filter((name) => name.startsWith('worker')),
    ['worker.json'],
  );
});

test('health is for everyone, the rest asks for the token', async (t) => {
  const { control, worker } = await fixtureFor(t);
  assert.deepEqual(await ask(control.port, 'GET', '/health'), { status: 200, body: '{"status":"ok"}' });
  const wrong = [
    undefined,
    '',
    'Bearer',
    `Bearer ${worker.token}x`,
    `Bearer ${'a'.repeat(43)}`,
    worker.token,
  ];
  for (const authorization of wrong) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    for (const [method, path] of [
      ['GET', '/status'],
      ['POST', '/snapshot'],
    ] as const) {
      assert.equal((await ask(control.port, method, path, headers)).status, 401, `${path} ${authorization}`);
    }
  }
  assert.deepEqual(await requestStatus(worker), { records: 7 });
});

test('other hosts, paths and methods are refused', async (t) => {
  const { control, worker } = await fixtureFor(t);
  const authorization = `Bearer ${worker.token}`;
  for (const host of [
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
  ]) {
    assert.equal((await ask(control.port, 'GET', '/health', { host })).status, 421, host);
    assert.equal((await ask(control.port, 'GET', '/status', { host, authorization })).status, 421, host);
  }
  assert.equal(
    (await ask(control.port, 'GET', '/health', { host: `localhost:${control.port}` })).status,
    200,
  );
  assert.equal((await ask(control.port, 'GET', '/snapshot', { authorization })).status, 404);
  assert.equal((await ask(control.port, 'GET', '/worker.json', { authorization })).status, 404);
});

test('a snapshot holds everything that was committed before the request', async (t) => {
  const { dataDir, store, worker } = await fixtureFor(t);
  const first = await requestSnapshot(dataDir, worker);
  await commit(store);
  const second = await requestSnapshot(dataDir, worker);
  assert.ok((await stat(second)).size > 0);
  await assert.rejects(stat(`${first}.wal`), { code: 'ENOENT' });
  assert.ok((await stat(`${second}.wal`)).size > 0);
  assert.equal((await stat(second)).mode & 0o777, 0o600);
});

test('readers of one state share one copy under names of their own; a commit makes a new one', async (t) => {
  const { dataDir, store, worker, copies } = await fixtureFor(t);
  const paths = await Promise.all(Array.from({ length: 6 }, () => requestSnapshot(dataDir, worker)));
  assert.equal(new Set(paths).size, 6);
  assert.equal(copies(), 1);
  await commit(store);
  await requestSnapshot(dataDir, worker);
  await requestSnapshot(dataDir, worker);
  assert.equal(copies(), 2);
});

test('a status that fails is an answer, not the end of the worker', async (t) => {
  const folder = await emptyFolder();
  const store = await Store.open(folder.dataDir);
  const control = await startControl({
    dataDir: folder.dataDir,
    port: 0,
    store,
    status: () => {
      throw new Error('broken');
    },
    ...partsOf(store),
  });
  t.after(async () => {
    await control.close();
    await store.close();
    await folder.remove();
  });
  const worker = (await findWorker(folder.dataDir))!;
  await assert.rejects(requestStatus(worker), { code: 'WORKER_UNREACHABLE', message: /500/ });
  assert.equal((await ask(control.port, 'GET', '/health')).status, 200);
});

test('closing takes the worker file and the port back, but never the file of a successor', async (t) => {
  const { dataDir, store, control } = await fixtureFor(t);
  const second = await startControl({
    dataDir,
    port: 0,
    store,
    status: () => null,
    ...partsOf(store),
  });
  try {
    await control.close();
    assert.equal((await findWorker(dataDir))?.port, second.port);
  } finally {
    await second.close();
  }
  assert.equal(await findWorker(dataDir), null);
  await assert.rejects(ask(second.port, 'GET', '/health'));
});

test('a port that is taken is named', async (t) => {
  const folder = await emptyFolder();
  const store = await Store.open(folder.dataDir);
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  t.after(async () => {
    other.close();
    await store.close();
    await folder.remove();
  });
  await assert.rejects(
    startControl({
      dataDir: folder.dataDir,
      port,
      store,
      status: () => null,
      ...partsOf(store),
    }),
    {
      code: 'CONFIG_INVALID',
      message: `control.port: cannot listen on 127.0.0.1:${port} (EADDRINUSE)`,
    },
  );
  assert.equal(await findWorker(folder.dataDir), null);
});
