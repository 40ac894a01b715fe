/** Changes of the allow-list by a running worker. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { AllowRequest } from '../../src/alerts/allow-list/request.ts';
import { findWorker, requestAllowChange, type WorkerFile } from '../../src/query/control-client.ts';
import { Store } from '../../src/store/store.ts';
import { startControl } from '../../src/worker/control.ts';
import { emptyFolder } from '../query/sample-store.ts';
import { partsOf } from './control-parts.ts';

const ENTRY: AllowRequest = {
  kind: 'allow',
  detector: 'A01',
  server: null,
  user: 'etl',
  client: '10.1.0.0/16',
  database: null,
  application: null,
  entity: null,
  relation: null,
  fingerprint: null,
  reason: 'nightly',
  author: 'dba_alice',
  startsAt: null,
  expiresAt: Date.now() + 86_400_000,
};

async function workerFor(t: TestContext): Promise<{ store: Store; worker: WorkerFile }> {
  const folder = await emptyFolder();
  const store = await Store.open(folder.dataDir);
  const control = await startControl({
    dataDir: folder.dataDir,
    port: 0,
    store,
    status: () => null,
    ...partsOf(store),
  });
  t.after(async () => {
    await control.close();
    await store.close();
    await folder.remove();
  });
  return { store, worker: (await findWorker(folder.dataDir))! };
}

test('the worker adds and removes, and what it refuses comes back as it was said', async (t) => {
  const { store, worker } = await workerFor(t);
  const id = await requestAllowChange(worker, { action: 'add', entry: ENTRY });
  const [added] = await store.rows('SELECT entry_id, detector, user_name, hits, removed_at FROM allow_list');
  assert.deepEqual(
    { ...added },
    { entry_id: id, detector: 'A01', user_name: 'etl', hits: 0n, removed_at: null },
  );
  await assert.rejects(requestAllowChange(worker, { action: 'add', entry: { ...ENTRY, expiresAt: null } }), {
    code: 'USAGE',
    message: /it has no end/,
    hint: /--expires/,
  });
  const removal = { action: 'remove', kind: 'allow', id: id.slice(0, 9), author: 'dba_bob' };
  await assert.rejects(requestAllowChange(worker, { ...removal, kind: 'suppress' }), { code: 'NOT_FOUND' });
  assert.equal(await requestAllowChange(worker, removal), id);
  await assert.rejects(requestAllowChange(worker, removal), { code: 'NOT_FOUND' });
  const [row] = await store.rows('SELECT removed_by, removed_at IS NOT NULL AS gone FROM allow_list');
  assert.deepEqual({ ...row }, { removed_by: 'dba_bob', gone: true });
});

test('without the token, with a large body, or with something else, nothing changes', async (t) => {
  const { store, worker } = await workerFor(t);
  const post = async (body: string, token = worker.token) =>
    (
      await fetch(`http://127.0.0.1:${worker.port}/allow-list`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body,
      })
    ).status;
  const right = JSON.stringify({ action: 'add', entry: ENTRY });
  assert.equal(await post(right, 'x'.repeat(43)), 401);
  assert.equal(
    await post(JSON.stringify({ action: 'add', entry: { ...ENTRY, reason: 'x'.repeat(100_000) } })),
    413,
  );
  for (const body of [
    '',
    'null',
    '{',
    '[]',
    '{"action":"drop"}',
    right.replace('"etl"', '7'),
    right.replace('"user"', '"role"'),
  ])
    assert.equal(await post(body), 400, body);
  assert.deepEqual(await store.rows('SELECT 1 FROM allow_list'), []);
});

test('more entries than can be held against every event are refused', async (t) => {
  const { store, worker } = await workerFor(t);
  await store.transaction((transaction) =>
    transaction.run(
      `INSERT INTO store.allow_list BY NAME
       SELECT 'allow_' || i AS entry_id, 'allow' AS kind, 'A01' AS detector, 'u' AS user_name, 'r' AS reason, 'a' AS author,
         TIMESTAMP '2026-01-01' AS created_at, TIMESTAMP '2026-01-01' AS starts_at,
         CASE WHEN i = 0 THEN TIMESTAMP '2026-01-02' ELSE TIMESTAMP '2200-01-01' END AS expires_at, 0 AS hits
       FROM range(1000) t(i)`,
    ),
  );
  await requestAllowChange(worker, { action: 'add', entry: ENTRY });
  await assert.rejects(requestAllowChange(worker, { action: 'add', entry: ENTRY }), {
    code: 'USAGE',
    message: /1,000 are in force/,
  });
});
