/** What pgsql-ast-parser, which knows nothing of PostgreSQL's own grammar, says of a statement, in the terms of our features. */
import { parse, type Statement } from 'pgsql-ast-parser';
import { ColumnFinder } from './differential-columns.ts';

/** What the two parsers are compared by; sorted, without doubles. System catalogs are named without `pg_catalog`. */
export interface Reading {
  kinds: string[];
  read: string[];
  written: string[];
  columnsRead: string[];
  columnsWritten: string[];
}

/** Statement types of pgsql-ast-parser as PostgreSQL names them (nodes/parsenodes.h). */
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
  'refresh materialized view': 'RefreshMatViewStmt',
  'create extension': 'CreateExtensionStmt',
  'create function': 'CreateFunctionStmt',
  'create schema': 'CreateSchemaStmt',
  'create enum': 'CreateEnumStmt',
  'create composite type': 'CompositeTypeStmt',
  'create index': 'IndexStmt',
  'create sequence': 'CreateSeqStmt',
  'alter sequence': 'AlterSeqStmt',
  'alter enum': 'AlterEnumStmt',
  'alter table': 'AlterTableStmt',
  'drop table': 'DropStmt',
  'drop index': 'DropStmt',
  'drop function': 'DropStmt',
  'drop sequence': 'DropStmt',
  'drop type': 'DropStmt',
  'drop trigger': 'DropStmt',
  'start transaction': 'TransactionStmt',
  begin: 'TransactionStmt',
  commit: 'TransactionStmt',
  rollback: 'TransactionStmt',
  set: 'VariableSetStmt',
  'set timezone': 'VariableSetStmt',
  'set names': 'VariableSetStmt',
  show: 'VariableShowStmt',
  comment: 'CommentStmt',
  prepare: 'PrepareStmt',
  deallocate: 'DeallocateStmt',
  do: 'DoStmt',
};

/** What ALTER SEQUENCE and ALTER INDEX change, where PostgreSQL has a node for the change and none for the statement. */
const CHANGE_KINDS: Record<string, string> = {
  rename: 'RenameStmt',
  'set schema': 'AlterObjectSchemaStmt',
  'owner to': 'AlterTableStmt',
  'set tablespace': 'AlterTableStmt',
};

/** Statements that change a relation, with the part of them that names it. */
const TARGETS: Record<string, string> = {
  insert: 'into',
  update: 'table',
  delete: 'from',
  'truncate table': 'tables',
  'create table': 'name',
  'create view': 'name',
  'create materialized view': 'name',
  'refresh materialized view': 'name',
  'create index': 'table',
  'create sequence': 'name',
  'alter sequence': 'name',
  'alter table': 'table',
  'alter index': 'index',
  'drop table': 'names',
  'drop sequence': 'names',
  'drop index': 'names',
};
/** Parts that name relations and neither read nor change them. */
const NOT_READ = new Set(['foreignTable', '_location']);
/** Statements about relations that neither read nor change them. */
const LOOKS_AT_NOTHING = new Set(['comment', 'drop trigger', 'create function', 'do']);

type Tree = Record<string, unknown>;
interface Name {
  name: string;
  schema?: string;
}
interface Found {
  read: Set<string>;
  written: Set<string>;
}

/** Longest text that the second parser is given, characters: its time grows faster than the text. */
export const LONGEST = 10_000;

/** Reads a text with the second parser; null where it cannot, or where the text is too long for it. */
export function secondReading(sql: string): Reading | null {
  if (sql.length > LONGEST) return null;
  let statements: Statement[];
  try {
    statements = parse(sql);
  } catch {
    return null;
  }
  const found: Found = { read: new Set(), written: new Set() };
  const columns = new ColumnFinder();
  for (const statement of statements) {
    walk(statement, new Set(), found);
    columns.statement(statement);
  }
  return {
    kinds: [...new Set(statements.map(kindOf))].sort(),
    read: plain(found.read),
    written: plain(found.written),
    columnsRead: plain(columns.read),
    columnsWritten: plain(columns.written),
  };
}

/** Names in order. The second parser leaves a double quote in a name doubled, as the text has it. */
function plain(names: ReadonlySet<string>): string[] {
  return [...names].map((name) => name.replaceAll('""', '"')).sort();
}

function kindOf(statement: Statement): string {
  if (statement.type === 'with' || statement.type === 'with recursive') return kindOf(statement.in);
  // PostgreSQL has one node for every RENAME.
  if (statement.type === 'alter table' && statement.changes[0]?.type.startsWith('rename'))
    return 'RenameStmt';
  if (statement.type === 'alter sequence' || statement.type === 'alter index') {
    const kind = CHANGE_KINDS[statement.change.type];
    if (kind !== undefined) return kind;
  }
  return KINDS[statement.type] ?? statement.type;
}

function nameOf({ name, schema }: Name): string {
  const lower = name.toLowerCase();
  if (schema === undefined || schema === 'pg_catalog') return lower;
  return `${schema.toLowerCase()}.${lower}`;
}

/** Follows a tree; `bound` are the names of the WITH queries that are visible at its place. */
function walk(value: unknown, bound: ReadonlySet<string>, found: Found): void {
  if (Array.isArray(value)) for (const item of value) walk(item, bound, found);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const node = value as Tree;
  const type = String(node.type);
  if (LOOKS_AT_NOTHING.has(type)) return;
  if (type === 'with' || type === 'with recursive') {
    withQueries(node, bound, found);
    return;
  }
  if (type === 'table' && typeof node.name === 'object') read(node.name as Name, bound, found);
  if (node.kind === 'like table') read(node.like as Name, bound, found);
  if (type === 'create table')
    for (const parent of (node.inherits ?? []) as Name[]) read(parent, bound, found);
  const target = TARGETS[type];
  // FOR UPDATE is an `update` without a table.
  if (target !== undefined && node[target] !== undefined) {
    const names = [node[target]].flat() as Name[];
    for (const name of names) found.written.add(nameOf(name));
    // RETURNING hands rows of the changed relation back.
    if (node.returning) for (const name of names) found.read.add(nameOf(name));
  }
  for (const [part, child] of Object.entries(node))
    if (part !== target && !NOT_READ.has(part)) walk(child, bound, found);
}

function read(name: Name, bound: ReadonlySet<string>, found: Found): void {
  if (name.schema === undefined && bound.has(name.name)) return;
  found.read.add(nameOf(name));
}

/** A WITH query sees those before it, a recursive one itself as well; the statement after them sees all. */
function withQueries(node: Tree, outer: ReadonlySet<string>, found: Found): void {
  const visible = new Set(outer);
  if (node.type === 'with recursive') {
    visible.add((node.alias as Name).name);
    walk(node.bind, visible, found);
  } else
    for (const { alias, statement } of node.bind as { alias: Name; statement: unknown }[]) {
      walk(statement, visible, found);
      visible.add(alias.name);
    }
  walk(node.in, visible, found);
}
