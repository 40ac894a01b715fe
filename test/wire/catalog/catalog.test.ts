/** Questions that tools ask of PostgreSQL's catalogs before they ask anything of the data. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CatalogHost } from '../../../src/wire/catalog/catalog-host.ts';
import type { CatalogSession, ViewInfo } from '../../../src/wire/catalog/catalog-runner.ts';

const VIEWS: ViewInfo[] = [
  {
    name: 'sign_ins',
    comment: 'One row per attempt.',
    columns: [
      { name: 'event_time', type: 'TIMESTAMP', comment: 'Time (UTC).' },
      { name: 'user_name', type: 'VARCHAR', comment: null },
      { name: 'flags', type: 'VARCHAR[]', comment: null },
      { name: 'share', type: 'DECIMAL(9,2)', comment: null },
    ],
  },
];
const SESSION: CatalogSession = {
  user: 'grafana',
  database: 'pgvigil',
  pid: 7,
  settings: { search_path: 'main', server_version_num: '150000', TimeZone: 'UTC' },
};

async function hostFor(t: TestContext): Promise<CatalogHost> {
  const host = await CatalogHost.start(VIEWS);
  t.after(() => host.close());
  return host;
}

async function rowsOf(host: CatalogHost, sql: string): Promise<unknown[][] | null> {
  const answer = await host.run({ sql, limitRows: 0, limitBytes: 0, timeoutMs: 5_000 }, SESSION);
  if (answer === null) return null;
  const rows: unknown[][] = [];
  for await (const row of answer.rows) rows.push(row);
  return rows;
}

test('what a session knows of itself is answered', async (t) => {
  const host = await hostFor(t);
  const [[version]] = (await rowsOf(host, 'SELECT version()')) as [[string]];
  assert.match(version, /^PostgreSQL 15\.0 /);
  assert.deepEqual(
    await rowsOf(
      host,
      "SELECT current_database(), current_schema(), current_user, session_user, pg_backend_pid(), current_setting('search_path'), pg_is_in_recovery()",
    ),
    [['pgvigil', 'main', 'grafana', 'grafana', 7, 'main', false]],
  );
  assert.deepEqual(await rowsOf(host, "SELECT current_setting('server_version_num')::int/100 AS version"), [
    [1500],
  ]);
  assert.deepEqual(await rowsOf(host, "SELECT setting FROM pg_settings WHERE name = 'TimeZone'"), [['UTC']]);
  const set = "SELECT set_config('bytea_output', 'hex', false) FROM pg_settings WHERE name = 'TimeZone'";
  assert.deepEqual(await rowsOf(host, set), [['hex']]);
});

test('a builder of queries finds tables, columns and their types', async (t) => {
  const host = await hostFor(t);
  const tables = `SELECT CASE WHEN quote_ident(table_schema) IN (
      SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
      FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1),
        array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
        string_to_array(current_setting('search_path'), ',') s)
    THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
    FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog') ORDER BY 1`;
  assert.deepEqual(await rowsOf(host, tables), [['sign_ins']]);
  const columns = `SELECT quote_ident(column_name) AS "column", data_type AS "type", udt_name, is_nullable
    FROM information_schema.columns WHERE quote_ident(table_name) = 'sign_ins' ORDER BY ordinal_position`;
  assert.deepEqual(await rowsOf(host, columns), [
    ['event_time', 'timestamp without time zone', 'timestamp', 'YES'],
    ['user_name', 'text', 'text', 'YES'],
    ['flags', 'ARRAY', '_text', 'YES'],
    ['share', 'numeric', 'numeric', 'YES'],
  ]);
});

test('the metadata that JDBC asks for is answered', async (t) => {
  const host = await hostFor(t);
  const tables = `SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME,
    CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN 'SYSTEM VIEW'
      WHEN false THEN CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' ELSE NULL END ELSE NULL END AS TABLE_TYPE,
    d.description AS REMARKS
    FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
    LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass)
    WHERE c.relnamespace = n.oid AND (false OR (c.relkind = 'v' AND n.nspname <> 'pg_catalog')) ORDER BY TABLE_TYPE, TABLE_NAME`;
  assert.deepEqual(await rowsOf(host, tables), [[null, 'main', 'sign_ins', 'VIEW', 'One row per attempt.']]);
  const columns = `SELECT * FROM (SELECT current_database() AS current_database, n.nspname, c.relname, a.attname, a.atttypid,
      a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull, a.atttypmod, a.attlen, t.typtypmod,
      row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') AS attidentity,
      nullif(a.attgenerated, '') AS attgenerated, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc, dsc.description,
      t.typbasetype, t.typtype
    FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid)
    JOIN pg_catalog.pg_attribute a ON (a.attrelid = c.oid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid)
    LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid = def.adrelid AND a.attnum = def.adnum)
    LEFT JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid)
    LEFT JOIN pg_catalog.pg_class dc ON (dc.oid = dsc.classoid AND dc.relname = 'pg_class')
    LEFT JOIN pg_catalog.pg_namespace dn ON (dc.relnamespace = dn.oid AND dn.nspname = 'pg_catalog')
    WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND c.relname LIKE E'sign\\\\_ins') c
    WHERE true ORDER BY nspname, c.relname, attnum`;
  const rows = (await rowsOf(host, columns))!;
  assert.deepEqual(
    rows.map((row) => [row[3], row[4], row[9]]),
    [
      ['event_time', 1114, 1],
      ['user_name', 25, 2],
      ['flags', 1009, 3],
      ['share', 1700, 4],
    ],
  );
  const keys = `SELECT result.TABLE_NAME, result.KEY_SEQ FROM (SELECT ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME,
      (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A
    FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid)
    JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid)
    WHERE i.indisprimary) result WHERE result.A = (result.KEYS).x`;
  assert.deepEqual(await rowsOf(host, keys), []);
  const keywords =
    "SELECT min(word) FROM pg_catalog.pg_get_keywords() WHERE word <> ALL ('{all,and}'::text[])";
  assert.deepEqual(await rowsOf(host, keywords), [['analyse']]);
});

test('only what is about catalogs is answered here', async (t) => {
  const host = await hostFor(t);
  assert.equal(await rowsOf(host, 'SELECT * FROM sign_ins WHERE user_name = current_user'), null);
  assert.equal(await rowsOf(host, 'FROM sign_ins SELECT * EXCLUDE (flags)'), null);
  await assert.rejects(rowsOf(host, 'SELECT * FROM sign_ins, pg_class'), { code: 'QUERY_REFUSED' });
});

test('nothing but the catalogs can be reached', async (t) => {
  const host = await hostFor(t);
  for (const sql of [
    'SELECT * FROM pg_class, duckdb_settings()',
    "SELECT * FROM pg_class, read_csv('/etc/passwd')",
    "SELECT getenv('HOME') FROM pg_class",
    'SELECT * FROM pg_catalog.duckdb_tables, pg_class',
    'SELECT * FROM stored.pgc_pg_class, pg_class',
    "SELECT query('SELECT 1') FROM pg_class",
    "SELECT 1 FROM pg_class WHERE pg_read_file('/etc/passwd') = ''",
    'SELECT * INTO x FROM pg_class',
  ]) {
    await assert.rejects(
      (async () => {
        if ((await rowsOf(host, sql)) === null)
          throw Object.assign(new Error('left to the guard of the data'), { code: 'QUERY_REFUSED' });
      })(),
      ({ code }: { code?: string }) => code === 'QUERY_REFUSED' || code === 'QUERY_FAILED',
      sql,
    );
  }
});

test('a question that takes too long ends, and the next one is answered', async (t) => {
  const host = await hostFor(t);
  const endless =
    'SELECT count(*) FROM generate_series(1, 1000000000) a(x), generate_series(1, 1000000000) b(y), pg_am WHERE a.x * b.y = 7';
  const request = {
    sql: endless.replace(', pg_am', ', pg_class'),
    limitRows: 0,
    limitBytes: 0,
    timeoutMs: 300,
  };
  await assert.rejects(host.run(request, SESSION), { code: 'QUERY_FAILED' });
  assert.deepEqual(await rowsOf(host, 'SELECT relname FROM pg_class'), [['sign_ins']]);
});
