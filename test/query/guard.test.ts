import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { PgvigilError } from '../../src/errors.ts';
import { packagePath } from '../../src/paths.ts';
import { allowedFunctions, MAX_SQL_LENGTH, publicViews, vet } from '../../src/query/guard.ts';
import { openForReading } from '../../src/store/database.ts';
import { type SampleFolder, sampleFolder } from './sample-store.ts';

let folder: SampleFolder;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

before(async () => {
  folder = await sampleFolder();
  await writeFile(join(folder.dataDir, 'loot.csv'), 'a,b\n1,2\n');
  await writeFile(join(folder.dataDir, 'loot.json'), '{"a":1}\n');
  instance = await openForReading(folder.dataDir);
  connection = await instance.connect();
});

after(async () => {
  connection.closeSync();
  instance.closeSync();
  await folder.remove();
});

/** `$DIR` stands for the data folder. */
const ATTACKS: Record<string, string[]> = {
  'files, by function or by name': [
    "SELECT * FROM read_csv('$DIR/loot.csv')",
    "SELECT * FROM read_csv_auto('$DIR/loot.csv')",
    "SELECT * FROM read_json('$DIR/loot.json')",
    "SELECT * FROM read_json_auto('$DIR/loot.json')",
    "SELECT * FROM read_ndjson('$DIR/loot.json')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_parquet('https://example.invalid/x.parquet')",
    "SELECT * FROM parquet_metadata('x.parquet')",
    "SELECT * FROM sniff_csv('$DIR/loot.csv')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '$DIR/loot.csv'",
    'SELECT * FROM "$DIR/loot.json"',
    "FROM 'https://example.invalid/x.parquet'",
    "SELECT (SELECT count(*) FROM '$DIR/loot.csv')",
    "SELECT 1 FROM activity WHERE EXISTS (SELECT 1 FROM read_text('/etc/passwd'))",
    "SELECT * FROM activity JOIN read_text('/etc/passwd') ON true",
    "WITH x AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM x",
    "SELECT 1 UNION ALL SELECT content FROM read_text('/etc/passwd')",
    "SELECT 1 ORDER BY (SELECT count(*) FROM read_text('/etc/passwd'))",
    "SELECT 1 LIMIT (SELECT count(*) FROM read_text('/etc/passwd'))",
    "SELECT * FROM range((SELECT count(*) FROM read_text('/etc/passwd')))",
    "SELECT list_transform([1], lambda x: (SELECT count(*) FROM read_text('/etc/passwd')))",
    "SELECT sum(1) FILTER (WHERE (SELECT true FROM read_text('/etc/passwd')))",
    "VALUES ((SELECT count(*) FROM '$DIR/loot.csv'))",
    "DESCRIBE '$DIR/loot.csv'",
    "SUMMARIZE '$DIR/loot.csv'",
    "DESCRIBE SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM (SUMMARIZE '$DIR/loot.csv')",
    "COPY activity TO '$DIR/out.csv'",
    "COPY (SELECT 1) TO '$DIR/out.parquet' (FORMAT parquet)",
    "EXPORT DATABASE '$DIR/out'",
    "IMPORT DATABASE '$DIR/out'",
    "ATTACH '$DIR/out.duckdb'",
    'DETACH pgvigil',
  ],
  'SQL from strings': [
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('activity')",
    "SELECT * FROM query_table(['activity'])",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "PRAGMA json_execute_serialized_sql('{}')",
    "SELECT json_serialize_plan('SELECT 1')",
    "SELECT json_deserialize_sql('{}')",
    "SELECT * FROM histogram(activity, 'record_id')",
    'PREPARE p AS SELECT 1',
    'EXECUTE p',
  ],
  'state of the process': [
    "SELECT * FROM enable_logging(storage = 'file', storage_path = '$DIR/logs')",
    'CALL enable_logging()',
    'SELECT * FROM disable_logging()',
    "SELECT write_log('x')",
    'SELECT * FROM truncate_duckdb_logs()',
    'SELECT * FROM duckdb_logs()',
    'SELECT * FROM checkpoint()',
    'SELECT * FROM force_checkpoint()',
    'CHECKPOINT',
    'SELECT * FROM enable_profiling()',
    "SELECT nextval('s')",
    'SELECT setseed(0.5)',
    'SET VARIABLE x = 1',
    "SET search_path = 'store'",
    "SET memory_limit = '100GB'",
    'RESET memory_limit',
    'PRAGMA database_list',
    'USE store',
    'LOAD httpfs',
    'INSTALL httpfs',
    'BEGIN',
    'VACUUM',
    'ANALYZE',
  ],
  secrets: [
    "SELECT getenv('HOME')",
    "SELECT getvariable('x')",
    "SELECT current_setting('memory_limit')",
    'SELECT * FROM duckdb_settings()',
    'SELECT * FROM duckdb_secrets()',
    "SELECT * FROM which_secret('s3://x', 's3')",
    'SELECT * FROM pragma_database_size()',
    "SELECT * FROM pragma_table_info('activity')",
    'SELECT current_query()',
  ],
  'tables that are not public': [
    'SELECT * FROM store.outbox',
    'SELECT * FROM pgvigil.store.outbox',
    'SELECT * FROM pgvigil.main.activity',
    'SELECT * FROM outbox',
    'SELECT * FROM duckdb_tables',
    'SELECT * FROM sqlite_master',
    'SELECT * FROM information_schema.tables',
    'SELECT * FROM pg_catalog.pg_class',
    'SELECT * FROM pg_class',
    'SHOW TABLES FROM store',
    'SHOW DATABASES',
    'SHOW VARIABLES',
    'DESCRIBE store.outbox',
    // A CTE opens its name only where it can be seen.
    'SELECT * FROM (WITH pg_class AS (SELECT 1) SELECT * FROM pg_class), pg_class',
    'WITH a AS (SELECT * FROM pg_class), pg_class AS (SELECT 1) SELECT * FROM a',
    'WITH pg_class AS (SELECT * FROM pg_class) SELECT * FROM pg_class',
    'WITH RECURSIVE pg_class AS (SELECT relname FROM pg_class UNION ALL SELECT relname FROM pg_class) FROM pg_class',
    'WITH outbox AS (SELECT 1) SELECT * FROM store.outbox',
    'WITH duckdb_settings AS (SELECT 1) SELECT * FROM main.duckdb_settings',
    'WITH sqlite_master AS (SELECT 1) SELECT * FROM main.sqlite_master',
    // KELVIN SIGN: JavaScript lowers it to k, DuckDB does not.
    'WITH "duc\u212adb_settings" AS (SELECT 1) SELECT * FROM duckdb_settings',
    'SELECT 1 FROM activity UNION (WITH pg_class AS (SELECT 1) FROM pg_class) UNION SELECT 1 FROM pg_class',
  ],
  'functions under another name': [
    "SELECT system.main.lower('X')",
    'SELECT pg_catalog.pg_get_viewdef(1)',
    "SELECT WRITE_LOG('x')",
    'SELECT "write_log"(\'x\')',
    'SELECT server.write_log() FROM activity',
    "SELECT [w.write_log() FOR w IN ['x']]",
    "SELECT max('x') OVER (PARTITION BY write_log('x'))",
    "SELECT write_log('x') OVER ()",
    "SELECT store.main.max('x') OVER ()",
    "SELECT * REPLACE (write_log('x') AS server) FROM activity",
    'SELECT COLUMNS(lambda c: write_log(c)) FROM activity',
    "SELECT CASE WHEN write_log('x') THEN 1 END",
    "SELECT 1 GROUP BY write_log('x')",
    "SELECT DISTINCT ON (write_log('x')) 1",
    "SELECT CAST('x' AS store.anything)",
    "SELECT * FROM activity PIVOT (max(write_log('x')) FOR server IN ('pg1'))",
  ],
  'time and memory without bound': [
    'SELECT sleep_ms(60000)',
    'SELECT pg_sleep(60)',
    "SELECT levenshtein('a', 'b')",
    "SELECT damerau_levenshtein('a', 'b')",
    "SELECT repeat('x', 2000000000)",
    "SELECT lpad('x', 2000000000, 'y')",
    "SELECT printf('%2000000000d', 1)",
    'SELECT len(range(2000000000))',
    'SELECT len(generate_series(2000000000))',
    'SELECT list_resize([1], 2000000000)',
    "SELECT bitstring('1', 2000000000)",
    'SELECT * FROM repeat_row(1, num_rows = 10)',
  ],
  writes: [
    'CREATE TABLE t (a INT)',
    'CREATE TEMP TABLE t AS SELECT * FROM range(10)',
    'CREATE TEMP VIEW activity AS SELECT 1',
    'CREATE TEMP MACRO lower(x) AS 1',
    'CREATE SECRET s (TYPE s3)',
    'DROP VIEW activity',
    'INSERT INTO store.meta VALUES (1, 2)',
    'UPDATE store.meta SET value = 1',
    'DELETE FROM store.meta',
    'ALTER TABLE store.meta ADD COLUMN x INT',
    "COMMENT ON VIEW activity IS 'x'",
    'MERGE INTO store.meta USING (SELECT 1) ON false WHEN NOT MATCHED THEN INSERT VALUES (1, 2)',
  ],
  'more or less than one query': [
    '',
    ';',
    '-- nothing',
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP VIEW activity',
    "SELECT 1;\u00a0SELECT write_log('x')",
    'EXPLAIN ANALYZE SELECT 1',
    "SELECT 1 \0 ; SELECT write_log('x')",
    `SELECT ${' '.repeat(MAX_SQL_LENGTH)} 1`,
  ],
};

