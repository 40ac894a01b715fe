import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { tokensOf } from '../../src/query/sql-tokens.ts';
import { isBlank, onOneLine, splitStatements } from '../../src/shell/statements.ts';
import { sqlText } from '../query/sql-text.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

before(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});
after(() => instance.closeSync());

test('statements and what follows them, joined, are the text', () => {
  fc.assert(
    fc.property(sqlText, (sql) => {
      const { statements, rest, open } = splitStatements(sql);
      assert.equal(statements.join('') + rest, sql);
      for (const statement of statements) assert.ok(statement.endsWith(';'));
      assert.equal(open === 'nothing', isBlank(rest));
    }),
    { numRuns: 5_000 },
  );
});

/** A value that holds anything, quoted in each way that SQL has. */
const quotedText = fc
  .tuple(fc.string({ unit: fc.constantFrom(';', "'", '"', '\n', '-', '*', '/', 'a', ' ') }), fc.nat(4))
  .map(([inner, way]) => {
    if (way === 0) return `'${inner.replaceAll("'", "''")}'`;
    if (way === 1) return `"${inner.replaceAll('"', '""')}"`;
    if (way === 2) return `$q$${inner}$q$`;
    if (way === 3) return `/*${inner.replaceAll(/[*/]/g, ' ')}*/`;
    return `E'${inner.replaceAll("'", "\\'")}'`;
  });

test('a statement is never cut inside quotes or comments', () => {
  fc.assert(
    fc.property(fc.array(fc.array(quotedText, { minLength: 1, maxLength: 3 }), { maxLength: 4 }), (all) => {
      const wanted = all.map((parts) => ` SELECT ${parts.join(' ')};`);
      assert.deepEqual(splitStatements(wanted.join('')), { statements: wanted, rest: '', open: 'nothing' });
    }),
    { numRuns: 1_000 },
  );
});

/** Statements that parse, with what makes their ends hard to find. */
const parsing = fc.constantFrom(
  "SELECT 'a;b'",
  "SELECT 'it''s;'",
  'SELECT 1 AS ";""x"',
  'SELECT $$ ; $$',
  'SELECT $a$ ; $A$ $b$ $a$',
  "SELECT E'a\\'; b'",
  "SELECT 'a\\'",
  'SELECT 1 /* ; /* ; */ ; */ + 2',
  'SELECT 1 -- ; it\'s "\n',
  'SELECT 1 -- ;\r + 2',
  'SELECT 1 AS a$b$c',
  'SELECT $user',
  'SELECT 2 AS é$a$',
  'SELECT 1+--;\n2',
  "SELECT X'AA'",
  "SELECT re'1\\'",
  'SELECT\u00a01',
);

test('as many statements are found as DuckDB finds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(parsing, { minLength: 1, maxLength: 4 }), async (all) => {
      const sql = all.map((one) => `${one};`).join(' ');
      const { statements } = splitStatements(sql);
      let count: number;
      try {
        count = (await connection.extractStatements(sql)).count;
      } catch {
        return; // one of them does not parse in DuckDB: nothing to compare with
      }
      assert.equal(statements.length, count, sql);
    }),
    { numRuns: 500 },
  );
});

test('what the end stands in is known', () => {
  for (const [sql, open] of [
    ['', 'nothing'],
    ['SELECT 1; -- more', 'nothing'],
    ['SELECT 1', 'statement'],
    ["SELECT 'a", 'string'],
    ["SELECT 'a''", 'string'],
    ["SELECT e'a\\'", 'string'],
    ['SELECT "a', 'quoted name'],
    ['SELECT $q$ ;', 'dollar string'],
    ['SELECT 1; /* /* */', 'block comment'],
  ] as const)
    assert.equal(splitStatements(sql).open, open, sql);
});

test('on one line a statement is the same statement, or it is not put there', () => {
  assert.equal(onOneLine('SELECT 1, -- one\n  2\nFROM range(1);'), 'SELECT 1,  2 FROM range(1);');
  assert.equal(onOneLine("SELECT 'a\nb';"), null);
  fc.assert(
    fc.property(sqlText, (sql) => {
      const line = onOneLine(sql);
      if (line === null) return;
      assert.doesNotMatch(line, /[\n\r]/);
      const meant = (one: string) =>
        tokensOf(one)
          .filter(({ kind }) => kind !== 'space' && kind !== 'line comment')
          .map(({ start, end }) => one.slice(start, end));
      assert.deepEqual(meant(line), meant(sql));
    }),
    { numRuns: 5_000 },
  );
});

test('a long text is read in linear time', () => {
  const long = 100_000;
  const started = performance.now();
  for (const piece of ["'", "''", '"', '$', '$a', '$a$', '/*', '--', "e'\\", '\\', ';', ' a', '*/'])
    splitStatements(piece.repeat(long));
  assert.ok(performance.now() - started < 5_000);
});
