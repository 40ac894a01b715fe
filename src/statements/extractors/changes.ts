/** Data changed, copied inside the database, or destroyed. */
import type { DropStmt, IntoClause, Node, RangeVar } from 'libpg-query';
import { as, type NodeHandlers, relationName, roleNames, strings } from '../ast.ts';
import type { Draft } from '../draft.ts';
import { truthOf } from './conditions.ts';
import { armsOf } from './injection.ts';
import { noteName } from './ransom.ts';
import { PART_OF_TABLE } from './relations.ts';

/** What holds rows. Views and indexes can be made again. */
const HOLDS_DATA = new Set(['OBJECT_TABLE', 'OBJECT_SCHEMA', 'OBJECT_MATVIEW']);

/** What is given the name of a ransom note. A column may be called so. */
const CAN_BE_A_NOTE = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SCHEMA',
  'OBJECT_DATABASE',
]);

export const changeHandlers: NodeHandlers<Draft> = {
  InsertStmt(node, draft) {
    draft.flags.add('insert');
    draft.target ??= relationName(node.relation);
    noteName(draft.target, draft);
    const query = as(node.selectStmt, 'SelectStmt');
    if (query !== undefined && armsOf(query).some(({ fromClause }) => fromClause !== undefined))
      draft.flags.add('insert_select');
    if (node.returningClause) draft.flags.add('returning');
  },
  UpdateStmt(node, draft) {
    draft.flags.add('update');
    change(node, draft);
  },
  DeleteStmt(node, draft) {
    draft.flags.add('delete');
    change(node, draft);
  },
  MergeStmt(node, draft) {
    draft.flags.add('merge');
    draft.target ??= relationName(node.relation);
    if (node.returningClause) draft.flags.add('returning');
  },
  TruncateStmt(node, draft) {
    const names = (node.relations ?? []).map((relation) => relationName(as(relation, 'RangeVar')));
    draft.flags.add('truncate');
    draft.target ??= names[0] ?? null;
    dropData(names, draft);
  },
  DropStmt(node, draft) {
    drop(node, draft);
  },
  DropdbStmt(node, draft) {
    draft.flags.add('drop_db').add('drop_data');
    draft.dropCount += 1;
    draft.target ??= (node.dbname ?? '').toLowerCase();
  },
  DropOwnedStmt(node, draft) {
    draft.flags.add('drop_owned').add('drop_data');
    draft.dropCount += node.roles?.length ?? 0;
    draft.target ??= roleNames(node.roles)[0] ?? null;
  },
  CreateStmt(node, draft) {
    draft.flags.add('create_table');
    created(node.relation, draft);
  },
  CreateTableAsStmt(node, draft) {
    draft.flags.add('ctas');
    created(node.into?.rel, draft);
  },
  SelectStmt(node, draft) {
    // In a UNION the first query has INTO.
    const into: IntoClause | undefined = armsOf(node)[0]?.intoClause;
    if (into === undefined) return;
    draft.flags.add('ctas');
    created(into.rel, draft);
  },
  ViewStmt(node, draft) {
    noteName(relationName(node.view), draft);
  },
  RenameStmt(node, draft) {
    if (CAN_BE_A_NOTE.has(node.renameType ?? '')) noteName((node.newname ?? '').toLowerCase(), draft);
  },
  CopyStmt(node, draft) {
    if (node.is_from) noteName(relationName(node.relation), draft);
  },
  CreatedbStmt(node, draft) {
    draft.target ??= (node.dbname ?? '').toLowerCase();
    noteName(draft.target, draft);
  },
  CreateSchemaStmt(node, draft) {
    draft.target ??= (node.schemaname ?? '').toLowerCase();
    noteName(draft.target, draft);
  },
};

function change(
  node: { relation?: RangeVar; whereClause?: Node; returningClause?: unknown },
  draft: Draft,
): void {
  draft.target ??= relationName(node.relation);
  if (node.returningClause) draft.flags.add('returning');
  if (node.whereClause === undefined || truthOf(node.whereClause) === true) draft.flags.add('dml_no_where');
}

function created(relation: RangeVar | undefined, draft: Draft): void {
  draft.target ??= relationName(relation);
  noteName(draft.target, draft);
  if (relation?.relpersistence === 'u') draft.flags.add('unlogged');
  if (relation?.relpersistence === 't' || relation?.schemaname === 'pg_temp') draft.flags.add('temp');
}

function drop(node: DropStmt, draft: Draft): void {
  const names = (node.objects ?? []).map(droppedName);
  const [first = ''] = names;
  draft.target ??= PART_OF_TABLE.has(node.removeType ?? '')
    ? first.slice(0, first.lastIndexOf('.'))
    : first || null;
  switch (node.removeType) {
    case 'OBJECT_EXTENSION':
      draft.flags.add('drop_ext');
      // One column, several names: the loss of the audit extension matters most.
      draft.extension = names.includes('pgaudit') ? 'pgaudit' : first;
      return;
    case 'OBJECT_EVENT_TRIGGER':
      draft.flags.add('drop_event_trigger');
      return;
    case 'OBJECT_TRIGGER':
      draft.flags.add('drop_trigger');
      return;
    case 'OBJECT_POLICY':
      draft.flags.add('rls_off');
      return;
  }
  if (HOLDS_DATA.has(node.removeType ?? '')) dropData(names, draft);
}

/** Temporary tables hold nobody's data. */
function dropData(names: readonly string[], draft: Draft): void {
  const kept = names.filter((name) => !name.startsWith('pg_temp.'));
  if (kept.length > 0) draft.flags.add('drop_data');
  draft.dropCount += kept.length;
}

function droppedName(object: Node): string {
  const parts = as(object, 'ObjectWithArgs')?.objname ?? as(object, 'List')?.items ?? [object];
  return strings(parts).join('.').toLowerCase();
}
