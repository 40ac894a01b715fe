import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { newDraft } from '../../../src/statements/draft.ts';
import { collectRelations } from '../../../src/statements/extractors/relations.ts';
import { loadParser, parseText } from '../../../src/statements/parser/parser.ts';

before(loadParser);

function relationsOf(sql: string, readOnly = false) {
  const draft = newDraft();
  const parsed = parseText(sql);
  assert.ok(parsed.ok, sql);
  for (const { stmt } of parsed.statements) if (stmt !== undefined) collectRelations(stmt, draft, readOnly);
  return {
    read: [...draft.relationsRead].sort(),
    written: [...draft.relationsWritten].sort(),
    catalogs: [...draft.catalogs].sort(),
    catalogsWritten: [...draft.catalogsWritten].sort(),
  };
}

test('a catalog that is changed stands among the catalogs and among the changed ones', () => {
  const cases: [sql: string, catalogs: string[], changed: string[]][] = [
    ['UPDATE pg_authid SET rolsuper = true', ['pg_authid'], ['pg_authid']],
    ['DELETE FROM pg_catalog.pg_depend WHERE objid = 1', ['pg_depend'], ['pg_depend']],
    ['INSERT INTO pg_catalog.Pg_Shdepend VALUES (1)', ['pg_shdepend'], ['pg_shdepend']],
    ['UPDATE pg_class SET relname = n FROM pg_namespace', ['pg_class', 'pg_namespace'], ['pg_class']],
    [
      'DELETE FROM information_schema.sql_parts',
      ['information_schema.sql_parts'],
      ['information_schema.sql_parts'],
    ],
    ['WITH d AS (DELETE FROM pg_statistic) SELECT 1', ['pg_statistic'], ['pg_statistic']],
    ['COPY pg_authid FROM stdin', ['pg_authid'], ['pg_authid']],
    ['COPY pg_authid TO stdout', ['pg_authid'], []],
    ['INSERT INTO loot SELECT * FROM pg_shadow', ['pg_shadow'], []],
    ['SELECT * FROM pg_class FOR UPDATE', ['pg_class'], []],
    ['DROP TABLE pg_catalog.pg_class', ['pg_class'], ['pg_class']],
  ];
  for (const [sql, catalogs, changed] of cases) {
    const found = relationsOf(sql);
    assert.deepEqual([found.catalogs, found.catalogsWritten], [catalogs, changed], sql);
    const named = [...found.read, ...found.written];
    assert.deepEqual(
      named.filter((name) => /^pg_|\./.test(name)),
      [],
      sql,
    );
  }
});

test('names of common table expressions are no relations, those of their own query are', () => {
  const cases: [sql: string, read: string[], written: string[]][] = [
    ['WITH orders AS (SELECT * FROM orders) SELECT * FROM orders', ['orders'], []],
    ['WITH b AS (SELECT 1) SELECT * FROM b, s.b', ['s.b'], []],
    ['WITH RECURSIVE r AS (SELECT * FROM p UNION SELECT * FROM r) SELECT * FROM r', ['p'], []],
    ['WITH d AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM d', ['t'], ['t', 'u']],
    ['SELECT * FROM (WITH b AS (SELECT 1) SELECT * FROM b) s, b', ['b'], []],
  ];
  for (const [sql, read, written] of cases) {
    const found = relationsOf(sql);
    assert.deepEqual([found.read, found.written], [read, written], sql);
  }
});

test('a plain EXPLAIN changes no relation and no catalog', () => {
  const { read, written, catalogs, catalogsWritten } = relationsOf(
    'EXPLAIN WITH d AS (DELETE FROM pg_depend) UPDATE t SET a = 1',
    true,
  );
  assert.deepEqual([read, written, catalogs, catalogsWritten], [['t'], [], ['pg_depend'], []]);
});

test('an index is named where it is dropped or made anew, as where it is altered', () => {
  const cases: [sql: string, written: string[]][] = [
    ['ALTER INDEX s.I RENAME TO j', ['s.i']],
    ['ALTER INDEX i DEPENDS ON EXTENSION e', ['i']],
    ['DROP INDEX CONCURRENTLY IF EXISTS s.I, j', ['j', 's.i']],
    ['REINDEX INDEX CONCURRENTLY s.i', ['s.i']],
    // Rows and definition stay as they are, and which indexes there are the text does not say.
    ['REINDEX TABLE t', []],
    ['REINDEX SCHEMA s', []],
  ];
  for (const [sql, written] of cases) {
    const found = relationsOf(sql);
    assert.deepEqual([found.read, found.written, found.catalogs], [[], written, []], sql);
  }
  const catalog = relationsOf('REINDEX INDEX pg_catalog.pg_class_oid_index; DROP INDEX pg_class_oid_index');
  assert.deepEqual([catalog.written, catalog.catalogsWritten], [[], ['pg_class_oid_index']]);
});

test('a table is changed by whatever happens to its triggers, rules and policies', () => {
  const changes = [
    'CREATE TRIGGER t AFTER INSERT ON s.X EXECUTE FUNCTION f()',
    'ALTER TRIGGER t ON s.x RENAME TO u',
    'ALTER TRIGGER t ON s.x DEPENDS ON EXTENSION e',
    'ALTER TABLE s.x DISABLE TRIGGER t',
    'ALTER TABLE s.x ENABLE REPLICA TRIGGER t',
    'DROP TRIGGER t ON s.X',
    'DROP TRIGGER IF EXISTS t ON s.x CASCADE',
    'CREATE RULE r AS ON DELETE TO s.x DO INSTEAD NOTHING',
    'ALTER TABLE s.x DISABLE RULE r',
    'DROP RULE r ON s.x',
    'CREATE POLICY p ON s.x USING (true)',
    'ALTER POLICY p ON s.x USING (true)',
    'DROP POLICY p ON s.x',
  ];
  for (const sql of changes) {
    const { read, written } = relationsOf(sql);
    assert.deepEqual([read, written], [[], ['s.x']], sql);
  }
  assert.deepEqual(relationsOf('DROP TRIGGER t ON x').written, ['x']);
  assert.deepEqual(relationsOf('DROP TRIGGER t ON pg_catalog.pg_class').catalogsWritten, ['pg_class']);
  // Has its name in three parts as well, and is no part of a table.
  assert.deepEqual(relationsOf('DROP FUNCTION d.s.f(int)').written, []);
});
