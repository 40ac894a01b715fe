import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { AnswerFile, type FileFormat, formatOfName } from '../../src/query/answer-file.ts';
import type { Rows } from '../../src/query/result.ts';
import { type Cell, cellOf } from '../../src/query/values.ts';
import { HOSTILE } from './sample-store.ts';

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-file-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function connectionFor(t: TestContext): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:');
  t.after(() => instance.closeSync());
  return instance.connect();
}

/** The answer to a query as it comes to us: names of types, and cells. */
async function answerTo(connection: DuckDBConnection, sql: string): Promise<Rows> {
  const result = await connection.runAndReadAll(sql);
  const names = result.columnNames();
  return {
    columns: result.columnTypes().map((type, index) => ({ name: names[index]!, type: type.toString() })),
    rows: rowsOf(result.getRows().map((row) => row.map(cellOf))),
  };
}

async function* rowsOf(rows: Cell[][]): AsyncGenerator<Cell[]> {
  yield* rows;
}

async function write(path: string, rows: Rows, format: FileFormat, force = false): Promise<number> {
  return (await AnswerFile.at(path, { format, force })).write(rows);
}

const ONE: () => Rows = () => ({ columns: [{ name: 'a', type: 'BIGINT' }], rows: rowsOf([[1]]) });

/** Each type with the one that it has in Parquet, and values that need all of it. */
const TYPES: [sql: string, stored: string][] = [
  ['true', 'BOOLEAN'],
  ['(-128)::TINYINT', 'TINYINT'],
  ['32767::SMALLINT', 'SMALLINT'],
  ['(-2147483648)::INTEGER', 'INTEGER'],
  ['9223372036854775807::BIGINT', 'BIGINT'],
  ['99999999999999999999999999999999999999::HUGEINT', 'DECIMAL(38,0)'],
  ['sum(9007199254740993)', 'DECIMAL(38,0)'],
  ['18446744073709551615::UBIGINT', 'UBIGINT'],
  ['1.5::FLOAT', 'FLOAT'],
  ['0.1::DOUBLE', 'DOUBLE'],
  ["'nan'::DOUBLE", 'DOUBLE'],
  ["'-infinity'::DOUBLE", 'DOUBLE'],
  ['-0.05::DECIMAL(4,2)', 'DECIMAL(4,2)'],
  ['12345678901234567.890::DECIMAL(20,3)', 'DECIMAL(20,3)'],
  ['\'say "hi"\'', 'VARCHAR'],
  ["''", 'VARCHAR'],
  ["'\\xAA\\x00'::BLOB", 'BLOB'],
  ["DATE '2026-01-01'", 'DATE'],
  ["TIME '10:00:00.123456'", 'TIME'],
  ["TIMESTAMP '1969-12-31 23:59:59.999999'", 'TIMESTAMP'],
  ["TIMESTAMP 'infinity'", 'TIMESTAMP'],
  ["'2026-01-01 10:00:00.123456789'::TIMESTAMP_NS", 'TIMESTAMP_NS'],
  ["'2026-01-01 10:00:00+02'::TIMESTAMPTZ", 'TIMESTAMP WITH TIME ZONE'],
  ["'6b1c1a3a-0000-4000-8000-000000000000'::UUID", 'UUID'],
  ["['a', NULL, 'b']", 'VARCHAR[]'],
  ['[]::VARCHAR[]', 'VARCHAR[]'],
  ['[[1.5], []]', 'DECIMAL(2,1)[][]'],
  ['[1, 2]::BIGINT[2]', 'BIGINT[]'],
  ["[{'at': TIMESTAMP '2026-01-01 10:00:00', 'n': 1::BIGINT}, NULL]", 'STRUCT("at" TIMESTAMP, n BIGINT)[]'],
  ["{'say \"hi\", x) BIGINT': ['\\x00'::BLOB]}", 'STRUCT("say ""hi"", x) BIGINT" BLOB[])'],
  ["map {'k': [1], 'l': NULL}", 'MAP(VARCHAR, INTEGER[])'],
  // Parquet has no exact type for these: the text that the other formats have.
  ["INTERVAL '1 month 2 days 00:00:00.000001'", 'VARCHAR'],
  ["'10:00:00.123456+02'::TIMETZ", 'VARCHAR'],
  ["'101'::BIT", 'VARCHAR'],
  ["'b'::ENUM('a', 'b')", 'VARCHAR'],
];

