/**
 * A second, independent parser over the same statements: where both parse, they must agree on the kind of each statement
 * and on the relations, or the difference stands in the reviewed list.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { astVisitor, parse, type Statement } from 'pgsql-ast-parser';
import { extractFeatures } from '../../src/statements/features.ts';
import { loadParser } from '../../src/statements/parser.ts';

const corpus: string[] = JSON.parse(
  readFileSync(new URL('../../fixtures/golden/statements.json', import.meta.url), 'utf8'),
).map(({ sql }: { sql: string }) => sql);

/** Statement types of pgsql-ast-parser as PostgreSQL names them. */
const KINDS: Record<string, string> = {
  select: 'SelectStmt',
  union: 'SelectStmt',
  'union all': 'SelectStmt',
  values: 'SelectStmt',
  insert: 'InsertStmt',
  update: 'UpdateStmt',
  delete: 'DeleteStmt',
  'truncate table': 'TruncateStmt',
  'create table': 'CreateStmt',
  'create view': 'ViewStmt',
  'create materialized view': 'CreateTableAsStmt',
  'create extension': 'CreateExtensionStmt',
  'create function': 'CreateFunctionStmt',
  'create schema': 'CreateSchemaStmt',
  'alter table': 'AlterTableStmt',
  'drop table': 'DropStmt',
  'drop index': 'DropStmt',
  'drop function': 'DropStmt',
  'start transaction': 'TransactionStmt',
  begin: 'TransactionStmt',
  commit: 'TransactionStmt',
  set: 'VariableSetStmt',
  'set timezone': 'VariableSetStmt',
  comment: 'CommentStmt',
  prepare: 'PrepareStmt',
  do: 'DoStmt',
  'with recursive': 'SelectStmt',
};

/** Statement → why the two differ. */
const REVIEWED: Record<string, string> = {
  'WITH orders AS (SELECT * FROM orders) SELECT * FROM orders':
    'the name of the WITH query hides the table of that name only after it; the list made of the other tree knows no scopes',
  'SELECT * FROM a WHERE x IN (WITH b AS (SELECT 1) SELECT * FROM b) AND EXISTS (SELECT 1 FROM b)':
    'the second b is outside of the WITH and so a table; no scopes, as above',
  'CREATE TABLE t (id int PRIMARY KEY, o int REFERENCES orders (id), LIKE template)':
    'REFERENCES neither reads nor changes the table it names',
  "SELECT query_to_xml('select * from pg_shadow', true, true, '')":
    'the other parser does not look into SQL that is handed over as text',
};

before(loadParser);

test('both parsers agree on kinds and relations, reviewed differences aside', () => {
  const differences = new Map<string, string>();
  let compared = 0;
  for (const sql of corpus) {
    const other = parsedByOther(sql);
    const ours = extractFeatures(sql);
    if (other === null || !ours.parseOk) continue;
    // The other parser does not look into bodies.
    if (ours.kinds.includes('DoStmt')) continue;
    compared += 1;
    const difference = differenceOf(other, {
      kinds: ours.kinds,
      relations: [...new Set([...ours.relationsRead, ...ours.relationsWritten, ...ours.catalogs])].sort(),
    });
    if (difference !== null) differences.set(sql, difference);
  }
  assert.ok(compared >= 90, `only ${compared} statements were parsed by both`);
  assert.deepEqual(
    [...differences].filter(([sql]) => !(sql in REVIEWED)),
    [],
  );
  assert.deepEqual(
    Object.keys(REVIEWED).filter((sql) => !differences.has(sql)),
    [],
    'reviewed differences that are none any more',
  );
});

interface Reading {
  kinds: string[];
  relations: string[];
}

function differenceOf(other: Reading, ours: Reading): string | null {
  const [theirs, mine] = [JSON.stringify(other), JSON.stringify(ours)];
  return theirs === mine ? null : `other ${theirs}, ours ${mine}`;
}

function parsedByOther(sql: string): Reading | null {
  let statements: Statement[];
  try {
    statements = parse(sql);
  } catch {
    return null;
  }
  const relations = new Set<string>();
  const bound = new Set<string>();
  const visitor = astVisitor((map) => ({
    tableRef: (table) => relations.add(nameOf(table)),
    with: (node) => {
      for (const { alias } of node.bind) bound.add(alias.name);
      map.super().with(node);
    },
    withRecursive: (node) => {
      bound.add(node.alias.name);
      map.super().withRecursive(node);
    },
    delete: (node) => {
      relations.add(nameOf(node.from));
      map.super().delete(node);
    },
    createTable: (node) => {
      relations.add(nameOf(node.name));
      map.super().createTable(node);
    },
    truncateTable: (node) => {
      for (const table of node.tables) relations.add(nameOf(table));
    },
    drop: (node) => {
      if (node.type === 'drop table') for (const name of node.names) relations.add(nameOf(name));
    },
    createMaterializedView: (node) => {
      relations.add(nameOf(node.name));
      map.super().createMaterializedView(node);
    },
  }));
  for (const statement of statements) visitor.statement(statement);
  const kinds = new Set(
    statements.map((statement) => (statement.type === 'with' ? kindOf(statement.in) : kindOf(statement))),
  );
  return { kinds: [...kinds].sort(), relations: [...relations].filter((name) => !bound.has(name)).sort() };
}

function kindOf({ type }: { type: string }): string {
  return KINDS[type] ?? type;
}

function nameOf({ name, schema }: { name: string; schema?: string }): string {
  const lower = name.toLowerCase();
  // System catalogs are listed by their name alone.
  if (schema === undefined || schema === 'pg_catalog') return lower;
  return `${schema.toLowerCase()}.${lower}`;
}
