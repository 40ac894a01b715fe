/** The way through a parse tree in search of columns, and what a reference in it means. */
import type { A_Indirection, ColumnRef, Node, ResTarget, WithClause } from 'libpg-query';
import { as, strings } from '../ast.ts';
import { outputName } from './names.ts';
import {
  type Columns,
  type Ctes,
  columnAmong,
  findSource,
  type Level,
  learn,
  merge,
  newColumns,
  resolveName,
} from './scope.ts';

/** Where the walk is, and where it puts what it finds. */
export interface Place {
  level: Level | null;
  ctes: Ctes | null;
  read(column: string | null): void;
  write(column: string): void;
  /** By node type. A query tells its output columns; handled nodes are not walked into. */
  handlers: ReadonlyMap<string, (node: never, place: Place) => Columns | undefined>;
}

/** Constants are many and name nothing. */
const SKIPPED = new Set(['A_Const', 'withClause']);

/** Looks for references below a tree. */
export function walk(value: unknown, place: Place): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, place);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (typeof child !== 'object' || SKIPPED.has(key)) continue;
    const handler = place.handlers.get(key);
    if (handler === undefined) walk(child, place);
    else handler(child as never, place);
  }
}

/** Walks a subquery or the query of a common table expression; its output columns. */
export function query(node: Node | undefined, place: Place): Columns {
  const [kind = ''] = Object.keys(node ?? {});
  const handler = place.handlers.get(kind);
  return handler?.(node![kind as keyof Node] as never, place) ?? newColumns();
}

/** Walks the queries of WITH; the place from which they are visible. */
export function withQueries(clause: WithClause | undefined, place: Place): Place {
  if (clause === undefined) return place;
  const ctes: Ctes = { outer: place.ctes, columns: new Map() };
  const within = { ...place, ctes };
  const expressions = (clause.ctes ?? []).map((cte) => as(cte, 'CommonTableExpr') ?? {});
  // Until it is walked, nothing is known of a query that refers to itself or to one behind it.
  if (clause.recursive)
    for (const { ctename = '' } of expressions) ctes.columns.set(ctename, newColumns([], true));
  for (const { ctename = '', ctequery, aliascolnames, search_clause, cycle_clause } of expressions) {
    const columns = renamed(query(ctequery, within), strings(aliascolnames));
    const { search_seq_column: sequence } = search_clause ?? {};
    const { cycle_mark_column: mark, cycle_path_column: path } = cycle_clause ?? {};
    const added = [sequence, mark, path].filter((name) => name !== undefined);
    ctes.columns.set(ctename, added.length === 0 ? columns : withNames(columns, added));
  }
  return within;
}

/** Columns of a derived source whose alias may give them other names. */
export function renamed(columns: Columns, names: readonly string[]): Columns {
  if (names.length === 0) return columns;
  const open = columns.open || columns.known.size > names.length;
  return { ...newColumns(names, open), relations: columns.relations, relation: columns.relation };
}

function withNames(columns: Columns, names: readonly string[]): Columns {
  const more = newColumns(names);
  merge(columns, more);
  return more;
}

/** Columns that a target list hands on; those that `*` hands on are what its sources have. */
export function outputOf(targets: readonly Node[] | undefined, level: Level | null): Columns {
  const columns = newColumns();
  const handedOn = new Set<Columns>();
  for (const node of targets ?? []) {
    const target = as(node, 'ResTarget') ?? {};
    const star = starOf(target);
    if (star !== null) {
      const source = star.length === 0 ? level?.all : findSource(level, star);
      if (source === undefined) columns.open = true;
      else if (!handedOn.has(source)) merge(source, columns);
      if (source !== undefined) handedOn.add(source);
      continue;
    }
    const name = outputName(target);
    if (name === null) columns.open = true;
    else if (name !== '') learn(columns, name);
  }
  return columns;
}

/** The qualifier of `t.*`, empty for `*`; null for any other target. */
function starOf({ val }: ResTarget): string[] | null {
  const fields = as(val, 'ColumnRef')?.fields ?? [];
  return as(fields.at(-1), 'A_Star') === undefined ? null : strings(fields);
}

/** The name of a reference without qualifier, null for any other expression. */
export function bareName(node: Node | undefined): string | null {
  const fields = as(node, 'ColumnRef')?.fields ?? [];
  return fields.length === 1 ? (as(fields[0], 'String')?.sval ?? null) : null;
}

export function columnRef({ fields = [] }: ColumnRef, place: Place): undefined {
  const names = strings(fields);
  if (names.length < fields.length) return;
  const name = names.at(-1) ?? '';
  if (names.length === 1) {
    place.read(resolveName(place.level, name));
    return;
  }
  const source = findSource(place.level, names.slice(0, -1));
  if (source !== undefined) place.read(columnAmong(source, name));
}

/** `(u).password` is a column where `u` is a source; a field of a column is none of its own. */
export function indirection({ arg, indirection: path = [] }: A_Indirection, place: Place): undefined {
  const field = as(path[0], 'String')?.sval;
  const fields = as(arg, 'ColumnRef')?.fields ?? [];
  const source =
    field === undefined || (fields.length > 1 && as(fields.at(-1), 'A_Star') === undefined)
      ? undefined
      : findSource(place.level, strings(fields));
  if (source !== undefined) place.read(columnAmong(source, field!));
  else walk(arg, place);
  walk(path, place);
}
