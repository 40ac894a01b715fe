/**
 * Puts values in place of the placeholders (`$name`) of a DuckDB statement.
 *
 * DuckDB plans a statement that has parameters twice, and detectors are mostly planning: as literals their values cost nothing,
 * and the plan knows them. The result is one statement as before: a value never ends its literal.
 */
import {
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';

/** What is no placeholder though it may look like one, and placeholders. As DuckDB's lexer, which is PostgreSQL's, reads them. */
const TOKENS = [
  /(?<![A-Za-z0-9_])[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y,
  /'(?:[^']|'')*'/y,
  /"(?:[^"]|"")*"/y,
  /--[^\n]*/y,
  /\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$/y,
];
const PLACEHOLDER = /\$([A-Za-z_]\w*)/y;
const PLAIN = /[^'"$/eE-]+/y;

/**
 * @throws Error for a placeholder without a value, and for a value that SQL has no literal for
 */
export function fillPlaceholders(sql: string, values: Readonly<Record<string, DuckDBValue>>): string {
  let filled = '';
  for (let at = 0; at < sql.length; ) {
    const end = match(PLAIN, sql, at)?.end ?? commentEnd(sql, at) ?? tokenEnd(sql, at);
    if (end !== undefined) {
      filled += sql.slice(at, end);
      at = end;
      continue;
    }
    const name = match(PLACEHOLDER, sql, at);
    filled += name === null ? sql[at] : literal(name.found.slice(1), values);
    at = name?.end ?? at + 1;
  }
  return filled;
}

function tokenEnd(sql: string, at: number): number | undefined {
  for (const token of TOKENS) {
    const end = match(token, sql, at)?.end;
    if (end !== undefined) return end;
  }
  return undefined;
}

function match(pattern: RegExp, sql: string, at: number): { found: string; end: number } | null {
  pattern.lastIndex = at;
  const found = pattern.exec(sql)?.[0];
  return found === undefined ? null : { found, end: at + found.length };
}

/** Comments of this kind nest. */
function commentEnd(sql: string, at: number): number | undefined {
  if (!sql.startsWith('/*', at)) return undefined;
  let depth = 0;
  for (let next = at; next < sql.length; ) {
    const mark = sql.slice(next, next + 2);
    if (mark === '/*') depth += 1;
    else if (mark === '*/') depth -= 1;
    next += mark === '/*' || mark === '*/' ? 2 : 1;
    if (depth === 0) return next;
  }
  return sql.length;
}

function literal(name: string, values: Readonly<Record<string, DuckDBValue>>): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new Error(`the SQL uses $${name}, which the front matter does not declare`);
  if (typeof value === 'number' && Number.isFinite(value))
    return Number.isInteger(value) ? `(${value})` : `(${value})::DOUBLE`;
  if (typeof value === 'string') return text(value);
  if (value instanceof DuckDBListValue)
    return `[${value.items.map((item) => text(String(item))).join(', ')}]::VARCHAR[]`;
  if (value instanceof DuckDBTimestampValue) return `TIMESTAMP '${value}'`;
  if (value instanceof DuckDBIntervalValue && value.months === 0 && value.days === 0)
    return `INTERVAL '${value.micros} microseconds'`;
  throw new Error(`$${name} has a value that SQL has no literal for`);
}

function text(value: string): string {
  // A text that ends early would be another statement.
  if (value.includes('\0')) throw new Error('a text of a parameter holds U+0000');
  return `'${value.replaceAll("'", "''")}'`;
}
