/** What DuckDB's values become outside: things that JSON can hold, without losing a digit. */
import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api';

/** A value of a result. */
export type Cell = null | boolean | number | string | Cell[] | { [key: string]: Cell };

/**
 * A value as JSON has it:
 * - whole numbers of any width are numbers while JavaScript holds them exactly, else decimal strings;
 * - DECIMAL is a number while 15 digits hold it, else a string; NaN and infinities are strings;
 * - TIMESTAMP, with or without zone, is ISO 8601 in UTC: 3, 6 or 9 digits of seconds, as many as it needs, and `Z`;
 * - BLOB is base64, lists are arrays, STRUCT an object, MAP a list of {key, value};
 * - everything else (DATE, TIME, INTERVAL, UUID, …) is DuckDB's text.
 */
export function cellOf(value: DuckDBValue): Cell {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return exactNumber(value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (value instanceof DuckDBDecimalValue) return value.width <= 15 ? value.toDouble() : value.toString();
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(cellOf);
  if (value instanceof DuckDBUnionValue) return cellOf(value.value);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([key, inner]) => [key, cellOf(inner)]));
  }
  if (value instanceof DuckDBMapValue) {
    return value.entries.map((entry) => ({ key: cellOf(entry.key), value: cellOf(entry.value) }));
  }
  return timestampText(value) ?? value.toString();
}

function exactNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** ISO 8601 of a timestamp; null for other values, infinities and years that a Date does not reach. */
function timestampText(value: object): string | null {
  const nanos = nanosOf(value);
  if (nanos === null || ('isFinite' in value && value.isFinite === false)) return null;
  const remainder = ((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((nanos - remainder) / 1_000_000n));
  if (Number.isNaN(date.getTime())) return null;
  const digits = remainder
    .toString()
    .padStart(6, '0')
    .replace(/^(\d{3})000$/, '$1');
  return date.toISOString().replace('Z', remainder === 0n ? 'Z' : `${digits}Z`);
}

/** Nanoseconds since 1970-01-01 UTC of any of DuckDB's timestamp types; null for other values. */
function nanosOf(value: object): bigint | null {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return value.micros * 1_000n;
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.nanos;
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis * 1_000_000n;
  return value instanceof DuckDBTimestampSecondsValue ? value.seconds * 1_000_000_000n : null;
}
