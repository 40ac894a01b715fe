/** What holds of columns for every query. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { CORPORA, readCorpus } from '../../../fixtures/statements/corpora.ts';
import { loadParser, parseText } from '../../../src/statements/parser/parser.ts';
import { columnsOf } from './support.ts';

before(loadParser);

const identifier = fc.constantFrom('a', 'b', 'c', 'x', 'y');
const expression = fc
  .tuple(fc.constantFrom('', 'q.', 'r.'), identifier)
  .map(([qualifier, name]) => qualifier + name);
const queries = fc
  .record({
    targets: fc.array(fc.tuple(expression, fc.option(identifier)), { minLength: 1, maxLength: 3 }),
    first: fc.constantFrom('t', 's.t', '(SELECT a, b AS y FROM t)', '(SELECT * FROM t, u)', 'f()'),
    second: fc.option(fc.constantFrom('u', 's.u', '(SELECT x FROM u)', '(SELECT * FROM u)')),
    where: fc.option(expression),
    order: fc.option(identifier),
  })
  .map(({ targets, first, second, where, order }) =>
    [
      `SELECT ${targets.map(([what, name]) => (name === null ? what : `${what} AS ${name}`)).join(', ')}`,
      `FROM ${first} AS q${second === null ? '' : ` JOIN ${second} AS r ON true`}`,
      where === null ? '' : `WHERE ${where} > 1`,
      order === null ? '' : `ORDER BY ${order}`,
    ].join(' '),
  );

test('the name of an alias changes nothing', () => {
  fc.assert(
    fc.property(queries, fc.constantFrom('zz', '"Q r"', 'left_1'), (sql, alias) => {
      const other = sql.replace(/\bq\b/g, alias);
      assert.deepEqual(columnsOf(other), columnsOf(sql), other);
    }),
    { numRuns: 300 },
  );
});

test('a query in a query keeps its columns, and so does one behind WITH', () => {
  fc.assert(
    fc.property(queries, (sql) => {
      const { read } = columnsOf(sql);
      for (const around of [
        `SELECT * FROM (${sql}) k`,
        `WITH k AS (${sql}) SELECT * FROM k`,
        `(${sql}) UNION ALL SELECT 1`,
      ])
        assert.deepEqual(columnsOf(around).read, read, around);
    }),
    { numRuns: 300 },
  );
});

test('a column with a relation is of one that the statement reads or writes, whatever the statement', () => {
  const golden: { sql: string }[] = JSON.parse(
    readFileSync(new URL('../../../fixtures/golden/statements.json', import.meta.url), 'utf8'),
  );
  let named = 0;
  for (const { sql } of [...golden, ...CORPORA.flatMap(readCorpus)]) {
    if (!parseText(sql).ok) continue;
    const { read, written, relations } = columnsOf(sql);
    for (const column of [...read, ...written].filter((name) => name.includes('.'))) {
      assert.ok(relations.includes(column.replace(/\.[^.]*$/, '')), `${column}: ${sql}`);
      named += 1;
    }
  }
  assert.ok(named > 1_000, `only ${named} columns`);
});

test('a thousand references to a wide source cost no more than they are long', () => {
  const names = Array.from({ length: 510 }, (_, i) => `c${i}`);
  const wide = `WITH x AS (SELECT ${names} FROM t)`;
  const chain = Array.from({ length: 1_500 }, (_, i) => `, x${i + 1} AS (SELECT * FROM x${i || ''})`).join(
    '',
  );
  for (const sql of [
    `${wide} SELECT ${'d,'.repeat(9_000)}1 FROM ${'x,'.repeat(20_000)}x`,
    `${wide} SELECT ${'*,'.repeat(30_000)}1 FROM x`,
    `${wide}${chain} SELECT d FROM x1500`,
    `SELECT 1 FROM ${Array.from({ length: 9_000 }, (_, i) => `f(a${i})`)}`,
  ]) {
    const started = performance.now();
    columnsOf(sql);
    assert.ok(performance.now() - started < 4_000, sql.slice(0, 60));
  }
});
