/** Columns of a SELECT: its sources first, then the names that refer to them. */
import type { JoinExpr, Node, RangeFunction, SelectStmt } from 'libpg-query';
import { as, lastName, strings } from '../ast.ts';
import {
  addRelation,
  addSource,
  type Columns,
  columnAmong,
  couldHave,
  findCte,
  type Level,
  merge,
  newColumns,
  newLevel,
  relationColumns,
} from './scope.ts';
import { bareName, outputOf, type Place, query, renamed, walk, withQueries } from './walk.ts';

/** Walks a SELECT, VALUES or set operation; its output columns. */
export function select(node: SelectStmt, outside: Place): Columns {
  const place = withQueries(node.withClause, outside);
  walk([node.limitCount, node.limitOffset], place);
  if (node.larg !== undefined && node.rarg !== undefined) {
    const columns = select(node.larg, place);
    select(node.rarg, place);
    for (const item of node.sortClause ?? []) {
      // Of a set operation, only output columns can be sorted by: those of its first arm.
      const name = bareName(as(item, 'SortBy')?.node);
      if (name !== null) place.read(columnAmong(columns, name));
    }
    return columns;
  }
  if (node.valuesLists !== undefined) {
    walk(node.valuesLists, place);
    const row = as(node.valuesLists[0], 'List')?.items ?? [];
    return newColumns(row.map((_, i) => `column${i + 1}`));
  }
  const level = newLevel(place.level);
  const inside = { ...place, level };
  addSources(node.fromClause, level, inside);
  walk([node.targetList, node.whereClause, node.havingClause, node.windowClause], inside);
  const output = outputOf(node.targetList, level);
  for (const item of node.distinctClause ?? []) unlessOutput(item, output, inside);
  for (const item of node.sortClause ?? []) unlessOutput(as(item, 'SortBy')?.node, output, inside);
  grouped(node.groupClause, output, level, inside);
  return output;
}

/** Where PostgreSQL looks for an output column first: ORDER BY and DISTINCT ON. */
function unlessOutput(node: Node | undefined, output: Columns, place: Place): void {
  const name = bareName(node);
  if (name === null || !output.known.has(name)) walk(node, place);
}

/** GROUP BY means an output column only where no source has one of that name. */
function grouped(items: readonly Node[] | undefined, output: Columns, level: Level, place: Place): void {
  for (const item of items ?? []) {
    const set = as(item, 'GroupingSet');
    const name = bareName(item);
    if (set !== undefined) grouped(set.content, output, level, place);
    else if (name === null || couldHave(level.all, name)) walk(item, place);
    else unlessOutput(item, output, place);
  }
}

/** Adds the sources of FROM to a level, from left to right: LATERAL sees those before it. */
export function addSources(items: readonly Node[] | undefined, level: Level, inside: Place): void {
  for (const item of items ?? []) source(item, level, inside);
}

/** Adds one source; its columns. */
function source(item: Node | undefined, level: Level, inside: Place): Columns {
  const relation = as(item, 'RangeVar');
  if (relation !== undefined) {
    const names = strings(relation.alias?.colnames);
    const cte = findCte(inside.ctes, relation);
    const columns = cte === undefined ? relationColumns(relation, names) : renamed(cte, names);
    addRelation(level, relation, columns);
    return columns;
  }
  const joined = as(item, 'JoinExpr');
  if (joined !== undefined) return join(joined, level, inside);
  const sample = as(item, 'RangeTableSample');
  if (sample !== undefined) {
    const columns = source(sample.relation, level, inside);
    walk([sample.args, sample.repeatable], inside);
    return columns;
  }
  const subquery = as(item, 'RangeSubselect');
  if (subquery !== undefined) {
    const place = subquery.lateral ? inside : { ...inside, level: level.outer };
    const columns = renamed(query(subquery.subquery, place), strings(subquery.alias?.colnames));
    addSource(level, subquery.alias?.aliasname, columns);
    return columns;
  }
  return calculated(item, level, inside);
}

/** A join with an alias hides its sources behind it. */
function join(node: JoinExpr, level: Level, inside: Place): Columns {
  const own = node.alias === undefined ? level : newLevel(level);
  const place = { ...inside, level: own };
  const left = source(node.larg, own, place);
  const right = source(node.rarg, own, place);
  const columns = newColumns();
  merge(left, columns);
  merge(right, columns);
  for (const name of strings(node.usingClause)) {
    place.read(columnAmong(left, name));
    place.read(columnAmong(right, name));
    // From here on the name means the joined column, and that has just been read.
    for (const { known } of [columns, own.all]) known.add(name);
  }
  walk(node.quals, place);
  if (node.join_using_alias?.aliasname !== undefined)
    own.named.set(node.join_using_alias.aliasname, newColumns());
  if (node.alias === undefined) return columns;
  const hidden = renamed(columns, strings(node.alias.colnames));
  addSource(level, node.alias.aliasname, hidden);
  return hidden;
}

/** Functions, XMLTABLE, JSON_TABLE: their arguments see the sources before them, their columns are known in part. */
function calculated(item: Node | undefined, level: Level, inside: Place): Columns {
  const called: RangeFunction = as(item, 'RangeFunction') ?? {};
  const { alias } =
    called.alias === undefined ? (as(item, 'RangeTableFunc') ?? as(item, 'JsonTable') ?? {}) : called;
  const defined = (called.coldeflist ?? []).map((column) => as(column, 'ColumnDef')?.colname ?? '');
  const names = defined.length > 0 ? defined : strings(alias?.colnames);
  const columns = newColumns(names, defined.length === 0);
  walk(item, inside);
  addSource(level, alias?.aliasname ?? functionName(called), columns);
  return columns;
}

function functionName({ functions }: RangeFunction): string | undefined {
  const [call] = as(functions?.[0], 'List')?.items ?? [];
  return lastName(as(call, 'FuncCall')?.funcname) || undefined;
}
