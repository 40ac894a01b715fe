import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { QueryEntry } from '../../src/access/access.ts';
import { QueryLog } from '../../src/access/query-log.ts';
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
  await until(() => store.commits > before);
  assert.equal(store.commits, before + 1);
  assert.deepEqual(await store.rows('SELECT count(*) AS n FROM query_log'), [{ n: 50n }]);
  await log.close();
});

test('while the store refuses, entries wait, and none is lost or doubled', async (t) => {
  const { log, store, refuse, errors } = await refusing(t);
  refuse(true);
  log.add(entry());
  await until(() => errors.length === 1);
  refuse(false);
  log.add(entry());
  await log.close();
  assert.match(errors[0]!, /it is tried again/);
  assert.equal(errors.length, 1);
  assert.deepEqual(await store.rows('SELECT count(*) AS n FROM query_log'), [{ n: 2n }]);
});

test('what cannot be kept is told of, one by one: beyond what may wait, and at the end', async (t) => {
  const { log, refuse, errors } = await refusing(t);
  refuse(true);
  for (let n = 0; n < 10_003; n++) log.add(entry());
  assert.equal(errors.length, 3);
  await log.close();
  assert.equal(errors.filter((text) => text === 'a query could not be kept in the query log').length, 10_003);
});

/** A query log over a store that refuses when it is told to. */
async function refusing(t: TestContext) {
  const store = await temporaryStore(t);
  let refuses = false;
  const errors: string[] = [];
  const log = await QueryLog.open(
    {
      transaction: async (work) => {
        if (refuses) throw new Error('no space left');
        return store.transaction(work);
      },
    },
    { error: (_fields: object, text: string) => void errors.push(text) } as never,
    () => NOW,
  );
  const refuse = (does: boolean) => {
    refuses = does;
  };
  return { log, store, refuse, errors };
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!isTrue() && performance.now() < deadline) await new Promise((done) => setTimeout(done, 20));
}

test('what is older than 400 days is forgotten at the start', async (t) => {
  const store = await temporaryStore(t);
  const first = await QueryLog.open(store, quiet, () => NOW);
  first.add(entry({ startedAt: NOW - 401 * 86_400_000 }));
  first.add(entry({ startedAt: NOW - 399 * 86_400_000 }));
  await first.close();
  await (await QueryLog.open(store, quiet, () => NOW)).close();
  assert.deepEqual(await store.rows('SELECT count(*) AS n FROM query_log'), [{ n: 1n }]);
});
