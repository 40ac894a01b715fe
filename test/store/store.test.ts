import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { databasePath } from '../../src/store/database.ts';
import { timestamp } from '../../src/store/rows.ts';
import { count, openStore, temporaryFolder, temporaryStore } from './support.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const setting = (id: number, parameter = 'work_mem') => [BigInt(id), timestamp(0), 'pg-1', parameter, null];

test('an append that fails in its second chunk takes the first one with it', async (t) => {
  const store = await temporaryStore(t);
  // A chunk holds 2048 rows; the bad one is in the second.
  const rows = Array.from({ length: 3000 }, (_, id) => (id === 2500 ? [null] : setting(id)));
  await assert.rejects(
    store.transaction(async (transaction) => {
      await transaction.run("INSERT INTO store.meta VALUES ('k', 'v')");
      await transaction.append('setting_changes', rows);
    }),
  );
  assert.equal(await count(store, 'setting_changes'), 0);
  assert.deepEqual(await store.rows("SELECT * FROM store.meta WHERE key = 'k'"), []);
  assert.equal(store.commits, 0);

  await store.transaction((transaction) =>
    transaction.append(
      'setting_changes',
      Array.from({ length: 5000 }, (_, id) => setting(id)),
    ),
  );
  assert.equal(await count(store, 'setting_changes'), 5000);
  assert.equal(store.commits, 1);
});

test('rows of an append that failed do not come back when memory is collected', async (t) => {
  const store = await temporaryStore(t);
  for (let attempt = 0; attempt < 5; attempt++) {
    const bad = Array.from({ length: 3000 }, (_, id) => (id === 2500 ? [null] : setting(id)));
    await assert.rejects(
      store.transaction((transaction) => transaction.append('setting_changes', bad)),
      /NOT NULL constraint failed/,
    );
    await store.transaction(async (transaction) => {
      collectGarbage();
      await setImmediate(); // when finalizers run
      await transaction.append('setting_changes', [setting(attempt)]);
    });
    assert.equal(await count(store, 'setting_changes'), attempt + 1);
  }
});

test('a transaction that goes on after an error of the database is not said to be stored', async (t) => {
  const store = await temporaryStore(t);
  const work = store.transaction(async (transaction) => {
    await transaction.append('setting_changes', [setting(1)]);
    await transaction.run('INSERT INTO store.meta VALUES (NULL, NULL)').catch(() => undefined);
  });
  await assert.rejects(work, /aborted/);
  assert.equal(store.commits, 0);
  assert.equal(await count(store, 'setting_changes'), 0);
});

test('transactions that are started at once run one after the other', async (t) => {
  const store = await temporaryStore(t);
  await store.transaction((transaction) => transaction.run("INSERT INTO store.meta VALUES ('n', '0')"));
  const add = () =>
    store.transaction(async (transaction) => {
      const [row] = await transaction.rows<{ value: string }>("SELECT value FROM store.meta WHERE key = 'n'");
      await transaction.run("UPDATE store.meta SET value = $value WHERE key = 'n'", {
        value: String(Number(row?.value) + 1),
      });
    });
  await Promise.all(Array.from({ length: 20 }, add));
  const rows = await store.rows("SELECT value FROM store.meta WHERE key = 'n'");
  assert.deepEqual(rows, [{ value: '20' }]);
});

test('reads that run at the same time each get all of their own rows', async (t) => {
  const store = await temporaryStore(t);
  const lengths = [0, 1, 2047, 2048, 2049, 7000, 3, 20_000];
  const results = await Promise.all(
    lengths.map((length) => store.rows(`SELECT range AS n, ${length} AS length FROM range(${length})`)),
  );
  assert.deepEqual(
    results.map((rows) => rows.length),
    lengths,
  );
  assert.ok(results.every((rows, index) => rows.every((row) => row.length === lengths[index])));
});

test('a read beside a transaction sees the last commit, not the work in progress', async (t) => {
  const store = await temporaryStore(t);
  await store.transaction(async (transaction) => {
    await transaction.append('setting_changes', [setting(1)]);
    assert.equal(await count(store, 'setting_changes'), 0);
    assert.equal(await count(transaction, 'setting_changes'), 1);
  });
  assert.equal(await count(store, 'setting_changes'), 1);
});

test('nobody but the owner can read the folder and the database', async (t) => {
  const folder = join(await temporaryFolder(t), 'data');
  const store = await openStore(t, folder);
  await store.transaction((transaction) => transaction.append('setting_changes', [setting(1)]));
  const mode = async (path: string) => (await stat(path)).mode & 0o777;
  assert.equal(await mode(folder), 0o700);
  assert.equal(await mode(databasePath(folder)), 0o600);
});
