import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { newDraft } from '../../../src/statements/draft.ts';
import { noteShape } from '../../../src/statements/extractors/query-shape.ts';
import { loadParser, parseText } from '../../../src/statements/parser/parser.ts';

before(loadParser);

function check(cases: readonly [sql: string, flags: string][]): void {
  for (const [sql, flags] of cases) {
    const draft = newDraft();
    const parsed = parseText(sql);
    assert.ok(parsed.ok, sql);
    for (const { stmt } of parsed.statements) if (stmt !== undefined) noteShape(stmt, draft);
    assert.deepEqual([...draft.flags].sort(), flags.split(' ').filter(Boolean), sql);
  }
}

test('no_where: an arm of the query reads a relation and has no WHERE', () => {
  check([
    ['SELECT a FROM t LIMIT 1', 'no_where'],
    ['SELECT a FROM t WHERE b LIMIT 1', ''],
    ['SELECT a FROM t WHERE b UNION SELECT 1 LIMIT 1', ''],
    ['SELECT a FROM t WHERE b UNION SELECT c FROM s WHERE d LIMIT 1', ''],
    ['SELECT a FROM t WHERE b UNION SELECT c FROM s LIMIT 1', 'no_where'],
    ['SELECT a FROM t UNION SELECT c FROM s WHERE d LIMIT 1', 'no_where'],
    ['SELECT 1 EXCEPT (SELECT a FROM t WHERE b UNION ALL SELECT c FROM s) LIMIT 1', 'no_where'],
    ['TABLE t LIMIT 1', 'no_where select_star'],
  ]);
});

test('joins and samples of relations are read; subqueries, functions and VALUES are no relations', () => {
  check([
    ['SELECT a FROM t JOIN s ON t.b = s.b', 'no_limit no_where'],
    ['SELECT a FROM t TABLESAMPLE system (100)', 'no_limit no_where'],
    ['SELECT a FROM f() CROSS JOIN (SELECT 1) x LEFT JOIN t ON true', 'no_limit no_where'],
    ['SELECT a FROM (SELECT 1) x CROSS JOIN f() y', ''],
    ['SELECT * FROM (SELECT * FROM t WHERE a = 1) x', 'select_star'],
    ['SELECT a FROM generate_series(1, 2) a', ''],
    ['VALUES (1)', ''],
    ['WITH x AS (SELECT a FROM t WHERE b) SELECT a FROM x', 'no_limit no_where'],
    ['WITH x AS (SELECT a FROM t) SELECT a FROM x WHERE b LIMIT 1', ''],
  ]);
});

test('no_limit: LIMIT ALL and LIMIT NULL are none, FETCH FIRST is one', () => {
  check([
    ['SELECT a FROM t WHERE b', 'no_limit'],
    ['SELECT a FROM t WHERE b LIMIT ALL', 'no_limit'],
    ['SELECT a FROM t WHERE b LIMIT NULL', 'no_limit'],
    ['SELECT a FROM t WHERE b LIMIT 0', ''],
    ['SELECT a FROM t WHERE b LIMIT $1 OFFSET 5', 'offset'],
    ['SELECT a FROM t WHERE b FETCH FIRST 3 ROWS ONLY', ''],
    ['SELECT a FROM t WHERE b ORDER BY a OFFSET 5 ROWS FETCH NEXT ROW WITH TIES', 'offset'],
    ['SELECT a FROM t WHERE b UNION SELECT 1 LIMIT 1', ''],
    ['(SELECT a FROM t WHERE b LIMIT 1) UNION SELECT 1', 'no_limit'],
  ]);
});

test('the query of COPY, DECLARE, PREPARE, EXPLAIN and CREATE TABLE AS has a shape; that of a change has none', () => {
  for (const around of [
    'COPY (#) TO stdout',
    'DECLARE c CURSOR FOR #',
    'PREPARE p AS #',
    'EXPLAIN #',
    'CREATE TABLE n AS #',
  ])
    check([[around.replace('#', 'SELECT * FROM t'), 'no_limit no_where select_star']]);
  check([
    ['INSERT INTO n SELECT * FROM t', ''],
    ['UPDATE t SET a = 1', ''],
    ['DELETE FROM t', ''],
  ]);
});
