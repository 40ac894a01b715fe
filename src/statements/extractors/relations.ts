/** Relations that a statement reads and writes. Names of common table expressions are not relations. */
import type { Node, RangeVar, ReindexStmt, WithClause } from 'libpg-query';
import { as, relationName, strings } from '../ast.ts';
import type { Draft } from '../draft.ts';

/** Names of the common table expressions that are visible at a place. */
type Scope = ReadonlySet<string>;
type Tree = Record<string, unknown>;

/** Statements whose `relation`, `view`, `table` or `sequence` is changed. */
const CHANGES_RELATION = new Set(
  (
    'InsertStmt UpdateStmt DeleteStmt MergeStmt CreateStmt CreateForeignTableStmt ViewStmt AlterTableStmt IndexStmt ' +
    'CreateTrigStmt RuleStmt CreatePolicyStmt AlterPolicyStmt RefreshMatViewStmt RenameStmt AlterObjectSchemaStmt ' +
    'AlterObjectDependsStmt CreateSeqStmt AlterSeqStmt TruncateStmt'
  ).split(' '),
);
/** Statements about relations that neither read rows for anybody nor change them. */
const LOOKS_AT_NOTHING = new Set('GrantStmt VacuumStmt ClusterStmt CommentStmt SecLabelStmt'.split(' '));
/** Parts of a node that name relations without reading them, and constants. */
const NOT_READ = new Set(['lockingClause', 'pktable', 'typevar', 'A_Const']);
const TARGETS = new Set(['relation', 'view', 'table', 'sequence', 'relations']);
/** What DROP names as `table.object`; the statement is about the table. */
export const PART_OF_TABLE: ReadonlySet<string> = new Set(['OBJECT_POLICY', 'OBJECT_TRIGGER', 'OBJECT_RULE']);
/** What DROP can remove that is a relation itself. */
const DROPPED_RELATIONS = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SEQUENCE',
  'OBJECT_INDEX',
]);

/** Adds the relations of one statement to the draft. `readOnly`: a plain EXPLAIN changes nothing. */
export function collectRelations(statement: Node, draft: Draft, readOnly = false): void {
  walk(statement as Tree, new Set(), readOnly ? readOnlySink(draft) : sinkOf(draft));
}

interface Sink {
  read(relation: RangeVar, scope: Scope): void;
  write(relation: RangeVar): void;
}

function sinkOf(draft: Draft): Sink {
  return {
    read: (relation, scope) => {
      if (relation.schemaname === undefined && scope.has(relation.relname ?? '')) return;
      const catalog = catalogName(relation);
      if (catalog === null) draft.relationsRead.add(relationName(relation));
      else draft.catalogs.add(catalog);
    },
    write: (relation) => {
      const catalog = catalogName(relation);
      if (catalog === null) draft.relationsWritten.add(relationName(relation));
      else {
        draft.catalogs.add(catalog);
        draft.catalogsWritten.add(catalog);
      }
    },
  };
}

function readOnlySink(draft: Draft): Sink {
  const sink = sinkOf(draft);
  return { ...sink, write: (relation) => sink.read(relation, new Set()) };
}

/** System catalogs stand apart: `pg_authid` without its schema, `information_schema.tables` with it; null for the others. */
export function catalogName({ relname = '', schemaname }: RangeVar): string | null {
  const schema = schemaname?.toLowerCase();
  const table = relname.toLowerCase();
  if (schema === 'pg_catalog' || (schema === undefined && table.startsWith('pg_'))) return table;
  return schema === 'information_schema' || schema === 'pg_toast' ? `${schema}.${table}` : null;
}

function walk(value: unknown, scope: Scope, sink: Sink): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, scope, sink);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const node = value as Tree;
  if (typeof node.relname === 'string') {
    sink.read(node as RangeVar, scope);
    return;
  }
  const inner = 'withClause' in node ? withScope(node.withClause as WithClause, scope, sink) : scope;
  for (const [key, child] of Object.entries(node)) {
    if (key === 'withClause' || NOT_READ.has(key) || LOOKS_AT_NOTHING.has(key)) continue;
    if (CHANGES_RELATION.has(key)) changing(key, child as Tree, inner, sink);
    else if (key === 'CopyStmt') copy(child as Tree, inner, sink);
    else if (key === 'DropStmt') dropped(child as Tree, sink);
    else if (key === 'ReindexStmt') rebuilt(child as ReindexStmt, sink);
    else if (key === 'intoClause' || key === 'into') sink.write((child as { rel?: RangeVar }).rel ?? {});
    else walk(child, inner, sink);
  }
}

/** Reads the queries of WITH and returns what is visible after it. */
function withScope(clause: WithClause, outer: Scope, sink: Sink): Scope {
  const names = (clause.ctes ?? []).map((cte) => as(cte, 'CommonTableExpr')?.ctename ?? '');
  const visible = new Set(clause.recursive ? [...outer, ...names] : outer);
  clause.ctes?.forEach((cte, i) => {
    walk(as(cte, 'CommonTableExpr')?.ctequery, visible, sink);
    visible.add(names[i]!);
  });
  return visible;
}

function changing(kind: string, statement: Tree, scope: Scope, sink: Sink): void {
  const { withClause, ...rest } = statement;
  const inner = withClause === undefined ? scope : withScope(withClause as WithClause, scope, sink);
  // CREATE FOREIGN TABLE keeps the table one level deeper.
  const base = kind === 'CreateForeignTableStmt' ? ((rest.base as Tree | undefined) ?? rest) : rest;
  for (const [key, child] of Object.entries(base)) {
    if (NOT_READ.has(key)) continue;
    if (!TARGETS.has(key)) walk(child, inner, sink);
    else if (Array.isArray(child)) for (const item of child) target(as(item as Node, 'RangeVar'), rest, sink);
    else target(child as RangeVar, rest, sink);
  }
}

function target(relation: RangeVar | undefined, statement: Tree, sink: Sink): void {
  if (relation?.relname === undefined) return;
  sink.write(relation);
  // RETURNING hands rows of the changed relation back.
  if ('returningClause' in statement) sink.read(relation, new Set());
}

function copy(statement: Tree, scope: Scope, sink: Sink): void {
  const { relation, ...rest } = statement as { relation?: RangeVar; is_from?: boolean };
  if (relation !== undefined) {
    if (rest.is_from) sink.write(relation);
    else sink.read(relation, scope);
  }
  walk(rest, scope, sink);
}

function dropped(statement: Tree, sink: Sink): void {
  const type = statement.removeType as string;
  const isPart = PART_OF_TABLE.has(type);
  if (!isPart && !DROPPED_RELATIONS.has(type)) return;
  for (const object of (statement.objects as Node[] | undefined) ?? []) {
    const names = strings(as(object, 'List')?.items);
    const [relname, schemaname] = (isPart ? names.slice(0, -1) : names).reverse();
    if (relname !== undefined) sink.write({ relname, ...(schemaname === undefined ? {} : { schemaname }) });
  }
}

/** A table keeps its rows under REINDEX; an index that is named is made anew. */
function rebuilt({ kind, relation }: ReindexStmt, sink: Sink): void {
  if (kind === 'REINDEX_OBJECT_INDEX' && relation !== undefined) sink.write(relation);
}
