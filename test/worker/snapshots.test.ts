import assert from 'node:assert/strict';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openForReading } from '../../src/store/database.ts';
import { BLOCK_BYTES } from '../../src/store/mirror.ts';
import type { Store } from '../../src/store/store.ts';
import { type SnapshotStore, Snapshots } from '../../src/worker/snapshots.ts';
import { Random } from '../fuzz/random.ts';
import { openStore, outputOf, temporaryFolder, temporaryStore } from '../store/support.ts';
import { SEED } from '../support/seed.ts';

const MINUTE = 60_000;

async function snapshotsOf(t: TestContext, store: Store, now: () => number = Date.now): Promise<Snapshots> {
  const snapshots = await Snapshots.open(store.dataDir, store, now);
  t.after(() => snapshots.close());
  return snapshots;
}

async function giveBack(path: string): Promise<void> {
  await rm(path);
  await rm(`${path}.wal`, { force: true });
}

const insert = (n: number, rows: number) =>
  `INSERT INTO store.setting_changes
   SELECT i, TIMESTAMP '2026-01-01', 'pg1', md5(i::VARCHAR || '${n}'), 'b' FROM range(${rows}) r(i)`;

async function change(store: Store, n: number, rows = 1): Promise<void> {
  await store.transaction((transaction) => transaction.run(insert(n, rows)));
}