for (const [kind, attacks] of Object.entries(ATTACKS)) {
  test(`refused: ${kind}`, async (t) => {
    for (const attack of attacks) {
      const sql = attack.replaceAll('$DIR', folder.dataDir);
      await t.test(sql.slice(0, 120).trim() || '(empty)', async () => {
        await assert.rejects(vet(connection, sql), (error) => {
          assert.ok(error instanceof PgvigilError, String(error));
          assert.equal(error.code, 'QUERY_REFUSED', error.message);
          assert.match(error.hint, /\bactivity\b.*\bsign_ins\b/);
          return true;
        });
      });
    }
  });
}

const HONEST = [
  'SELECT * FROM activity',
  'select count(*) from ACTIVITY',
  'SELECT * FROM main.sessions',
  'FROM activity SELECT user_name, row_count ORDER BY ALL',
  'TABLE sign_ins',
  "VALUES (1, 'a'), (2, 'b')",
  'SELECT user_name, count(*) FROM activity GROUP BY ALL HAVING count(*) > 1',
  'SELECT a.user_name, s.client FROM activity a JOIN sessions s USING (server, session_id)',
  'SELECT * FROM activity a LEFT JOIN errors e ON e.record_id = a.record_id',
  'SELECT * FROM activity a ANTI JOIN alerts b ON a.server = b.server',
  'SELECT * FROM activity a ASOF JOIN sign_ins s ON a.server = s.server AND a.event_time >= s.event_time',
  'SELECT * FROM sessions, LATERAL (SELECT count(*) n FROM activity a WHERE a.session_id = sessions.session_id)',
  'WITH busy AS (SELECT user_name, sum(row_count) n FROM activity GROUP BY 1) SELECT * FROM busy WHERE n > 10',
  'WITH a AS (SELECT 1 x), b AS (SELECT x + 1 y FROM a) SELECT * FROM a, b',
  'WITH a AS (WITH b AS (SELECT 1 x) SELECT * FROM b) SELECT * FROM a',
  'WITH activity AS (SELECT 1 x) SELECT x FROM activity',
  'WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n',
  'WITH outer_cte AS (SELECT 1 x) SELECT (SELECT max(x) FROM outer_cte)',
  'SELECT * FROM activity WHERE server IN (SELECT server FROM sessions)',
  'SELECT * FROM activity a WHERE EXISTS (SELECT 1 FROM sessions s WHERE s.session_id = a.session_id)',
  'SELECT row_number() OVER (PARTITION BY user_name ORDER BY event_time) FROM activity',
  'SELECT lag(row_count) OVER w, sum(row_count) OVER w FROM activity WINDOW w AS (ORDER BY event_time)',
  'SELECT * FROM activity QUALIFY rank() OVER (ORDER BY row_count DESC) <= 2',
  'SELECT count(*) FILTER (WHERE NOT ok), count(DISTINCT user_name) FROM activity',
  "SELECT user_name FROM activity WHERE list_contains(relations_read, 'app.orders')",
  "SELECT list_filter(kinds, lambda k: k LIKE 'S%'), [upper(k) FOR k IN kinds IF k <> ''] FROM activity",
  'SELECT unnest(relations_read) relation, record_id FROM activity',
  'SELECT record_id, r FROM activity, unnest(relations_read) AS u(r)',
  "SELECT list_aggregate([1, 2], 'sum'), array_to_string(kinds, ', ') FROM statements",
  "SELECT json_extract_string(properties, '$.a'), properties->>'b' FROM records",
  'SELECT key, value FROM json_each(\'{"a": 1}\')',
  'SELECT fullkey FROM json_tree(\'{"a": [1]}\')',
  'SELECT to_json(activity) FROM activity',
  "SELECT {'user': user_name, 'n': row_count}, struct_pack(a := 1), row(1, 2) FROM activity",
  "SELECT map {'a': 1}['a'], [1, 2, 3][1:2], (ARRAY[1, 2])[1]",
  "SELECT date_trunc('hour', event_time) h, count(*) FROM activity GROUP BY h ORDER BY h",
  "SELECT * FROM activity WHERE event_time > TIMESTAMP '2026-01-01' - INTERVAL 1 DAY",
  'SELECT time_bucket(INTERVAL 5 MINUTE, event_time), extract(hour FROM event_time) FROM activity',
  'SELECT now(), current_date, age(event_time) FROM activity',
  "SELECT * FROM activity WHERE sql_text ILIKE '%orders%' AND regexp_matches(sql_text, 'FROM\\s')",
  "SELECT regexp_extract(client, '(\\d+)', 1), split_part(client, '.', 1) FROM sessions",
  "SELECT coalesce(user_name, '-'), nullif(class, ''), CASE WHEN ok THEN 1 ELSE 0 END FROM activity",
  'SELECT quantile_cont(row_count, 0.95), median(row_count), stddev(row_count), mode(class) FROM activity',
  "SELECT arg_max(user_name, event_time), string_agg(DISTINCT class, ',' ORDER BY class) FROM activity",
  'SELECT server, class, count(*) FROM activity GROUP BY GROUPING SETS ((server), (class), ())',
  'SELECT grouping(server), server, count(*) FROM activity GROUP BY ROLLUP (server)',
  'SELECT 1 UNION SELECT 2 UNION ALL SELECT 3 EXCEPT SELECT 1 INTERSECT SELECT 1',
  '(SELECT server FROM activity) UNION BY NAME (SELECT server FROM sessions) ORDER BY 1 LIMIT 5 OFFSET 0',
  'SELECT * EXCLUDE (sql_text) REPLACE (upper(server) AS server) FROM activity',
  "SELECT COLUMNS('.*_name') FROM activity",
  'SELECT max(COLUMNS(* EXCLUDE (ok))) FROM (SELECT record_id, ok FROM activity)',
  'SELECT DISTINCT ON (server) server, event_time FROM activity ORDER BY server, event_time DESC',
  'SELECT h.range AS hour, count(a.record_id) FROM range(24) h LEFT JOIN activity a ON hour(a.event_time) = h.range GROUP BY 1',
  'SELECT i FROM generate_series(1, 3) g(i)',
  'SELECT * FROM activity USING SAMPLE 2 ROWS',
  "PIVOT (SELECT server, class FROM activity) ON class IN ('READ', 'WRITE') USING count(*)",
  "SELECT * FROM (SELECT server, class FROM activity) PIVOT (count(*) FOR class IN ('READ'))",
  'UNPIVOT (SELECT record_id, row_count FROM activity) ON record_id, row_count INTO NAME n VALUE v',
  'SELECT TRY_CAST(client AS INTEGER), row_count::VARCHAR, md5(client), hash(client) FROM activity',
  "SELECT user_name COLLATE NOCASE FROM activity WHERE user_name BETWEEN 'a' AND 'z' ORDER BY 1",
  'DESCRIBE activity',
  'DESC SELECT server, count(*) FROM activity GROUP BY 1',
  'SHOW TABLES',
  'SHOW ALL TABLES',
  'SHOW activity',
  'SUMMARIZE sessions',
  'SELECT column_name FROM (DESCRIBE activity)',
  'SELECT 1; -- the end',
  `SELECT ${'('.repeat(200)}1${')'.repeat(200)}${' + 1'.repeat(200)}`,
];

