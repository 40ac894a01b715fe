/**
 * Decides, before anything runs, whether a text is one read-only query over the documented views.
 *
 * DuckDB has no privileges inside a process: a SELECT can switch logging on, run SQL that it built itself, or
 * take all memory. So DuckDB's own parser (`json_serialize_sql`) turns the text into a tree, and everything in
 * the tree that names something must stand in a list: views, functions, kinds of nodes. What is not known is
 * refused, as an update of DuckDB must not open doors.
 */
import { readFileSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { closest } from '../closest.ts';
import { PgvigilError } from '../errors.ts';
import { packagePath } from '../paths.ts';

/** Longest text that is looked at, in UTF-16 units. Questions are short; parsing is not free. */
export const MAX_SQL_LENGTH = 65_536;

const QUERY_NODES = new Set(['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE']);

const FROM_NODES = new Set([
  'EMPTY',
  'BASE_TABLE',
  'SUBQUERY',
  'JOIN',
  'TABLE_FUNCTION',
  'EXPRESSION_LIST',
  'PIVOT',
  'SHOW_REF',
]);

const EXPRESSION_CLASSES = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLLATE',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'LAMBDA',
  'LAMBDA_REF',
  'OPERATOR',
  'PARAMETER',
  'POSITIONAL_REFERENCE',
  'STAR',
  'SUBQUERY',
  'WINDOW',
]);

const TABLE_FUNCTIONS = new Set(['range', 'generate_series', 'unnest', 'json_each', 'json_tree']);

/** What SHOW TABLES and SHOW ALL TABLES become. */
const SHOW_LISTS = new Set(['"tables"', '__show_tables_expanded']);

/** Keys that name something outside the query. Where no rule above explains one, the node is refused. */
const NAMING_KEYS = [
  'function_name',
  'table_name',
  'schema_name',
  'catalog_name',
  'schema',
  'catalog',
  'pivot_enum',
];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Node = { [key: string]: Json };

/** What FROM may name, in lower case. */
interface Scope {
  functions: ReadonlySet<string>;
  views: ReadonlySet<string>;
  /** The views and the CTEs that can be seen. */
  names: ReadonlySet<string>;
}

/** A part of the tree with what its FROM clauses may name. */
interface Place {
  value: Json;
  scope: Scope;
}

let functionNames: ReadonlySet<string> | undefined;

/** Scalar, aggregate and window functions that ad-hoc SQL may call: `queries/sandbox/functions.txt`. */
export function allowedFunctions(): ReadonlySet<string> {
  functionNames ??= new Set(
    readFileSync(packagePath('queries/sandbox/functions.txt'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(folded),
  );
  return functionNames;
}

/** Names of the public views of the database that a connection has open, sorted. */
export async function publicViews(connection: DuckDBConnection): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    `SELECT view_name FROM duckdb_views()
     WHERE schema_name = 'main' AND NOT internal AND NOT temporary AND database_name = current_database()
     ORDER BY view_name`,
  );
  return reader.getRowsJS().map((row) => String(row[0]));
}

/**
 * Returns when `sql` is one query (SELECT, VALUES, FROM …, DESCRIBE, SUMMARIZE, SHOW TABLES) over public views.
 *
 * @param functions that it may call, as DuckDB names them in lower case
 * @param known views, as `publicViews` gives them, where the caller knows them already: asking takes as long as all the rest
 * @throws PgvigilError QUERY_REFUSED when it is something else, QUERY_FAILED when it does not parse
 */
export async function vet(
  connection: DuckDBConnection,
  sql: string,
  functions: ReadonlySet<string> = allowedFunctions(),
  known?: readonly string[],
): Promise<void> {
  const views = known ?? (await publicViews(connection));
  if (sql.length > MAX_SQL_LENGTH) throw refused(`it is longer than ${MAX_SQL_LENGTH} characters`, views);
  // DuckDB's C interface ends a text at NUL: what runs would not be what was vetted.
  if (sql.includes('\0')) throw refused('it contains a NUL character', views);

  const serialized = await connection.runAndReadAll(
    'SELECT json_serialize_sql($sql::VARCHAR, skip_null := false, skip_empty := false, skip_default := false)',
    { sql },
  );
  const tree = JSON.parse(String(serialized.value(0, 0))) as Node;
  if (tree.error !== false) throw unparsed(tree, views);
  const statements = tree.statements;
  if (!Array.isArray(statements) || statements.length !== 1) {
    throw refused('exactly one query is expected', views);
  }
  walk(statements[0]!, views, functions);
}

function unparsed(tree: Node, views: readonly string[]): PgvigilError {
  if (tree.error_type === 'not implemented') return refused('only queries that read are allowed', views);
  return new PgvigilError(
    'QUERY_FAILED',
    `the SQL cannot be read: ${String(tree.error_message)}`,
    'The dialect is that of DuckDB: https://duckdb.org/docs/current/sql/introduction',
  );
}

function refused(what: string, views: readonly string[], hint?: string): PgvigilError {
  const list = `Views: ${views.join(', ')}. \`DESCRIBE activity\` shows the columns of one.`;
  return new PgvigilError('QUERY_REFUSED', `the query was refused: ${what}`, hint ? `${hint} ${list}` : list);
}

