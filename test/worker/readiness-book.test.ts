/** The promise: the view readiness says what `detectors status` says, and writes nothing when nothing changed. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../src/config.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { ReadinessBook } from '../../src/worker/readiness-book.ts';
import { audit, connection, logRecord, message, T0, temporaryStore } from '../store/support.ts';

interface Seen {
  server: string;
  detector: string;
  mode: string;
  state: string;
  reason: string;
  since: Date;
}

async function bookOf(
  t: TestContext,
  modes: Record<string, string> = {},
): Promise<{ store: Store; book: ReadinessBook; clock: { now: number }; failures: string[] }> {
  const store = await temporaryStore(t);
  const config = await loadConfig({ flags: { data: store.dataDir }, env: {}, cwd: store.dataDir });
  const detection = { ...config.detection, modes } as typeof config.detection;
  const clock = { now: T0 };
  const failures: string[] = [];
  const book = new ReadinessBook({
    ...{ store, config: { ...config, detection } },
    now: () => clock.now,
    onFailure: (error) => failures.push(error),
  });
  return { store, book, clock, failures };
}

async function seen(store: Store): Promise<Map<string, Seen>> {
  const rows = await store.rows<Seen & Record<string, unknown>>('SELECT * FROM readiness');
  return new Map(rows.map((row) => [`${row.server} ${row.detector}`, row]));
}

test('a server that is heard of gets a row for each detector, and one that begins to see is known since then', async (t) => {
  const { store, book, clock } = await bookOf(t, { Y03: 'shadow', A01: 'off' });
  await book.refresh();
  assert.equal((await seen(store)).size, 0);

  const writer = await StoreWriter.create(store);
  await writer.commit([message(1, { records: [logRecord(connection('authorized', { user: 'app' }))] })]);
  await book.refresh();
  const first = await seen(store);
  assert.ok(first.size > 50);
  assert.equal(first.get('pg-1 A01')?.state, 'off');
  assert.equal(first.get('pg-1 Y03')?.mode, 'shadow');
  assert.notEqual(first.get('pg-1 P01')?.state, 'armed');
  assert.ok(first.get('pg-1 P01')?.reason);

  clock.now += 60_000;
  const records = [logRecord(audit({ class: 'ROLE', command: 'GRANT ROLE' }))];
  await writer.commit([message(2, { records })]);
  await book.refresh();
  const second = await seen(store);
  assert.equal(second.get('pg-1 P01')?.state, 'armed', second.get('pg-1 P01')?.reason);
  assert.equal(second.get('pg-1 P01')?.since.getTime(), clock.now);
  assert.equal(second.get('pg-1 A01')?.since.getTime(), T0, 'what did not change keeps its time');
  assert.equal(second.size, first.size);
});

test('a look at which nothing changed writes nothing', async (t) => {
  const { store, book, clock } = await bookOf(t);
  const writer = await StoreWriter.create(store);
  await writer.commit([message(1, { records: [logRecord(connection('authorized', { user: 'app' }))] })]);
  await book.refresh();
  const { commits } = store;
  clock.now += 60_000;
  await book.refresh();
  assert.equal(store.commits, commits);
});

test('it stops at once while it waits', async (t) => {
  const { book, failures } = await bookOf(t);
  book.start();
  const started = performance.now();
  await book.stop();
  assert.ok(performance.now() - started < 2_000);
  assert.deepEqual(failures, []);
});
