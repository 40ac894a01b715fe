import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadParser } from '../../../src/statements/parser/parser.ts';
import { columnsOf } from './support.ts';

/** Statement, columns read, columns written; names apart by blanks. */
type Case = [sql: string, read: string, written?: string];

before(loadParser);

function words(text: string): string[] {
  return text.split(' ').filter(Boolean).sort();
}

function check(cases: readonly Case[]): void {
  for (const [sql, read, written = ''] of cases) {
    const columns = columnsOf(sql);
    assert.deepEqual([columns.read, columns.written], [words(read), words(written)], sql);
  }
}

test('an alias is resolved to its relation, a name without qualifier to the only one', () => {
  check([
    ['SELECT u.password FROM app.users AS u', 'app.users.password'],
    ['SELECT password FROM users WHERE id = 1', 'users.id users.password'],
    ['SELECT app.users.password, users.id FROM app.users', 'app.users.password app.users.id'],
    ['SELECT public.users.password FROM users', 'users.password'],
    ['SELECT app.users.password FROM app.users u', ''],
    ['SELECT "Password" FROM "Users"', 'users.password'],
    ['SELECT u.a FROM t AS "U"', ''],
    ['SELECT password, a.id FROM users a, orders b', 'password users.id'],
    ['SELECT password FROM users a JOIN users b ON a.id = b.boss', 'password users.id users.boss'],
    ['SELECT rolpassword FROM pg_catalog.pg_authid', 'pg_authid.rolpassword'],
    ['SELECT column_name FROM information_schema.columns', 'information_schema.columns.column_name'],
    ['SELECT a FROM ONLY t TABLESAMPLE system (1)', 't.a'],
  ]);
});

test('every clause is looked into', () => {
  check([
    ['SELECT 1 FROM t WHERE a > (b)::int AND c IS NULL OR d IN (e, 1)', 't.a t.b t.c t.d t.e'],
    ['SELECT count(*) FILTER (WHERE a) OVER (PARTITION BY b ORDER BY c) FROM t', 't.a t.b t.c'],
    ['SELECT 1 FROM t GROUP BY a, ROLLUP (b, (c, d)) HAVING max(e) > 1', 't.a t.b t.c t.d t.e'],
    ['SELECT 1 FROM t WINDOW w AS (PARTITION BY a) ORDER BY b, lower(c)', 't.a t.b t.c'],
    ['SELECT string_agg(a, b ORDER BY c) FROM t', 't.a t.b t.c'],
    ['SELECT DISTINCT ON (a) b FROM t', 't.a t.b'],
    ['SELECT DISTINCT b FROM t LIMIT 1', 't.b'],
    [
      'SELECT CASE WHEN a THEN b ELSE c END, ARRAY[d], ROW(e), xmlforest(f AS g) FROM t',
      't.a t.b t.c t.d t.e t.f',
    ],
    ['SELECT a FROM t FOR UPDATE OF t', 't.a'],
    ['VALUES ((SELECT a FROM t))', 't.a'],
    ['SELECT a[b] FROM t', 't.a t.b'],
  ]);
});

test('stars, whole rows and fields of a column are no columns; a field of a row is', () => {
  check([
    ['SELECT * FROM t', ''],
    ['SELECT t.*, count(*) FROM t', ''],
    ['TABLE t', ''],
    ['SELECT u FROM users u', ''],
    ['SELECT row_to_json(users) FROM users', ''],
    ['SELECT (home).city, (u.work).city FROM users u', 'users.home users.work'],
    ['SELECT (u).password, (u.*).id FROM users u', 'users.password users.id'],
  ]);
});

test('names of derived sources are none, what they read inside is', () => {
  check([
    ['WITH x AS (SELECT a FROM t) SELECT a, x.a FROM x', 't.a'],
    ['WITH x(b) AS (SELECT a FROM t) SELECT b FROM x', 't.a'],
    ['SELECT s.b, b FROM (SELECT a AS b FROM t) s', 't.a'],
    ['SELECT c FROM (SELECT a FROM t) s (c)', 't.a'],
    ['SELECT g, g.x, y FROM generate_series(1, 2) g', ''],
    ['SELECT generate_series FROM generate_series(1, 2)', ''],
    ['SELECT v.x FROM (VALUES (1)) v (x)', ''],
    ['SELECT column1 FROM (VALUES (1)) v', ''],
    ['SELECT x FROM json_to_record(NULL) AS j (x int)', ''],
    ['SELECT x FROM users, json_to_record(payload) AS j (x int)', 'users.payload'],
    ["SELECT x, id FROM users, xmltable('/a' PASSING doc COLUMNS x int)", 'users.doc x id'],
    [
      'WITH RECURSIVE r AS (SELECT id FROM p UNION SELECT p.id FROM p JOIN r ON p.boss = r.id) SELECT id FROM r',
      'p.id p.boss',
    ],
    [
      'WITH RECURSIVE r AS (SELECT id FROM p) SEARCH DEPTH FIRST BY id SET s CYCLE id SET c USING w SELECT s, c, w FROM r',
      'p.id',
    ],
    ['WITH d AS (DELETE FROM t WHERE a RETURNING b) SELECT b FROM d', 't.a t.b'],
    ['WITH users AS (SELECT 1 AS a) SELECT u.a, o.b FROM users u, app.users o', 'app.users.b'],
  ]);
});

