/** Where the columns of a detector's conditions come from: one view, behind any number of WITH and subqueries. */
import { functionsIn, isNode, type Json, type Node, node, nodes, Untranslated } from './tree.ts';

/** Type of each column of each view. */
export type ViewColumns = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** An expression with the place that tells what its columns mean. */
export interface Placed {
  node: Node;
  scope: Scope;
}

export interface BaseColumn {
  column: string;
  type: string;
}

/** Finds what a column name means: an expression, or a column of the view itself. */
export type Scope = (name: string) => Placed | BaseColumn | undefined;

export interface Relation {
  view: string;
  scope: Scope;
  /** All of them hold. */
  conditions: Placed[];
}

type Environment = ReadonlyMap<string, Relation>;

export interface Known {
  views: ViewColumns;
  /** Aggregate functions, in lower case. */
  aggregates: ReadonlySet<string>;
}

/**
 * Reads a query whose rows are rows of one view.
 *
 * @throws Untranslated for one that counts, joins, orders into a few or unites
 */
export function relationOf(query: Node, known: Known, outer: Environment = new Map()): Relation {
  if (query.type !== 'SELECT_NODE') throw new Untranslated('unites several queries');
  if (nodes(query.group_expressions).length > 0) throw new Untranslated('groups events');
  if (
    query.sample !== null ||
    isNode(query.qualify) ||
    isNode(query.having) ||
    query.aggregate_handling !== 'STANDARD_HANDLING'
  )
    throw new Untranslated('groups, ranks or samples events');
  if (nodes(query.modifiers).some(({ type }) => type !== 'ORDER_MODIFIER'))
    throw new Untranslated('keeps some events of several (DISTINCT, LIMIT)');
  const selected = nodes(query.select_list);
  for (const name of functionsIn(selected)) {
    if (known.aggregates.has(name)) throw new Untranslated('counts or gathers events');
    if (name === 'unnest') throw new Untranslated('makes several rows of one event');
  }
  const environment = new Map(outer);
  for (const entry of nodes(isNode(query.cte_map) ? query.cte_map.map : [])) {
    const cte = node(node(node(entry.value).query).node);
    // One that nothing reads may be of any form.
    const before = new Map(environment);
    environment.set(
      folded(entry.key),
      lazily(() => relationOf(cte, known, before)),
    );
  }
  const from = fromOf(node(query.from_table), known, environment);
  const where = isNode(query.where_clause) ? [{ node: query.where_clause, scope: from.scope }] : [];
  return {
    view: from.view,
    conditions: [...from.conditions, ...where],
    scope: (name) => selectedColumn(selected, name, from.scope),
  };
}

/** A relation that is read when it is asked for, at most once. */
function lazily(read: () => Relation): Relation {
  let found: Relation | undefined;
  const relation = () => {
    found ??= read();
    return found;
  };
  return {
    get view() {
      return relation().view;
    },
    get conditions() {
      return relation().conditions;
    },
    scope: (name) => relation().scope(name),
  };
}

function fromOf(from: Node, known: Known, environment: Environment): Relation {
  if (from.type === 'JOIN') throw new Untranslated('joins several relations');
  if (from.sample !== null || isFilled(from.column_name_alias))
    throw new Untranslated('takes a sample, or names columns anew');
  if (from.type === 'SUBQUERY') return relationOf(node(node(from.subquery).node), known, environment);
  if (from.type !== 'BASE_TABLE') throw new Untranslated(`reads FROM ${String(from.type).toLowerCase()}`);
  const name = folded(from.table_name);
  const cte = from.schema_name === '' ? environment.get(name) : undefined;
  if (cte !== undefined) return cte;
  const columns = known.views.get(name);
  if (columns === undefined) throw new Untranslated(`reads the view ${name}, which is no log of events`);
  return {
    view: name,
    conditions: [],
    scope: (column) => {
      const type = columns.get(folded(column));
      return type === undefined ? undefined : { column: folded(column), type };
    },
  };
}

function selectedColumn(selected: readonly Node[], name: string, inner: Scope): ReturnType<Scope> {
  const wanted = folded(name);
  for (const item of selected) {
    if (item.class === 'STAR') continue;
    const written = item.alias || (item.class === 'COLUMN_REF' ? columnName(item) : '');
    if (folded(written) !== wanted) continue;
    return { node: item, scope: inner };
  }
  const star = selected.find((item) => item.class === 'STAR');
  // REPLACE and RENAME give columns another meaning.
  const isOther = star?.expr !== null || isFilled(star.replace_list) || isFilled(star.rename_list);
  if (star === undefined || isOther || isFilled(star.qualified_exclude_list)) return undefined;
  const excluded = Array.isArray(star.exclude_list) ? star.exclude_list.map(folded) : [];
  return excluded.includes(wanted) ? undefined : inner(wanted);
}

function isFilled(value: Json | undefined): boolean {
  return !Array.isArray(value) || value.length > 0;
}

/** Last part of a column's name: `a.flags` is `flags`, as FROM has one relation only. */
export function columnName(reference: Node): string {
  const names = Array.isArray(reference.column_names) ? reference.column_names : [];
  return String(names.at(-1));
}

function folded(name: Json | undefined): string {
  return String(name).toLowerCase();
}