test('honest questions pass and run', async (t) => {
  for (const sql of HONEST) {
    await t.test(sql.slice(0, 120), async () => {
      await vet(connection, sql);
      await connection.runAndReadAll(sql);
    });
  }
});

test('a syntax error is told with its place, not as an attack', async () => {
  await assert.rejects(vet(connection, 'SELEC 1'), { code: 'QUERY_FAILED', message: /syntax error.*SELEC/ });
});

test('nesting of any depth is answered, not a crash', async () => {
  const deep = [
    `SELECT ${'('.repeat(30_000)}1${')'.repeat(30_000)}`,
    `SELECT ${'NOT '.repeat(15_000)}true`,
    `SELECT ${'['.repeat(30_000)}${']'.repeat(30_000)}`,
    `SELECT ${'abs('.repeat(12_000)}1${')'.repeat(12_000)}`,
    `SELECT 1${' UNION SELECT 1'.repeat(4_000)}`,
    `SELECT 1${' EXCEPT SELECT 1'.repeat(4_000)}`,
    `SELECT ${'(SELECT '.repeat(7_000)}1${')'.repeat(7_000)}`,
  ];
  for (const sql of deep) {
    await vet(connection, sql).catch((error) => assert.equal(error.code, 'QUERY_FAILED'));
  }
});