test('parquet: every type survives, or is the text of the other formats', async (t) => {
  const connection = await connectionFor(t);
  const path = join(await folderFor(t), 'types.parquet');
  const sql = `SELECT ${TYPES.map(([one], index) => `${one} AS c${index}`).join(', ')}`;
  assert.equal(await write(path, await answerTo(connection, sql), 'parquet'), 1);
  const described = await connection.runAndReadAll(`DESCRIBE FROM '${path}'`);
  const types = described.getRows().map((row) => String(row[1]));
  assert.deepEqual(types, TYPES.map(([, stored]) => stored)); // biome-ignore format: a line
  const before = (await connection.runAndReadAll(sql)).getRows()[0]!.map(cellOf);
  const behind = (await connection.runAndReadAll(`FROM '${path}'`)).getRows()[0]!.map(cellOf);
  assert.deepEqual(JSON.parse(JSON.stringify(behind)), JSON.parse(JSON.stringify(before)));
});

test('parquet: another reader reads the same', async (t) => {
  const connection = await connectionFor(t);
  const path = join(await folderFor(t), 'rows.parquet');
  const answer = await answerTo(
    connection,
    `SELECT i::BIGINT AS record_id, TIMESTAMP '2026-01-01' + to_seconds(i) AS event_time, 'user ' || i AS user_name,
            ['a', 'b'] AS flags, [{'n': i::INTEGER, 'name': NULL::VARCHAR}] AS events, i % 2 = 0 AS ok
     FROM range(5000) t(i)`,
  );
  assert.equal(await write(path, answer, 'parquet'), 5_000);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors });
  assert.equal(rows.length, 5_000);
  assert.deepEqual(rows[4_999], {
    record_id: 4_999n,
    event_time: new Date('2026-01-01T01:23:19Z'),
    user_name: 'user 4999',
    flags: ['a', 'b'],
    events: [{ n: 4_999, name: null }],
    ok: false,
  });
});

test('parquet: names and texts of attackers are data', async (t) => {
  const connection = await connectionFor(t);
  const path = join(await folderFor(t), "it's.parquet");
  const injected = `x" FROM answer) TO '/dev/null'; --`;
  const columns = [HOSTILE, injected, 'n', 'N', 'n'].map((name) => ({ name, type: 'VARCHAR' }));
  // A type is a text of another process too.
  columns.push({ name: 'type', type: 'VARCHAR); DROP TABLE answer; --' });
  columns.push({ name: 'field', type: 'STRUCT("__proto__" VARCHAR, "constructor" VARCHAR)' });
  const fields = JSON.parse('{"__proto__":"p","constructor":"c"}') as Cell;
  const row: Cell[] = [HOSTILE, injected, '1', '2', '3', 'text', fields];
  await write(path, { columns, rows: rowsOf([row]) }, 'parquet');
  const read = await connection.runAndReadAll('FROM read_parquet($path)', { path });
  assert.deepEqual(read.columnNames(), [HOSTILE, injected, 'n', 'N_2', 'n_3', 'type', 'field']);
  assert.deepEqual(read.getRows()[0]!.slice(0, -1), row.slice(0, -1));
  const json = await connection.runAndReadAll('SELECT to_json(field) FROM read_parquet($path)', { path });
  assert.equal(json.getRows()[0]![0], JSON.stringify(fields));
});

test('parquet: a type that is not known is text', async (t) => {
  const connection = await connectionFor(t);
  const path = join(await folderFor(t), 'unknown.parquet');
  const types = [
    'UNION("n" INTEGER)',
    'STRUCT("" INTEGER, "" INTEGER)',
    'STRUCT("a" INTEGER, "A" INTEGER)',
    'STRUCT("a" INTEGER',
    'MAP(VARCHAR)',
    '[]',
    'constructor',
    `${'STRUCT("a" '.repeat(10_000)}`,
    `INTEGER${'[]'.repeat(10_000)}`,
  ];
  const columns = types.map((type, index) => ({ name: `c${index}`, type }));
  await write(path, { columns, rows: rowsOf([types.map(() => ({ a: [1] }))]) }, 'parquet');
  const rows = (await connection.runAndReadAll(`FROM '${path}'`)).getRows();
  assert.deepEqual(rows, [types.map(() => '{"a":[1]}')]);
});

test('parquet: a value that does not fit its type is an error, and leaves no file', async (t) => {
  const folder = await folderFor(t);
  for (const [type, cell] of [
    ['INTEGER', 'x'],
    ['VARCHAR[]', 'x'],
    ['STRUCT("a" VARCHAR)', ['x']],
    ['HUGEINT', '170141183460469231731687303715884105727'],
  ] as [string, Cell][]) {
    const rows = { columns: [{ name: 'a', type }], rows: rowsOf([[cell]]) };
    await assert.rejects(write(join(folder, 'a.parquet'), rows, 'parquet'), { code: 'QUERY_FAILED' });
  }
  assert.deepEqual(await readdir(folder), []);
});

