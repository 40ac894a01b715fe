/**
 * A second, independent parser over the same statements: where both parse, they must agree on the kind of each statement
 * and on the relations and columns that it reads and changes, or the difference stands in the reviewed list.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadParser } from '../../src/statements/parser/parser.ts';
import { compareAll, readReviewed, unexplained } from './differential-compare.ts';
import { secondReading } from './differential-reading.ts';
import { statementSources } from './differential-sources.ts';

/** Statements that the second parser can read, at least, by source: the comparison must not shrink unseen. */
const COMPARED = { golden: 100, recording: 280, programs: 195, mappers: 195, generated: 220 };

const reviewed = readReviewed();

before(loadParser);

test('both parsers agree on kinds, relations and columns, reviewed differences aside', () => {
  const { tallies, differences } = compareAll();
  for (const [source, least] of Object.entries(COMPARED)) {
    const { compared } = tallies.get(source)!;
    assert.ok(compared >= least, `${source}: only ${compared} statements were read by both`);
  }
  const { fresh, vanished } = unexplained(differences, reviewed);
  assert.deepEqual(fresh, [], 'differences that nobody reviewed');
  assert.deepEqual(vanished, [], 'reviewed differences that are none any more');
});

test('every reviewed difference has a reason, every reason is used', () => {
  const used = new Set(reviewed.differences.map(({ reason }) => reason));
  assert.deepEqual([...used].sort(), Object.keys(reviewed.reasons).sort());
  for (const { error, why } of Object.values(reviewed.reasons)) {
    assert.match(error, /^(?:second parser|pgvigil|neither)$/);
    assert.ok(why.length > 20, why);
  }
});

test('the list is exact: one difference more, one less and one changed are all seen', () => {
  const [first, ...others] = reviewed.differences;
  const changed = { ...first!, difference: 'written: only second orders' };
  const seen = (found: typeof reviewed.differences) => {
    const { fresh, vanished } = unexplained(found, reviewed);
    return [fresh.length, vanished.length];
  };
  assert.deepEqual(seen(reviewed.differences), [0, 0]);
  assert.deepEqual(seen([...reviewed.differences, changed]), [1, 0]);
  assert.deepEqual(seen(others), [0, 1]);
  assert.deepEqual(seen([changed, ...others]), [1, 1]);
});

test('the reading of the second parser knows scopes, targets and RETURNING', () => {
  const cases: [string, string[], string[]][] = [
    ['WITH orders AS (SELECT * FROM orders) SELECT * FROM orders', ['orders'], []],
    ['WITH b AS (SELECT 1) SELECT * FROM b, s.b', ['s.b'], []],
    ['SELECT 1 WHERE 1 IN (WITH b AS (SELECT 1) SELECT * FROM b) AND EXISTS (SELECT 1 FROM b)', ['b'], []],
    ['INSERT INTO a SELECT * FROM b', ['b'], ['a']],
    ['UPDATE a SET x = 1 FROM b RETURNING *', ['a', 'b'], ['a']],
    ['DELETE FROM a WHERE x IN (SELECT x FROM pg_catalog.pg_class)', ['pg_class'], ['a']],
    ['CREATE TABLE a (x int REFERENCES c (id))', [], ['a']],
    ['SELECT * FROM a FOR UPDATE', ['a'], []],
    ['WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT * FROM t, u', ['u'], []],
  ];
  for (const [sql, read, written] of cases) {
    const reading = secondReading(sql)!;
    assert.deepEqual([reading.read, reading.written], [read, written], sql);
  }
  assert.equal(secondReading('SELECT FROM WHERE'), null);
  assert.equal(secondReading(`SELECT '${'x'.repeat(10_000)}'`), null, 'too long for it');
});

test('the reading of the second parser knows what ALTER makes of a statement, and undoubles quotes', () => {
  const cases: [string, string, string][] = [
    ['ALTER SEQUENCE s RENAME TO r', 'RenameStmt', 's'],
    ['ALTER SEQUENCE s SET SCHEMA r', 'AlterObjectSchemaStmt', 's'],
    ['ALTER SEQUENCE s OWNER TO r', 'AlterTableStmt', 's'],
    ['ALTER SEQUENCE s RESTART', 'AlterSeqStmt', 's'],
    ['ALTER INDEX i RENAME TO r', 'RenameStmt', 'i'],
    ['ALTER INDEX i SET TABLESPACE r', 'AlterTableStmt', 'i'],
    ['DELETE FROM "a""b"."c"""', 'DeleteStmt', 'a"b.c"'],
  ];
  for (const [sql, kind, written] of cases) {
    const reading = secondReading(sql)!;
    assert.deepEqual([reading.kinds, reading.written], [[kind], [written]], sql);
  }
});

test('the reading of the second parser resolves columns', () => {
  const cases: [string, string[], string[]][] = [
    ['SELECT u.a, b FROM s.t AS u WHERE s.t.c = 1', ['s.t.a', 's.t.b'], []],
    ['SELECT a, t.b, t.* FROM t, u', ['a', 't.b'], []],
    ['SELECT b FROM (SELECT * FROM t) s JOIN u USING (c)', ['b', 't.c', 'u.c'], []],
    ['WITH x AS (SELECT a AS b FROM t) SELECT b, x.b FROM x', ['t.a'], []],
    ['SELECT a AS x FROM t GROUP BY x ORDER BY x, y', ['t.a', 't.x', 't.y'], []],
    ['SELECT x, (SELECT b FROM u WHERE u.c = t.d) FROM t, unnest(t.e) x', ['t.d', 't.e', 'u.b', 'u.c'], []],
    [
      'INSERT INTO t (a) VALUES (1) ON CONFLICT (b) DO UPDATE SET c = excluded.d RETURNING e',
      ['t.b', 't.e'],
      ['t.a', 't.c'],
    ],
    ['UPDATE t SET a = b FROM u WHERE u.c = d', ['b', 'd', 'u.c'], ['t.a']],
    ['DELETE FROM pg_catalog.pg_class WHERE oid = 1', ['pg_class.oid'], []],
    ['CREATE INDEX i ON t (a, lower(b))', ['t.a', 't.b'], []],
  ];
  for (const [sql, read, written] of cases) {
    const reading = secondReading(sql)!;
    assert.deepEqual([reading.columnsRead, reading.columnsWritten], [read, written], sql);
  }
});

test('the comparison holds enough columns to mean something', () => {
  const columns = [...statementSources().values()]
    .flat()
    .map((text) => secondReading(text)?.columnsRead.length ?? 0);
  assert.ok(columns.filter((number) => number > 0).length >= 500);
});