test('a slip in the name of a view is answered with the name', async () => {
  await assert.rejects(vet(connection, 'SELECT * FROM activty'), { hint: /Did you mean activity\?/ });
});

test('scalar range() is answered with the way that works', async () => {
  await assert.rejects(vet(connection, 'SELECT range(3)'), { hint: /FROM range/ });
});

test('the views are those that the package brings', async () => {
  const files = await readdir(packagePath('queries/views'));
  const texts = await Promise.all(
    files.map((name) => readFile(packagePath(`queries/views/${name}`), 'utf8')),
  );
  const created = texts.flatMap((text) =>
    [...text.matchAll(/CREATE OR REPLACE VIEW (\w+) AS/g)].map((m) => m[1]),
  );
  assert.deepEqual(await publicViews(connection), created.sort());
});

test('every function of this DuckDB was looked at: it is allowed or refused, by name', async () => {
  const refused = (await readFile(packagePath('queries/sandbox/refused-functions.txt'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# ') && line !== '#');
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT lower(function_name) FROM duckdb_functions()
     WHERE internal AND function_type IN ('scalar', 'aggregate', 'macro')`,
  );
  const present = new Set(reader.getRowsJS().map((row) => String(row[0])));
  const allowed = new Set(allowedFunctions());
  assert.deepEqual(
    [...present].filter((name) => !allowed.has(name) && !refused.includes(name)),
    [],
  );
  assert.deepEqual(
    [...allowed].filter((name) => !present.has(name)),
    ['network_of', 'masked_name', 'hour_of_week', 'unnest'],
  );
  assert.deepEqual(
    refused.filter((name) => allowed.has(name)),
    [],
  );
});

/** Names and contents of the data folder. */
async function folderDigest(): Promise<Record<string, string>> {
  const names = (await readdir(folder.dataDir)).sort();
  const entries = names.map(async (name) => {
    const bytes = await readFile(join(folder.dataDir, name)).catch(() => Buffer.from('(folder)'));
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

test('without the guard files, network and the database still stay closed', async (t) => {
  const before = await folderDigest();
  const bare = await openForReading(folder.dataDir);
  const direct = await bare.connect();
  t.after(() => {
    direct.closeSync();
    bare.closeSync();
  });
  const closed = [...(ATTACKS['files, by function or by name'] ?? []), ...(ATTACKS.writes ?? [])].filter(
    (sql) => !/TEMP/.test(sql),
  );
  for (const sql of [...closed, "SET memory_limit = '100GB'", 'LOAD httpfs', "SELECT getenv('HOME')"]) {
    await t.test(sql.slice(0, 120), async () => {
      await assert.rejects(async () => direct.runAndReadAll(sql.replaceAll('$DIR', folder.dataDir)));
    });
  }
  assert.deepEqual(await folderDigest(), before);
});

test('what DuckDB itself lets through although the database is read-only is what the guard must stop', async (t) => {
  const bare = await openForReading(folder.dataDir);
  const direct = await bare.connect();
  t.after(() => {
    direct.closeSync();
    bare.closeSync();
  });
  const open = [
    "SELECT write_log('x')",
    "SELECT * FROM query('SELECT 1')",
    'SELECT * FROM checkpoint()',
    'SELECT * FROM store.outbox',
    'CREATE TEMP TABLE t AS SELECT * FROM range(10)',
    'SET VARIABLE x = 1',
    'SELECT sleep_ms(1)',
  ];
  for (const sql of open) {
    await t.test(sql, async () => {
      await direct.runAndReadAll(sql);
      await assert.rejects(vet(direct, sql), { code: 'QUERY_REFUSED' });
    });
  }
});
