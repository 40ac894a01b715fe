/** Columns of the statements that change rows: those that they set, and those that they look at to do so. */
import type {
  CopyStmt,
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  MergeWhenClause,
  Node,
  OnConflictClause,
  RangeVar,
  ReturningClause,
  UpdateStmt,
} from 'libpg-query';
import { as, strings } from '../ast.ts';
import { addSources } from './queries.ts';
import {
  addLevel,
  addRelation,
  type Columns,
  type Level,
  nameSource,
  newColumns,
  newLevel,
  relationColumns,
  relationLabel,
} from './scope.ts';
import { outputOf, type Place, walk, withQueries } from './walk.ts';

export function insert(node: InsertStmt, outside: Place): Columns {
  const place = withQueries(node.withClause, outside);
  // The query that is inserted does not see the table.
  walk(node.selectStmt, place);
  const inside = aimed(node.relation, place);
  written(node.cols, node.relation, inside);
  if (node.onConflictClause !== undefined) conflict(node.onConflictClause, node.relation, place);
  return returned(node.returningClause, node.relation, inside);
}

function conflict(node: OnConflictClause, relation: RangeVar | undefined, place: Place): void {
  const inside = aimed(relation, place);
  walk(node.infer, inside);
  nameSource(inside.level, 'excluded', newColumns());
  written(node.targetList, relation, inside);
  walk(node.whereClause, inside);
}

export function update(node: UpdateStmt, outside: Place): Columns {
  const inside = aimed(node.relation, withQueries(node.withClause, outside));
  addSources(node.fromClause, inside.level, inside);
  written(node.targetList, node.relation, inside);
  walk(node.whereClause, inside);
  return returned(node.returningClause, node.relation, inside);
}

export function remove(node: DeleteStmt, outside: Place): Columns {
  const inside = aimed(node.relation, withQueries(node.withClause, outside));
  addSources(node.usingClause, inside.level, inside);
  walk(node.whereClause, inside);
  return returned(node.returningClause, node.relation, inside);
}

export function merged(node: MergeStmt, outside: Place): Columns {
  const place = withQueries(node.withClause, outside);
  const target = aimed(node.relation, place);
  const source = { ...place, level: newLevel(place.level) };
  addSources([node.sourceRelation!], source.level, source);
  const both = aimed(node.relation, place);
  addLevel(source.level, both.level);
  walk(node.joinCondition, both);
  for (const item of node.mergeWhenClauses ?? []) {
    const clause: MergeWhenClause = as(item, 'MergeWhenClause') ?? {};
    const inside =
      clause.matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_TARGET'
        ? source
        : clause.matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE'
          ? target
          : both;
    written(clause.targetList, node.relation, inside);
    walk([clause.condition, clause.values], inside);
  }
  return returned(node.returningClause, node.relation, both);
}

export function copy(node: CopyStmt, place: Place): undefined {
  walk(node.query, place);
  const inside = aimed(node.relation, place);
  for (const name of strings(node.attlist)) {
    const column = `${relationLabel(node.relation)}.${name.toLowerCase()}`;
    if (node.is_from) place.write(column);
    else place.read(column);
  }
  walk(node.whereClause, inside);
}

/** A place from which the changed relation is seen. */
function aimed(relation: RangeVar | undefined, place: Place): Place & { level: Level } {
  const level = newLevel(place.level);
  if (relation !== undefined) addRelation(level, relation, relationColumns(relation, []));
  return { ...place, level };
}

/** Columns that are set, and what they are set to. */
function written(targets: readonly Node[] | undefined, relation: RangeVar | undefined, place: Place): void {
  const label = relationLabel(relation);
  for (const node of targets ?? []) {
    const { name, indirection, val } = as(node, 'ResTarget') ?? {};
    if (name !== undefined) place.write(`${label}.${name.toLowerCase()}`);
    walk(indirection, place);
    const { source, colno } = as(val, 'MultiAssignRef') ?? {};
    // `SET (a, b) = (SELECT …)` gives the whole query to each of its columns.
    if (source === undefined) walk(val, place);
    else if (colno === 1) walk(source, place);
  }
}

/** RETURNING sees the row as it is, was (`old`) and will be (`new`). */
function returned(
  clause: ReturningClause | undefined,
  relation: RangeVar | undefined,
  place: Place & { level: Level },
): Columns {
  if (clause === undefined) return newColumns();
  const columns = relationColumns(relation ?? {}, []);
  for (const item of clause.options ?? [])
    nameSource(place.level, as(item, 'ReturningOption')?.value ?? '', columns);
  for (const name of ['old', 'new']) nameSource(place.level, name, columns);
  walk(clause.exprs, place);
  return outputOf(clause.exprs, place.level);
}
