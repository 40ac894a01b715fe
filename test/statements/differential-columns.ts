/** Columns that pgsql-ast-parser names, resolved without a line of pgvigil's own: every scope is a list that is searched. */
import type { Statement } from 'pgsql-ast-parser';
import {
  bareName,
  derived,
  has,
  type Name,
  outputOf,
  type Source,
  search,
  type Tree,
  tableSource,
  withNames,
} from './differential-scope.ts';

/** Sources of one query, of the query around it, and so on. */
type Scopes = readonly (readonly Source[])[];

/** What is visible at a place: WITH queries, and the scopes. */
interface At {
  queries: ReadonlyMap<string, Source>;
  scopes: Scopes;
}

/** Read and written columns, as `Reading` has them. */
export class ColumnFinder {
  readonly read = new Set<string>();
  readonly written = new Set<string>();

  statement(statement: Statement): void {
    this.#walk(statement, { queries: new Map(), scopes: [] });
  }

  #walk(value: unknown, at: At): void {
    if (Array.isArray(value)) for (const item of value) this.#walk(item, at);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const node = value as Tree;
    switch (node.type) {
      case 'ref':
        this.#reference(node, at.scopes);
        return;
      case 'create table':
      case 'alter table':
      case 'create function':
        return;
      case 'create index':
        this.#walk([node.expressions, node.where], within(at, [tableSource(node.table as Name)]));
        return;
      default:
        if (isQuery(node)) this.#query(node, at);
        else for (const child of Object.values(node)) this.#walk(child, at);
    }
  }

  /** Walks a query; what it puts out. */
  #query(node: Tree, at: At): Source {
    switch (node.type) {
      case 'select':
        return this.#select(node, at);
      case 'union':
      case 'union all': {
        const first = this.#query(node.left as Tree, at);
        this.#query(node.right as Tree, at);
        return first;
      }
      case 'values': {
        this.#walk(node.values, at);
        const [row] = node.values as unknown[][];
        return derived(row!.map((_, i) => `column${i + 1}`));
      }
      case 'with': {
        const queries = new Map(at.queries);
        for (const { alias, statement } of node.bind as { alias: Name; statement: Tree }[])
          queries.set(alias.name, this.#query(statement, { ...at, queries }));
        return this.#query(node.in as Tree, { ...at, queries });
      }
      case 'with recursive': {
        const { name } = node.alias as Name;
        const names = ((node.columnNames ?? []) as Name[]).map((column) => column.name);
        const queries = new Map([...at.queries, [name, { ...derived(names), vague: true }] as const]);
        const found = this.#query(node.bind as Tree, { ...at, queries });
        queries.set(name, names.length > 0 ? { ...found, columns: names } : found);
        return this.#query(node.in as Tree, { ...at, queries });
      }
      default:
        return this.#change(node, at);
    }
  }

  #select(node: Tree, outside: At): Source {
    const sources: Source[] = [];
    const at = within(outside, sources);
    for (const item of (node.from ?? []) as Tree[]) this.#from(item, sources, outside);
    this.#walk([node.columns, node.where, node.having], at);
    this.#walk(node.limit, outside);
    const output = outputOf(node.columns, sources);
    const named = (expression: unknown): boolean => output.columns.includes(bareName(expression) ?? '*');
    const order = ((node.orderBy ?? []) as { by: unknown }[]).map(({ by }) => by);
    const distinct = Array.isArray(node.distinct) ? node.distinct : [];
    this.#walk(
      [...order, ...distinct].filter((expression) => !named(expression)),
      at,
    );
    const group = ((node.groupBy ?? []) as unknown[]).filter((expression) => {
      const name = bareName(expression);
      return name === null || !named(expression) || sources.some((source) => has(source, name) !== 'no');
    });
    this.#walk(group, at);
    return output;
  }

  #from(item: Tree, sources: Source[], outside: At): void {
    const at = within(outside, sources);
    const before = [...sources];
    const join = item.join as { on?: unknown; using?: Name[] } | undefined;
    let source: Source;
    if (item.type === 'table') {
      const name = item.name as Name;
      const query = name.schema === undefined ? outside.queries.get(name.name) : undefined;
      const table = query === undefined ? tableSource(name) : { ...query, alias: name.alias ?? name.name };
      source = withNames(table, name.columnNames);
    } else if (item.type === 'statement') {
      const inner = this.#query(item.statement as Tree, item.lateral ? at : outside);
      source = withNames({ ...inner, alias: item.alias as string }, item.columnNames as Name[] | undefined);
    } else {
      this.#walk(item.args, at);
      const { name, columns = [] } = (item.alias ?? {}) as { name?: string; columns?: Name[] };
      const alias = name ?? (item.function as Name).name;
      source = { ...derived(columns.map((column) => column.name)), alias, vague: true };
    }
    sources.push(source);
    this.#walk(join?.on, at);
    for (const { name } of join?.using ?? []) {
      this.#note(search(before, name));
      this.#note(search([source], name));
      sources.push({ ...derived([name]), alias: undefined });
    }
  }

  /** INSERT, UPDATE, DELETE; what RETURNING puts out. */
  #change(node: Tree, at: At): Source {
    const target = tableSource((node.into ?? node.table ?? node.from) as Name);
    const sources = [target];
    const inside = within(at, sources);
    const set = (columns: unknown): void => {
      for (const { name } of columns as Name[]) this.written.add(`${target.table}.${name.toLowerCase()}`);
    };
    if (node.type === 'insert') {
      set(node.columns ?? []);
      this.#walk(node.insert, at);
      const conflict = node.onConflict as
        | { on?: unknown; do: { sets?: Tree[] }; where?: unknown }
        | undefined;
      this.#walk(conflict?.on, inside);
      const excluded = within(at, [target, { ...derived([]), alias: 'excluded', hidden: true }]);
      for (const { column, value } of conflict?.do.sets ?? []) {
        set([column]);
        this.#walk(value, excluded);
      }
      this.#walk(conflict?.where, excluded);
    } else {
      if (node.type === 'update' && node.from) this.#from(node.from as Tree, sources, at);
      for (const { column, value } of (node.sets ?? []) as Tree[]) {
        set([column]);
        this.#walk(value, inside);
      }
      this.#walk(node.where, inside);
    }
    this.#walk(node.returning, inside);
    return outputOf(node.returning, sources);
  }

  #reference(node: Tree, scopes: Scopes): void {
    const name = node.name as string;
    if (name === '*') return;
    const qualifier = node.table as Name | undefined;
    let doubtful = false;
    for (const sources of scopes.toReversed()) {
      if (qualifier !== undefined) {
        const source = sources.find(({ alias, schema, table }) =>
          qualifier.schema === undefined
            ? alias === qualifier.name
            : table !== undefined &&
              alias === qualifier.name &&
              (schema ?? qualifier.schema) === qualifier.schema,
        );
        if (source === undefined) continue;
        this.#note(search([source], name));
        return;
      }
      if (sources.some(({ alias }) => alias === name)) return;
      const found = search(
        sources.filter(({ hidden }) => !hidden),
        name,
      );
      if (found.length > 0 || sources.some((source) => has(source, name) === 'yes')) {
        this.#note(doubtful ? [name.toLowerCase()] : found);
        return;
      }
      doubtful ||= sources.some((source) => !source.hidden && has(source, name) === 'perhaps');
    }
  }

  #note(columns: readonly string[]): void {
    for (const column of columns) this.read.add(column);
  }
}

const QUERIES = new Set('select,union,union all,values,with,with recursive,insert,update,delete'.split(','));

function isQuery(node: Tree): boolean {
  // FOR UPDATE is an `update` without a table.
  return QUERIES.has(String(node.type)) && (node.type !== 'update' || node.table !== undefined);
}

function within(at: At, sources: readonly Source[]): At {
  return { ...at, scopes: [...at.scopes, sources] };
}
