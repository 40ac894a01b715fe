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

/** A part of a statement: what is quoted or a comment is told apart from what is read as SQL. */
interface Piece {
  text: string;
  /** Name of the placeholder that it is; null for anything else. */
  placeholder: string | null;
  isQuoted: boolean;
}

/**
 * @throws Error for a placeholder without a value, and for a value that SQL has no literal for
 */
export function fillPlaceholders(sql: string, values: Readonly<Record<string, DuckDBValue>>): string {
  let filled = '';
  for (const { text, placeholder } of piecesOf(sql))
    filled += placeholder === null ? text : literal(placeholder, values);
  return filled;
}

/** Names of the placeholders, each once, and whether the text holds an end of a statement. */
export function placeholdersIn(sql: string): { names: string[]; hasSemicolon: boolean } {
  const pieces = [...piecesOf(sql)];
  const names = pieces.flatMap(({ placeholder }) => placeholder ?? []);
  const hasSemicolon = pieces.some(({ isQuoted, text }) => !isQuoted && text.includes(';'));
  return { names: [...new Set(names)], hasSemicolon };
}

function* piecesOf(sql: string): Generator<Piece> {
  for (let at = 0; at < sql.length; ) {
    const plain = match(PLAIN, sql, at)?.end;
    const end = plain ?? commentEnd(sql, at) ?? tokenEnd(sql, at);
    const name = end === undefined ? match(PLACEHOLDER, sql, at) : null;
    const next = end ?? name?.end ?? at + 1;
    yield {
      text: sql.slice(at, next),
      placeholder: name?.found.slice(1) ?? null,
      isQuoted: plain === undefined && end !== undefined,
    };
    at = next;
  }
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
