/** Values as PostgreSQL writes them as text, with DateStyle ISO and TimeZone UTC. */
import type { Cell } from '../../query/values.ts';
import type { PgType } from './pg-type.ts';

/** Null for SQL's null. */
export function textOf(cell: Cell, type: PgType): string | null {
  if (cell === null) return null;
  return type.list && Array.isArray(cell) ? listText(cell, type) : scalarText(cell, type);
}

function scalarText(cell: Exclude<Cell, null>, { kind, scale }: PgType): string {
  if (kind === 'json') return jsonText(cell);
  if (typeof cell === 'boolean') return cell ? 't' : 'f';
  if (typeof cell === 'number') return scale === null ? numberText(cell) : cell.toFixed(scale);
  if (typeof cell === 'object') return JSON.stringify(cell);
  switch (kind) {
    case 'bytea':
      return `\\x${Buffer.from(cell, 'base64').toString('hex')}`;
    case 'timestamp':
      return timestampText(cell, '');
    case 'timestamptz':
      return timestampText(cell, '+00');
    case 'date':
      return cell.replace(' (BC)', ' BC');
    case 'interval':
      return cell.replace(/\bmonth(s?)\b/, 'mon$1');
    default:
      return cell;
  }
}

/** DuckDB's JSON is text that is JSON already; of STRUCT and the like it has to be made. */
function jsonText(cell: Exclude<Cell, null>): string {
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
}

/** PostgreSQL writes exponents with two digits at least. */
function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** `2026-01-01T10:00:00.500Z` becomes `2026-01-01 10:00:00.5`. Infinities and far years come as DuckDB writes them. */
function timestampText(iso: string, zone: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d+)Z$/.exec(iso);
  if (match === null) return iso.replace(' (BC)', ' BC');
  // PostgreSQL has microseconds.
  const fraction = match[3]!.slice(0, 6).replace(/0+$/, '');
  return `${match[1]} ${match[2]}${fraction === '' ? '' : `.${fraction}`}${zone}`;
}

function listText(cells: readonly Cell[], type: PgType): string {
  const elements = cells.map((cell) => (cell === null ? 'NULL' : quotedElement(scalarText(cell, type))));
  return `{${elements.join(',')}}`;
}

function quotedElement(text: string): string {
  const isPlain = text !== '' && !/[{}",\\\s]/.test(text) && text.toLowerCase() !== 'null';
  return isPlain ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
