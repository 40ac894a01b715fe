/** Fields of a raw record: lookup in whatever spelling, times, server name. */
import type { RawRecord } from './envelope.ts';

/** Fields of one JSON object by lower-case name without `_`: `processId`, `Process_Id` and `processid` are one. */
export type Fields = ReadonlyMap<string, unknown>;

export function readFields(object: unknown): Fields {
  const fields = new Map<string, unknown>();
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return fields;
  for (const [key, value] of Object.entries(object as RawRecord)) {
    const name = key.toLowerCase().replaceAll('_', '');
    // An unset field is absent on Flexible Server, `""` on Single Server, null elsewhere.
    if (value !== null && value !== '' && !fields.has(name)) fields.set(name, value);
  }
  return fields;
}

/** A string field, or null when it is absent, empty or of another type. */
export function textOf(fields: Fields, name: string): string | null {
  const value = fields.get(name);
  return typeof value === 'string' ? value : null;
}

/** A field that holds a whole number ≥ 0 as number or decimal text; null otherwise. */
export function integerOf(fields: Fields, name: string): number | null {
  const value = fields.get(name);
  const number = typeof value === 'string' && /^\d{1,15}(?:\.0+)?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z| ?UTC| ?GMT| ?([+-])(\d\d):?(\d\d)?)?$/;

/**
 * Milliseconds of a time as Azure or PostgreSQL writes it: `2026-07-02T03:00:06.467Z` with 0 to 9 digits of a second's
 * fraction (cut to milliseconds), `2026-07-02 03:00:06.467 UTC`, or with an offset. Without a zone it is UTC.
 * Null for anything else, also for dates that do not exist.
 */
export function parseTime(text: string): number | null {
  const parts = TIME.exec(text);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 60) return null;
  const millisecond = Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3));
  const midnight = Date.UTC(year, month - 1, day);
  const date = new Date(midnight);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1) return null;
  const offset =
    (Number(parts[9] ?? 0) * 60 + Number(parts[10] ?? 0)) * (parts[8] === '-' ? -60_000 : 60_000);
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond - offset;
}

/** Server name in lower case: `LogicalServerName`, else the last segment of the resource id; null when there is neither. */
export function serverName(top: Fields): string | null {
  const name = textOf(top, 'logicalservername') ?? textOf(top, 'resourceid')?.split('/').at(-1);
  const trimmed = name?.trim().toLowerCase();
  return trimmed ? trimmed : null;
}
