/**
 * As much of KQL as pgvigil asks in: what a workspace answers to a query. Anything else is refused as the service refuses
 * what it does not know, so that a query which strays from these constructs fails its test.
 */
import type { Random } from '../../fuzz/random.ts';

/** A row of a table by column. `TimeGenerated` has seven digits of a second, as Kusto writes it. */
export type TableRow = Readonly<Record<string, unknown>> & { readonly TimeGenerated: string };

/** Tables by name. One that does not exist is not in here; one without rows is. */
export type Tables = ReadonlyMap<string, readonly TableRow[]>;

/** A result: columns with their types, and rows. */
export interface Result {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  /** Tables of a fuzzy union that do not exist. */
  missing: string[];
}

/** What the service calls such an error. */
export class KqlError extends Error {
  readonly code: 'SyntaxError' | 'SemanticError';

  constructor(code: 'SyntaxError' | 'SemanticError', message: string) {
    super(message);
    this.code = code;
  }
}

/** Columns by name, with the type of each. */
type Working = Readonly<Record<string, unknown>>;

const TYPES: Record<string, string> = {
  TimeGenerated: 'datetime',
  Hour: 'datetime',
  Rows: 'long',
  Bytes: 'real',
};

/** @param random in which order `pack_all` packs: Kusto promises none */
export function answerTo(query: string, tables: Tables, random: Random): Result {
  const text = query.trim();
  if (!text.startsWith('union')) {
    const { columns, rows } = pipeline(text, tables, random);
    return { columns: typed(columns), rows: valuesOf(columns, rows), missing: [] };
  }
  const legs = /^union isfuzzy=true\s+([\s\S]*)$/.exec(text)?.[1];
  if (legs === undefined) throw new KqlError('SyntaxError', 'Syntax Error');
  const missing: string[] = [];
  let columns: string[] = [];
  const rows: Working[] = [];
  for (const leg of splitLegs(legs)) {
    const empty = /^datatable\(((?:\w+: \w+(?:, )?)+)\) \[\]$/.exec(leg)?.[1];
    if (empty !== undefined) {
      columns = empty.split(', ').map((column) => column.split(': ')[0]!);
      continue;
    }
    try {
      rows.push(...pipeline(leg, tables, random).rows);
    } catch (error) {
      if (!(error instanceof KqlError) || error.code !== 'SemanticError') throw error;
      missing.push(error.message);
    }
  }
  return { columns: typed(columns), rows: valuesOf(columns, rows), missing };
}

function typed(columns: readonly string[]): Result['columns'] {
  return columns.map((name) => ({ name, type: TYPES[name] ?? 'string' }));
}

function valuesOf(columns: readonly string[], rows: readonly Working[]): unknown[][] {
  return rows.map((row) => columns.map((name) => row[name] ?? null));
}

/** The contents of parentheses that are separated by commas. */
function splitLegs(text: string): string[] {
  const legs: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, char] of [...text].entries()) {
    if (char === '(' && depth++ === 0) start = at + 1;
    if (char === ')' && --depth === 0) legs.push(text.slice(start, at).trim());
    if (depth === 0 && !/[\s,)]/.test(char)) throw new KqlError('SyntaxError', 'Syntax Error');
  }
  if (depth !== 0) throw new KqlError('SyntaxError', 'Syntax Error');
  return legs;
}

function pipeline(text: string, tables: Tables, random: Random): { columns: string[]; rows: Working[] } {
  const [name, ...steps] = text.split(/\n\s*\| /).map((step) => step.trim());
  const found = tables.get(name!);
  if (found === undefined)
    throw new KqlError('SemanticError', `Failed to resolve table or column expression named '${name}'`);
  let rows: readonly Working[] = found;
  let columns: string[] = [];
  for (const step of steps) {
    const [operator, rest] = [step.slice(0, step.indexOf(' ')), step.slice(step.indexOf(' ') + 1)];
    if (operator === 'where') rows = rows.filter(condition(rest));
    else if (operator === 'extend') rows = rows.map(extension(rest));
    else if (operator === 'order') rows = ordered(rest, rows);
    else if (operator === 'summarize') rows = summarized(rest, rows);
    else if (operator === 'project') {
      const projections = splitTop(rest).map((part) => projection(part, random));
      columns = projections.map(([column]) => column);
      rows = rows.map((row) => Object.fromEntries(projections.map(([column, of]) => [column, of(row)])));
    } else throw new KqlError('SyntaxError', `Syntax Error: ${operator}`);
  }
  return { columns, rows: [...rows] };
}