test('what a star hands out of a derived source is named further out', () => {
  check([
    ['SELECT password FROM (SELECT * FROM users) x', 'users.password'],
    ['SELECT x.password FROM (SELECT u.*, 1 AS one FROM users u, orders o) x', 'users.password'],
    ['SELECT x.one FROM (SELECT u.*, 1 AS one FROM users u) x', ''],
    ['SELECT password FROM (SELECT * FROM users, orders) x', 'password'],
    ['WITH x AS (SELECT * FROM users), y AS (SELECT * FROM x) SELECT password FROM y', 'users.password'],
    ['WITH d AS (DELETE FROM t RETURNING *) SELECT b FROM d', 't.b'],
    ['SELECT * FROM t UNION SELECT * FROM s ORDER BY password', 't.password'],
    ['SELECT a FROM t UNION SELECT b FROM s ORDER BY a', 't.a s.b'],
  ]);
});

test('a derived source has the names that it is known to have, and no others', () => {
  check([
    ['SELECT password, x FROM users, (SELECT 1 AS x) s', 'users.password'],
    ['SELECT password FROM users, generate_series(1, 2) g', 'password'],
    ['SELECT password FROM users, (SELECT a, b FROM t) s (x)', 'password t.a t.b'],
    ["SELECT lower FROM users, (SELECT lower('A')) s", ''],
    ["SELECT text, int4 FROM users, (SELECT 'a'::text, 1::int4) s", ''],
    ['SELECT t.c, a FROM users AS t (a, b)', 'users.c'],
  ]);
});

test('names look outwards through the queries', () => {
  check([
    ['SELECT (SELECT password) FROM users', 'users.password'],
    ['SELECT 1 FROM users u WHERE EXISTS (SELECT 1 FROM orders WHERE u.id = owner)', 'users.id orders.owner'],
    ['SELECT (SELECT password FROM (SELECT 1 AS x) s) FROM users', 'users.password'],
    ['SELECT (SELECT password FROM generate_series(1, 1) g) FROM users', 'password'],
    ['SELECT (SELECT u) FROM users u', ''],
    ['SELECT 1 FROM t, LATERAL (SELECT a WHERE t.b) l', 't.a t.b'],
    ['SELECT 1 FROM t, (SELECT a) l', ''],
    ['SELECT 1 FROM t, unnest(t.a, b) l', 't.a t.b'],
    ['SELECT (WITH x AS (SELECT t.a) SELECT b FROM x) FROM t', 't.a t.b'],
  ]);
});

test('joins: USING names a column of both sides, an alias hides them', () => {
  check([
    ['SELECT id FROM a JOIN b USING (id) JOIN c USING (id) WHERE id > 1', 'a.id b.id c.id'],
    ['SELECT * FROM a JOIN (SELECT id FROM t) s USING (id)', 'a.id t.id'],
    ['SELECT j.id FROM a JOIN b USING (id) AS j', 'a.id b.id'],
    ['SELECT * FROM a NATURAL JOIN b', ''],
    ['SELECT j.secret, u.id FROM (users u JOIN orders o ON u.a = o.b) AS j', 'users.a orders.b secret'],
    ['SELECT j.secret FROM (users u CROSS JOIN (SELECT 1 AS x) s) AS j', 'users.secret'],
  ]);
});

test('ORDER BY and DISTINCT ON mean an output column first, GROUP BY one of the sources', () => {
  check([
    ['SELECT a AS x FROM t ORDER BY x, y', 't.a t.y'],
    ['SELECT lower(a) FROM t ORDER BY lower', 't.a'],
    ['SELECT a AS x FROM t ORDER BY x + 1', 't.a t.x'],
    ['SELECT DISTINCT ON (x) a AS x FROM t', 't.a'],
    ['SELECT a AS x FROM t GROUP BY x', 't.a t.x'],
    ['SELECT s.a + 1 AS x FROM (SELECT a FROM t) s GROUP BY x', 't.a'],
    ['SELECT (SELECT 1 AS x GROUP BY x) FROM t', ''],
  ]);
});

