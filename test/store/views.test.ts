import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { packagePath } from '../../src/paths.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore, temporaryFolder, temporaryStore } from './support.ts';

const GOLDEN = packagePath('fixtures/golden/views.json');

/** Columns with types, by view: what saved queries and other people's detectors rely on. */
async function publicColumns(store: Store): Promise<Record<string, Record<string, string>>> {
  const rows = await store.rows<{ table_name: string; column_name: string; data_type: string }>(
    `SELECT c.table_name, c.column_name, c.data_type
     FROM duckdb_columns() c JOIN duckdb_views() v ON v.view_name = c.table_name AND v.schema_name = c.schema_name
     WHERE NOT v.internal AND c.schema_name = 'main'
     ORDER BY c.table_name, c.column_index`,
  );
  const views: Record<string, Record<string, string>> = {};
  for (const row of rows) {
    const columns = views[row.table_name] ?? {};
    columns[row.column_name] = row.data_type;
    views[row.table_name] = columns;
  }
  return views;
}

test('the public views have the columns and types that are written down', async (t) => {
  const columns = await publicColumns(await temporaryStore(t));
  const text = `${JSON.stringify(columns, null, 2)}\n`;
  if (process.env.UPDATE_GOLDEN === '1') await writeFile(GOLDEN, text);
  assert.deepEqual(columns, JSON.parse(await readFile(GOLDEN, 'utf8')));
});

test('every view and every column of it says what it is', async (t) => {
  const store = await temporaryStore(t);
  const [views] = await store.rows(
    `SELECT count(*) AS n, list(view_name) FILTER (coalesce(comment, '') = '') AS silent
     FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'`,
  );
  assert.ok(Number(views?.n) >= 13);
  assert.equal(views?.silent, null);
  const silent = await store.rows(
    `SELECT c.table_name, c.column_name
     FROM duckdb_columns() c JOIN duckdb_views() v ON v.view_name = c.table_name AND v.schema_name = c.schema_name
     WHERE NOT v.internal AND c.schema_name = 'main' AND coalesce(c.comment, '') = ''`,
  );
  assert.deepEqual(silent, []);
});

test('every view can be read while it is empty', async (t) => {
  const store = await temporaryStore(t);
  for (const view of Object.keys(await publicColumns(store))) {
    assert.deepEqual(await store.rows(`SELECT * FROM ${view}`), [], view);
  }
});

test('views and comments survive a restart, and a changed view file is applied to an old folder', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await openStore(t, folder);
  const columns = await publicColumns(first);
  // As if an older version had written it: one view less, another digest.
  await first.transaction(async (transaction) => {
    await transaction.run('DROP VIEW gaps');
    await transaction.run("UPDATE store.meta SET value = 'older' WHERE key = 'views'");
  });
  await first.close();
  const second = await openStore(t, folder);
  assert.deepEqual(await publicColumns(second), columns);
  const [row] = await second.rows("SELECT comment FROM duckdb_views() WHERE view_name = 'gaps'");
  assert.match(String(row?.comment), /hub/);
});