/** Seven digits after the point, so that times compare as texts. */
export function ticks(time: string): string {
  const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z$/.exec(time) ?? [];
  if (seconds === undefined) throw new KqlError('SyntaxError', `not a datetime: ${time}`);
  return `${seconds}.${fraction.padEnd(7, '0')}Z`;
}

/** Comparisons that are joined by `and`; in parentheses, by `or`. */
function condition(text: string): (row: Working) => boolean {
  const all = text.split(' and ').map((part) => {
    const group = /^\((.*)\)$/.exec(part)?.[1];
    const any = (group === undefined ? [part] : group.split(' or ')).map(comparison);
    return (row: Working) => any.some((one) => one(row));
  });
  return (row) => all.every((one) => one(row));
}

function comparison(text: string): (row: Working) => boolean {
  if (text === 'true') return () => true;
  const time = /^TimeGenerated (>=|<) datetime\(([^)]+)\)$/.exec(text);
  if (time !== null) {
    const bound = ticks(time[2]!);
    return ({ TimeGenerated: at }) => (time[1] === '<' ? String(at) < bound : String(at) >= bound);
  }
  const words = /^(\w+) (=~|endswith) '([^'\\]*)'$/.exec(text);
  if (words === null) throw new KqlError('SyntaxError', `Syntax Error: ${text}`);
  const [, column, operator, value] = words as unknown as [string, string, string, string];
  const wanted = value.toLowerCase();
  return (row) => {
    const found = String(row[column] ?? '').toLowerCase();
    return operator === 'endswith' ? found.endsWith(wanted) : found === wanted;
  };
}

function extension(text: string): (row: Working) => Working {
  const [, column, value] = /^(\w+) = '([^'\\]*)'$/.exec(text) ?? [];
  if (column === undefined) throw new KqlError('SyntaxError', `Syntax Error: ${text}`);
  return (row) => ({ ...row, [column]: value });
}

function ordered(text: string, rows: readonly Working[]): Working[] {
  if (text !== 'by TimeGenerated asc') throw new KqlError('SyntaxError', `Syntax Error: ${text}`);
  return [...rows].sort((a, b) => (String(a.TimeGenerated) < String(b.TimeGenerated) ? -1 : 1));
}

function summarized(text: string, rows: readonly Working[]): Working[] {
  if (text !== 'Rows = count(), Bytes = sum(_BilledSize) by Hour = bin(TimeGenerated, 1h)')
    throw new KqlError('SyntaxError', `Syntax Error: ${text}`);
  const hours = new Map<string, { Hour: string; Rows: number; Bytes: number }>();
  for (const row of rows) {
    const Hour = `${String(row.TimeGenerated).slice(0, 13)}:00:00Z`;
    const hour = hours.get(Hour) ?? { Hour, Rows: 0, Bytes: 0 };
    hour.Rows++;
    hour.Bytes += Number(row._BilledSize);
    hours.set(Hour, hour);
  }
  return [...hours.values()];
}

/** Parts between commas that stand in no parentheses. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, char] of [...text].entries()) {
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...parts, text.slice(start).trim()];
}

function projection(text: string, random: Random): [string, (row: Working) => unknown] {
  if (/^\w+$/.test(text)) return [text, (row) => row[text]];
  const [, column, expression] = /^(\w+) = ([\s\S]+)$/.exec(text) ?? [];
  const constant = /^'([^'\\]*)'$/.exec(expression ?? '')?.[1];
  if (column !== undefined && constant !== undefined) return [column, () => constant];
  const bag = /^tostring\(bag_remove_keys\(pack_all\(true\), dynamic\((\[[^\]]*\])\)\)\)$/.exec(
    expression ?? '',
  );
  if (column === undefined || bag === null) throw new KqlError('SyntaxError', `Syntax Error: ${text}`);
  const removed = new Set(JSON.parse(bag[1]!.replaceAll("'", '"')) as string[]);
  return [column, (row) => packed(row, removed, random)];
}

/** All columns that are set, in an order that is nobody's. A whole number as text is a long whose digits are more than a double holds. */
function packed(row: Working, removed: ReadonlySet<string>, random: Random): string {
  const set = Object.entries(row).filter(
    ([name, value]) => value !== null && value !== '' && !removed.has(name),
  );
  for (let last = set.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [set[last], set[other]] = [set[other]!, set[last]!];
  }
  const members = set.map(([name, value]) => {
    const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
    return `${JSON.stringify(name)}:${text}`;
  });
  return `{${members.join(',')}}`;
}