for (const format of ['table', 'json', 'ndjson', 'csv', 'parquet'] as const) {
  test(`${format}: a file appears when it is whole, for its owner only, with nothing beside it`, async (t) => {
    const folder = await folderFor(t);
    const path = join(folder, 'a.out');
    const rows = (async function* (): AsyncGenerator<Cell[]> {
      for (let row = 0; row < 10; row++) {
        assert.ok(!(await readdir(folder)).includes('a.out'));
        yield [row];
      }
    })();
    const columns = [{ name: 'a', type: 'BIGINT' }];
    assert.equal(await write(path, { columns, rows }, format), 10);
    assert.deepEqual(await readdir(folder), ['a.out']);
    assert.equal((await stat(path)).mode & 0o777, 0o600);

    const failing = (async function* (): AsyncGenerator<Cell[]> {
      yield [1];
      throw new Error('the query broke');
    })();
    await assert.rejects(write(join(folder, 'b'), { columns, rows: failing }, format), /the query broke/);
    assert.deepEqual(await readdir(folder), ['a.out']);
  });
}

test('a file that exists stays as it is, unless it may be replaced', async (t) => {
  const folder = await folderFor(t);
  const path = join(folder, 'a.csv');
  await writeFile(path, 'mine');
  await assert.rejects(write(path, ONE(), 'csv'), { code: 'USAGE' });
  assert.equal(await readFile(path, 'utf8'), 'mine');
  await write(path, ONE(), 'csv', true);
  assert.equal(await readFile(path, 'utf8'), 'a\r\n1\r\n');
  await symlink(join(folder, 'nowhere'), join(folder, 'link'));
  await assert.rejects(write(join(folder, 'link'), ONE(), 'csv'), { code: 'USAGE' });
});

test('a file that appears while the query runs is not replaced', async (t) => {
  const folder = await folderFor(t);
  const path = join(folder, 'a.csv');
  const rows = (async function* (): AsyncGenerator<Cell[]> {
    await writeFile(path, 'mine');
    yield [1];
  })();
  await assert.rejects(write(path, { columns: [{ name: 'a', type: 'BIGINT' }], rows }, 'csv'), {
    code: 'USAGE',
  });
  assert.equal(await readFile(path, 'utf8'), 'mine');
  assert.deepEqual(await readdir(folder), ['a.csv']);
});

test('a folder that cannot be written is said before a query runs', async (t) => {
  const folder = await folderFor(t);
  const at = (path: string, force = false) => AnswerFile.at(path, { format: 'csv', force });
  await assert.rejects(at(join(folder, 'missing', 'a.csv')), { code: 'FILE_UNREADABLE' });
  await assert.rejects(at(folder, true), { code: 'FILE_UNREADABLE' });
  if (process.getuid?.() !== 0) {
    await chmod(folder, 0o500);
    await assert.rejects(at(join(folder, 'a.csv')), { code: 'FILE_UNREADABLE' });
  }
});

test('parquet: an answer larger than the memory for it is written whole', { timeout: 300_000 }, async (t) => {
  const folder = await folderFor(t);
  const wide = 'x'.repeat(4_000);
  const rows = (async function* (): AsyncGenerator<Cell[]> {
    for (let row = 0; row < 100_000; row++) yield [row, `${row}${wide}${Math.sin(row)}`];
  })();
  const columns = [
    { name: 'a', type: 'BIGINT' },
    { name: 'b', type: 'VARCHAR' },
  ];
  const path = join(folder, 'large.parquet');
  await write(path, { columns, rows }, 'parquet');
  const connection = await connectionFor(t);
  const read = await connection.runAndReadAll(`SELECT count(*), sum(a), sum(length(b)) > 4e8 FROM '${path}'`);
  assert.deepEqual(read.getRowsJson(), [['100000', '4999950000', true]]);
  assert.deepEqual(await readdir(folder), ['large.parquet']);
});

test('the end of a name speaks of the format', () => {
  assert.equal(formatOfName('/a/b.Parquet'), 'parquet');
  assert.equal(formatOfName('b.csv'), 'csv');
  assert.equal(formatOfName('b.txt'), undefined);
  assert.equal(formatOfName('csv'), undefined);
});