/** Visits every node without recursion, as the depth is the author's choice. */
function walk(root: Json, views: readonly string[], functions: ReadonlySet<string>): void {
  const viewNames = new Set(views.map(folded));
  const pending: Place[] = [{ value: root, scope: { functions, views: viewNames, names: viewNames } }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { value, scope } = place;
    if (value === null || typeof value !== 'object') continue;
    if (Array.isArray(value)) {
      for (const element of value) pending.push({ value: element, scope });
      continue;
    }
    const problem = problemOf(value, scope);
    if (problem !== null) throw refused(problem.what, views, problem.hint);
    pending.push(...childrenOf(value, scope));
  }
}

interface Problem {
  what: string;
  hint?: string;
}

/** What speaks against one node, without its children. */
function problemOf(node: Node, scope: Scope): Problem | null {
  if ('class' in node) return expressionProblem(node, scope);
  if ('cte_map' in node) {
    return QUERY_NODES.has(String(node.type)) ? null : { what: `unknown kind of query ${String(node.type)}` };
  }
  if ('sample' in node && 'alias' in node) return fromProblem(node, scope);
  return namingProblem(node);
}

function namingProblem(node: Node): Problem | null {
  const key = NAMING_KEYS.find((name) => node[name] !== undefined && node[name] !== '');
  return key === undefined ? null : { what: `${key} ${quote(node[key])} is not allowed here` };
}

function expressionProblem(node: Node, { functions }: Scope): Problem | null {
  if (!EXPRESSION_CLASSES.has(String(node.class))) {
    return { what: `unknown kind of expression ${String(node.class)}` };
  }
  if (!('function_name' in node)) return namingProblem(node);
  const name = folded(String(node.function_name));
  if (!isPlain(node.schema, node.catalog) || !functions.has(name)) {
    const hint = TABLE_FUNCTIONS.has(name) ? `Write it in the FROM clause: FROM ${name}(…).` : undefined;
    return { what: `function ${quote(node.function_name)} is not allowed`, ...(hint && { hint }) };
  }
  return null;
}

function fromProblem(node: Node, scope: Scope): Problem | null {
  if (!FROM_NODES.has(String(node.type))) return { what: `unknown kind of FROM clause ${String(node.type)}` };
  if (node.type === 'BASE_TABLE') {
    const name = String(node.table_name);
    // `main.x` never means a CTE: it would be a system view of that name.
    const known = node.schema_name === 'main' ? scope.views : scope.names;
    const foreign = node.catalog_name !== '' || (node.schema_name !== '' && node.schema_name !== 'main');
    if (!foreign && known.has(folded(name))) return null;
    const shown = [node.catalog_name, node.schema_name, name].filter(Boolean).join('.');
    const guess = closest(name, scope.names);
    return { what: `${quote(shown)} is not a view`, ...(guess && { hint: `Did you mean ${guess}?` }) };
  }
  if (node.type === 'SHOW_REF') {
    const described = node.query !== null && (node.show_type === 'DESCRIBE' || node.show_type === 'SUMMARY');
    const listed = node.show_type === 'SHOW_UNQUALIFIED' && SHOW_LISTS.has(String(node.table_name));
    if ((described || listed) && node.schema_name === '' && node.catalog_name === '') return null;
    return { what: 'only DESCRIBE, SUMMARIZE and SHOW TABLES are allowed' };
  }
  return node.type === 'TABLE_FUNCTION' ? tableFunctionProblem(node.function) : null;
}

function tableFunctionProblem(call: Json | undefined): Problem | null {
  const node = isNode(call) && call.class === 'FUNCTION' ? call : undefined;
  const name = folded(String(node?.function_name));
  if (node && isPlain(node.schema, node.catalog) && TABLE_FUNCTIONS.has(name)) return null;
  return {
    what: `${quote(node?.function_name)} is not allowed in FROM`,
    hint: `Allowed there: ${[...TABLE_FUNCTIONS].join(', ')}.`,
  };
}

/** The parts of a node still to visit. CTEs widen what FROM may name, each only where SQL lets it be seen. */
function childrenOf(node: Node, scope: Scope): Place[] {
  const places: Place[] = [];
  let inside = scope;
  if ('cte_map' in node && isNode(node.cte_map)) {
    const map = Array.isArray(node.cte_map.map) ? node.cte_map.map : [];
    for (const entry of map) {
      if (!isNode(entry)) continue;
      places.push({ value: entry.value ?? null, scope: inside });
      inside = withName(inside, entry.key);
    }
  }
  for (const [key, value] of Object.entries(node)) {
    if (key === 'cte_map') continue;
    if (node.class === 'CONSTANT' && key === 'value') continue; // a literal names nothing
    if (node.type === 'TABLE_FUNCTION' && key === 'function' && isNode(value)) {
      for (const part of Object.values(value)) places.push({ value: part, scope: inside });
      continue;
    }
    const recursive = node.type === 'RECURSIVE_CTE_NODE' && key === 'right';
    places.push({ value, scope: recursive ? withName(inside, node.cte_name) : inside });
  }
  return places;
}

function withName(scope: Scope, name: Json | undefined): Scope {
  return { ...scope, names: new Set(scope.names).add(folded(String(name))) };
}

function isNode(value: Json | undefined): value is Node {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isPlain(schema: Json | undefined, catalog: Json | undefined): boolean {
  return (schema === '' || schema === 'main') && catalog === '';
}

/** Lower case of ASCII letters alone: names that DuckDB tells apart must never become one. */
function folded(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function quote(value: unknown): string {
  return JSON.stringify(String(value));
}