/** What a reader sees of a state: rows, and a sum over their content. */
async function seen(path: string): Promise<string> {
  const instance = await openForReading('test', path);
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(SUM);
    return String(reader.getRowsJS()[0]);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const SUM = 'SELECT count(*), sum(hash(parameter)) FROM store.setting_changes';

async function sum(store: Store): Promise<string> {
  const [row] = await store.rows(SUM);
  return String(Object.values(row!));
}

test('a state holds what is in the file and what is in its log, and opens in another process', async (t) => {
  const store = await temporaryStore(t);
  const snapshots = await snapshotsOf(t, store);
  await change(store, 1, 300_000);
  await change(store, 2);
  const path = await snapshots.take();
  const expected = await sum(store);
  assert.ok((await stat(`${path}.wal`)).size > 0);
  await change(store, 3);
  assert.equal(await seen(path), expected);
  assert.equal(await outputOf('./opener.ts', 'read', store.dataDir, path), '0 records');
  for (const name of [path, `${path}.wal`]) assert.equal((await stat(name)).mode & 0o777, 0o600);
});

test('whatever is written meanwhile, each state is that of one commit, and readers keep theirs', async (t) => {
  const numbers = new Random(SEED);
  const random = () => numbers.below(1_000) / 1_000;
  const store = await openStore(t, await temporaryFolder(t));
  const snapshots = await snapshotsOf(t, store);
  const sums = new Map<string, string>();
  let stopped = false;
  const writing = (async () => {
    for (let n = 0; !stopped; n++) {
      await store.transaction(async (transaction) => {
        await transaction.run(anyChange(random(), n));
        await transaction.run("DELETE FROM store.meta WHERE key = 'n'");
        await transaction.run(`INSERT INTO store.meta VALUES ('n', '${n}')`);
        const [row] = await transaction.rows(SUM);
        sums.set(String(n), String(Object.values(row!)));
      });
    }
  })();
  const kept: { path: string; n: string }[] = [];
  for (let round = 0; round < 25; round++) {
    await sleep(random() * 60);
    const path = await snapshots.take();
    kept.push({ path, n: await noted(path) });
    for (const { path, n } of kept) assert.equal(await seen(path), sums.get(n), `commit ${n}`);
    if (kept.length > 4) await giveBack(kept.splice(Math.floor(random() * kept.length), 1)[0]!.path);
  }
  stopped = true;
  await writing;
  assert.ok(sums.size > 25);
});

/** Some change; one of more rows than a row group has is written into the file before it is committed. */
function anyChange(kind: number, n: number): string {
  if (kind < 0.5) return insert(n, Math.floor(kind * 4_000));
  if (kind < 0.65) return insert(n, 150_000);
  if (kind < 0.8) return `DELETE FROM store.setting_changes WHERE record_id % 7 = ${n % 7}`;
  return `UPDATE store.setting_changes SET parameter = 'u${n}' WHERE record_id % 11 = 3`;
}

test('a file that has hardly changed is brought up to date, and not copied anew', async (t) => {
  const store = await temporaryStore(t);
  const snapshots = await snapshotsOf(t, store);
  await change(store, 1, 1_000_000);
  await store.transaction((transaction) => transaction.run('SELECT 1'));
  await giveBack(await snapshots.take());
  const mirror = await mirrorsOf(store);
  assert.equal(mirror.length, 1);
  for (let n = 0; n < 10; n++) {
    await change(store, n, 150_000);
    const path = await snapshots.take();
    assert.equal(await seen(path), await sum(store));
    await giveBack(path);
  }
  assert.deepEqual(await mirrorsOf(store), mirror);
});

async function mirrorsOf(store: Store): Promise<string[]> {
  return (await readdir(join(store.dataDir, 'snapshots'))).filter((name) => name.startsWith('mirror-'));
}

test('the size of blocks is that of DuckDB', async (t) => {
  const store = await temporaryStore(t);
  assert.deepEqual(
    await store.rows("SELECT block_size FROM pragma_database_size() WHERE database_name = 'pgvigil'"),
    [{ block_size: BigInt(BLOCK_BYTES) }],
  );
});

test('names that were left behind go after ten minutes; what may still be read is not written any more', async (t) => {
  let now = Date.UTC(2026, 0, 1);
  const store = await temporaryStore(t);
  await mkdir(join(store.dataDir, 'snapshots'));
  await writeFile(join(store.dataDir, 'snapshots', 'of-an-earlier-worker.duckdb'), 'x');
  const snapshots = await snapshotsOf(t, store, () => now);
  assert.deepEqual(await readdir(join(store.dataDir, 'snapshots')), []);
  await change(store, 1, 300_000);
  const left = await snapshots.take();
  const before = await sum(store);
  const instance = await openForReading('test', left);
  const connection = await instance.connect();
  now += 11 * MINUTE;
  await change(store, 2, 300_000);
  const fresh = await snapshots.take();
  await assert.rejects(stat(left), { code: 'ENOENT' });
  assert.equal(await seen(fresh), await sum(store));
  const reader = await connection.runAndReadAll(SUM);
  assert.equal(String(reader.getRowsJS()[0]), before);
  connection.closeSync();
  instance.closeSync();
});

test('when nobody has asked for ten minutes, no copy is kept', async (t) => {
  let now = Date.UTC(2026, 0, 1);
  const store = await temporaryStore(t);
  const snapshots = await snapshotsOf(t, store, () => now);
  await giveBack(await snapshots.take());
  now += 11 * MINUTE;
  await snapshots.sweep();
  assert.deepEqual(await readdir(join(store.dataDir, 'snapshots')), []);
});

test('a reader gets all that was committed before it asks, unless a little less will do', async (t) => {
  let now = Date.UTC(2026, 0, 1);
  const store = await temporaryStore(t);
  const snapshots = await snapshotsOf(t, store, () => now);
  const before = await sum(store);
  const paths = await Promise.all(Array.from({ length: 5 }, () => snapshots.take()));
  assert.equal(new Set(paths).size, 5);
  await change(store, 1);
  assert.equal(await seen(await snapshots.take(2_000)), before);
  assert.equal(await seen(await snapshots.take()), await sum(store));
  await change(store, 2);
  now += 2_000;
  assert.equal(await seen(await snapshots.take(2_000)), await sum(store));
  assert.equal(await seen(paths[0]!), before);
});

async function noted(path: string): Promise<string> {
  return String(await scalar(path, "SELECT value FROM store.meta WHERE key = 'n'"));
}

async function scalar(path: string, sql: string): Promise<unknown> {
  const instance = await openForReading('test', path);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).value(0, 0);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test('a state that failed halfway is nobody’s: the next reader gets a whole one', async (t) => {
  const store = await temporaryStore(t);
  let broken = false;
  const failing: SnapshotStore = {
    get commits() {
      return store.commits;
    },
    // The copy of the log comes last: by then blocks of the file have been copied.
    still: (work) => store.still((files) => work(broken ? { ...files, log: store.dataDir } : files)),
  };
  const snapshots = await Snapshots.open(store.dataDir, failing, () => 0);
  t.after(() => snapshots.close());
  await change(store, 1);
  const before = await sum(store);
  await giveBack(await snapshots.take()); // with a log
  await store.transaction((transaction) => transaction.run(insert(2, 300_000)));
  const connection = await store.connect();
  await connection.run('CHECKPOINT'); // the file has what the log had
  connection.closeSync();
  broken = true;
  await assert.rejects(snapshots.take());
  broken = false;
  // The clock stands still: the state before would be new enough.
  const found = await seen(await snapshots.take(60_000));
  assert.ok([before, await sum(store)].includes(found), found);
  assert.equal(await seen(await snapshots.take()), await sum(store));
});
