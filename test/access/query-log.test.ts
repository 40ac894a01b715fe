import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueryEntry } from '../../src/access/access.ts';
import { QueryLog } from '../../src/access/query-log.ts';
import type { Store } from '../../src/store/store.ts';
import { temporaryStore } from '../store/support.ts';

const NOW = Date.UTC(2026, 0, 1);

function entry(changes: Partial<QueryEntry> = {}): QueryEntry {
  return {
    ...{ user: 'grafana', via: 'psql', client: '10.0.0.7', sql: 'SELECT 1', startedAt: NOW, rows: 1 },
    ...{ ms: 12.6, error: null },
    ...changes,
  };
}

const quiet = { error: () => undefined };

test('every query is kept, with its outcome, secrets blanked, and no longer than a text may be', async (t) => {
  const store = await temporaryStore(t);
  const log = await QueryLog.open(store, quiet, () => NOW);
  log.add(entry());
  log.add(
    entry({ sql: "ALTER ROLE a PASSWORD 'hunter2'", rows: 0, error: "42501: PASSWORD 'hunter2' is refused" }),
  );
  log.add(entry({ sql: `SELECT '${'x'.repeat(20_000)}'`, user: '\ud800' }));
  await log.close();
  const rows = await store.rows(
    'SELECT user_name, via, client, sql_text, row_count, duration_ms, error FROM query_log',
  );
  assert.equal(rows.length, 3);
  assert.deepEqual(Object.values(rows[0]!), ['grafana', 'psql', '10.0.0.7', 'SELECT 1', 1n, 13n, null]);
  assert.doesNotMatch(JSON.stringify(rows.map((row) => Object.values(row).map(String))), /hunter2/);
  assert.equal(String(rows[2]?.sql_text).length, 8_192);
});

test('entries are stored by themselves, several in one commit', async (t) => {
  const store = await temporaryStore(t);
  const log = await QueryLog.open(store, quiet, () => NOW);
  const before = store.commits;
  for (let n = 0; n < 50; n++) log.add(entry());
  const deadline = performance.now() + 15_000;
  while (store.commits === before && performance.now() < deadline)
    await new Promise((done) => setTimeout(done, 50));
  assert.equal(store.commits, before + 1);
  assert.deepEqual(await store.rows('SELECT count(*) AS n FROM query_log'), [{ n: 50n }]);
  await log.close();
});

test('while the store refuses, entries wait, and none is lost or doubled', async (t) => {
  const store = await temporaryStore(t);
  let refuse = false;
  const errors: object[] = [];
  const refusing: Pick<Store, 'transaction'> = {
    transaction: async (work) => {
      if (refuse) throw new Error('no space left');
      return store.transaction(work);
    },
  };
  const log = await QueryLog.open(refusing, { error: (fields: object) => void errors.push(fields) } as never);
  refuse = true;
  log.add(entry());
  await log.close();
  assert.deepEqual(errors, [{ error: 'no space left' }]);
  refuse = false;
  log.add(entry());
  await log.close();
  assert.deepEqual(await store.rows('SELECT count(*) AS n FROM query_log'), [{ n: 2n }]);
});

test('what is older than 400 days is forgotten at the start', async (t) => {
  const store = await temporaryStore(t);
  const first = await QueryLog.open(store, quiet, () => NOW);
  first.add(entry({ startedAt: NOW - 401 * 86_400_000 }));
  first.add(entry({ startedAt: NOW - 399 * 86_400_000 }));
  await first.close();
  await (await QueryLog.open(store, quiet, () => NOW)).close();
  assert.deepEqual(await store.rows('SELECT count(*) AS n FROM query_log'), [{ n: 1n }]);
});
