/** The promise: a value is a value, whatever it says, and what is no placeholder stays as it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DuckDBInstance,
  DuckDBIntervalValue,
  type DuckDBValue,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import fc from 'fast-check';
import { fillPlaceholders } from '../../src/detect/placeholders.ts';
import { timestamp } from '../../src/store/rows.ts';
import { SEED } from '../support/seed.ts';

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();

/** What DuckDB makes of it as one statement. */
async function answerOf(sql: string, values: Record<string, DuckDBValue>): Promise<unknown> {
  const prepared = await connection.prepare(fillPlaceholders(sql, values));
  assert.equal(prepared.parameterCount, 0);
  return (await prepared.runAndReadAll()).getRowsJson();
}

const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
const hostile = fc.oneof(
  text,
  fc
    .array(fc.constantFrom("'", "''", '"', '\\', '$a', '$$', '--', '/*', '*/', ';', 'DROP TABLE t', '\n'))
    .map((parts) => parts.join('')),
);

test('texts come out of DuckDB as they went in', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, fc.array(hostile, { maxLength: 4 }), async (a, b) => {
      assert.deepEqual(await answerOf('SELECT $a, $b, len($b)', { a, b: listValue(b) }), [
        [a, b, String(b.length)],
      ]);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test('a statement means what it means with parameters', async () => {
  const sql = `SELECT
    '$a' AS s, E'it\\'s $a' AS e, "$a", $$ $a $$, $tag$ $a $$ $tag$, -- $a isn't
    /* $a /* $b */ ' */ $a, [x || $a FOR x IN $b], typ'$a', $i, $n * 2, 7 - $m, TIMESTAMP '2026-01-01' - $i, $t
    FROM (SELECT 1 AS "$a", '$a' AS typ)`.replace("typ'$a'", 'typ');
  const values = {
    a: "it's",
    b: listValue(['x', "'); --"]),
    n: 2.5,
    m: -3,
    i: new DuckDBIntervalValue(0, 0, 90_000_000n),
    t: timestamp(Date.UTC(2026, 10, 27, 9, 0, 0, 123)),
  };
  const prepared = await connection.prepare(sql);
  prepared.bind(values, { b: LIST(VARCHAR) });
  assert.deepEqual(await answerOf(sql, values), (await prepared.runAndReadAll()).getRowsJson());
});

test('an empty list is one of texts', async () => {
  assert.deepEqual(await answerOf("SELECT list_contains($b, 'x'), len($b)", { b: listValue([]) }), [
    [false, '0'],
  ]);
});

for (const [sql, values, message] of [
  ['SELECT $unknown', {}, /\$unknown, which the front matter does not declare/],
  ['SELECT $constructor', {}, /\$constructor, which the front matter does not declare/],
  ['SELECT $a', { a: 'x\0y' }, /U\+0000/],
  ['SELECT $a', { a: Number.NaN }, /no literal/],
  ['SELECT $a', { a: null }, /no literal/],
] as const)
  test(`refused: ${sql} with ${JSON.stringify(values)}`, () => {
    assert.throws(() => fillPlaceholders(sql, values), message);
  });
