/** Sources and output columns as the second reading sees them; shares nothing with `src/statements`. */
export type Tree = Record<string, unknown>;
export interface Name {
  name: string;
  schema?: string;
  alias?: string;
  columnNames?: Name[];
}

/** Something that rows come from. */
export interface Source {
  /** Name that qualifies its columns. */
  alias: string | undefined;
  schema?: string | undefined;
  /** Set for a table. */
  table?: string;
  /** Output columns of a query, or those that an alias names. */
  columns: string[];
  /** Sources whose columns it hands on by `*`. */
  behind: Source[];
  /** It may have columns that nobody named. */
  vague: boolean;
  /** Reached by its alias only. */
  hidden?: boolean;
}

export function tableSource({ name, schema, alias }: Name): Source {
  const lower = name.toLowerCase();
  const table = schema === undefined || schema === 'pg_catalog' ? lower : `${schema.toLowerCase()}.${lower}`;
  return { alias: alias ?? name, schema, table, columns: [], behind: [], vague: false };
}

export function derived(columns: string[]): Source {
  return { alias: undefined, columns, behind: [], vague: false };
}

export function withNames(source: Source, names: readonly Name[] | undefined): Source {
  if (names === undefined || names.length === 0) return source;
  const vague = source.vague || source.columns.length > names.length;
  return { ...source, vague, columns: names.map(({ name }) => name) };
}

/** Whether a source has a column of its own by that name. */
export function has(source: Source, name: string): 'yes' | 'perhaps' | 'no' {
  if (source.columns.includes(name)) return 'yes';
  if (source.table !== undefined || source.vague) return 'perhaps';
  const answers = source.behind.map((inner) => has(inner, name));
  return answers.includes('yes') ? 'yes' : answers.includes('perhaps') ? 'perhaps' : 'no';
}

/** Tables that a name can be of. */
function tables(source: Source): string[] {
  return source.table === undefined ? source.behind.flatMap(tables) : [source.table];
}

function isVague(source: Source): boolean {
  return source.vague || source.behind.some(isVague);
}

/** The column that a name means among sources; none if a query has given that name. */
export function search(sources: readonly Source[], name: string): string[] {
  if (sources.some((source) => has(source, name) === 'yes')) return [];
  const possible = sources.flatMap(tables);
  if (possible.length === 0) return [];
  const sure = possible.length === 1 && !sources.some(isVague);
  return [sure ? `${possible[0]}.${name.toLowerCase()}` : name.toLowerCase()];
}

export function bareName(expression: unknown): string | null {
  const { type, table, name } = expression as Tree;
  return type === 'ref' && table === undefined && name !== '*' ? (name as string) : null;
}

export function outputOf(selected: unknown, sources: readonly Source[]): Source {
  const output = derived([]);
  for (const { expr, alias } of (selected ?? []) as { expr: Tree; alias?: Name }[]) {
    const qualifier = expr.table as Name | undefined;
    if (expr.type === 'ref' && expr.name === '*')
      output.behind.push(...sources.filter((source) => !qualifier || source.alias === qualifier.name));
    else {
      const name = alias?.name ?? titleOf(expr)?.[0];
      if (name === undefined) output.vague = true;
      else if (name !== '') output.columns.push(name);
    }
  }
  return output;
}

/** The name that PostgreSQL gives to a column without alias, and whether it is stronger than one from around it. */
function titleOf(expression: Tree): [title: string, strong: boolean] | undefined {
  const inner = (tree: unknown, otherwise: string): [string, boolean] | undefined => {
    const title = tree ? titleOf(tree as Tree) : (['', false] as [string, boolean]);
    return title === undefined || title[1] ? title : [otherwise, false];
  };
  switch (expression.type) {
    case 'ref':
      return [expression.name as string, true];
    case 'call':
      return [(expression.function as Name).name.toLowerCase(), true];
    case 'cast':
      return inner(expression.operand, (expression.to as Name).name);
    case 'case':
      return inner(expression.else, 'case');
    case 'array select':
      return ['array', true];
    case 'array':
    case 'extract':
    case 'substring':
    case 'overlay':
      return [expression.type, true];
    case 'select': {
      const [first] = (expression.columns ?? []) as { expr: Tree; alias?: Name }[];
      const title = first && (first.alias?.name ?? titleOf(first.expr)?.[0]);
      return title === undefined ? undefined : [title, true];
    }
    case 'arrayIndex':
      return titleOf(expression.array as Tree);
    case 'keyword':
    case 'with':
      return undefined;
    default:
      return ['', false];
  }
}