test('statements that change rows tell what they set and what they look at', () => {
  check([
    ['INSERT INTO s.t (a, b.c) VALUES (1, 2)', '', 's.t.a s.t.b'],
    ['INSERT INTO t VALUES (1)', ''],
    ['INSERT INTO t (a) SELECT b FROM s WHERE c', 's.b s.c', 't.a'],
    ['INSERT INTO t (a) VALUES (b)', '', 't.a'],
    [
      'INSERT INTO t AS x (a) VALUES (1) ON CONFLICT (lower(b), c) WHERE d DO UPDATE SET e = excluded.f + x.g + h WHERE i',
      't.b t.c t.d t.g t.h t.i',
      't.a t.e',
    ],
    ['INSERT INTO t (a) VALUES (1) RETURNING b, t.c, old.d, new.e', 't.b t.c t.d t.e', 't.a'],
    ['UPDATE t SET a = a + 1 WHERE b', 't.a t.b', 't.a'],
    ['UPDATE t SET (a, b) = (SELECT x, t.y FROM s), c[i] = 2', 's.x t.y t.i', 't.a t.b t.c'],
    ['UPDATE t SET (a, b) = (c, d)', 't.c t.d', 't.a t.b'],
    ['UPDATE t AS x SET a = o.b FROM other o WHERE x.c = d', 'other.b t.c d', 't.a'],
    ['UPDATE t SET a = 1 RETURNING WITH (OLD AS o, NEW AS n) o.b, n.c, old.d', 't.b t.c t.d', 't.a'],
    ['DELETE FROM t USING s WHERE t.a = s.b AND c RETURNING t.d', 't.a s.b c t.d'],
    ['UPDATE pg_catalog.pg_authid SET rolsuper = true WHERE oid = 1', 'pg_authid.oid', 'pg_authid.rolsuper'],
    [
      'MERGE INTO t USING (SELECT x, y FROM s) z ON t.a = z.x ' +
        'WHEN MATCHED AND b THEN UPDATE SET c = y WHEN NOT MATCHED THEN INSERT (d, e) VALUES (z.y, f) ' +
        'WHEN NOT MATCHED BY SOURCE AND g THEN DELETE RETURNING h, old.i',
      's.x s.y t.a t.b t.g t.h t.i',
      't.c t.d t.e',
    ],
    ['MERGE INTO t USING s ON a WHEN NOT MATCHED THEN INSERT (b) VALUES (c)', 'a s.c', 't.b'],
    ['COPY t (a, b) FROM stdin WHERE c', 't.c', 't.a t.b'],
    ['COPY s.t (a, b) TO stdout', 's.t.a s.t.b'],
    ['COPY t TO stdout', ''],
  ]);
});

test('statements that hold queries are looked into, definitions of columns are none', () => {
  check([
    ['COPY (SELECT a FROM t) TO stdout', 't.a'],
    ['CREATE VIEW v (x) AS SELECT a FROM t', 't.a'],
    ['CREATE MATERIALIZED VIEW v AS SELECT a FROM t', 't.a'],
    ['CREATE TABLE v AS SELECT a FROM t', 't.a'],
    ['SELECT a INTO v FROM t', 't.a'],
    ['DECLARE c CURSOR FOR SELECT a FROM t', 't.a'],
    ['PREPARE p AS UPDATE t SET a = $1 WHERE b = $2', 't.b', 't.a'],
    ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT a FROM t; END', 't.a'],
    ['CREATE INDEX ON t (a, lower(b)) INCLUDE (c) WHERE d', 't.a t.b t.c t.d'],
    ['CREATE POLICY p ON t USING (a = (SELECT b FROM s))', 't.a s.b'],
    ['CREATE RULE r AS ON UPDATE TO t DO ALSO INSERT INTO l (x) VALUES (new.a)', 't.a', 'l.x'],
    [
      'CREATE TRIGGER r BEFORE UPDATE ON t FOR EACH ROW WHEN (old.a IS DISTINCT FROM new.b) EXECUTE FUNCTION f()',
      't.a t.b',
    ],
    ['CREATE TABLE t (a int CHECK (a > 0) REFERENCES s (b), UNIQUE (a))', ''],
    ['ALTER TABLE t ADD COLUMN a int DEFAULT 1, ALTER b TYPE int USING b::int, ADD CHECK (c > 0)', ''],
    ['GRANT SELECT (a) ON t TO b', ''],
    ['SELECT a', ''],
    ['EXECUTE p (a)', ''],
  ]);
});

test('a plain EXPLAIN writes nothing', () => {
  const { read, written } = columnsOf('EXPLAIN UPDATE t SET a = 1 WHERE b', true);
  assert.deepEqual([read, written], [['t.a', 't.b'], []]);
});

test('of names without end 512 are kept', () => {
  const names = Array.from({ length: 600 }, (_, i) => `c${i}`);
  assert.equal(columnsOf(`SELECT ${names} FROM t`).read.length, 512);
  assert.equal(columnsOf(`INSERT INTO t (${names}) VALUES (1)`).written.length, 512);
  // Behind the 512th name of a subquery, one could be any.
  const wide = `SELECT z, c599 FROM users, (SELECT ${names.map((name) => `1 AS ${name}`)}) s`;
  assert.deepEqual(columnsOf(wide).read, ['c599', 'z']);
});
