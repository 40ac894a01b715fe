/** Fields of a JSON object, looked up in whatever spelling they came in. */
import type { RawRecord } from './envelope.ts';

/** Fields of one JSON object by `fieldName`. */
export type Fields = ReadonlyMap<string, unknown>;

/** Type suffixes that the Log Analytics table AzureDiagnostics adds to its columns. */
const DIAGNOSTICS_SUFFIX = /_[sdbgt]$/;

/** Lower case without `_`: `processId`, `Process_Id` and `processid` are one. */
export function fieldName(key: string): string {
  return key.toLowerCase().replaceAll('_', '');
}

/** Name of an AzureDiagnostics column: `processId_d` is `processid`. */
export function columnName(key: string): string {
  return fieldName(key.replace(DIAGNOSTICS_SUFFIX, ''));
}

/** The fields that are set: an unset one is absent on Flexible Server, `""` on Single Server, null elsewhere. */
export function readFields(object: unknown, nameOf: (key: string) => string = fieldName): Fields {
  const fields = new Map<string, unknown>();
  if (!isObject(object)) return fields;
  for (const [key, value] of Object.entries(object)) {
    const name = nameOf(key);
    if (value !== null && value !== '' && !fields.has(name)) fields.set(name, value);
  }
  return fields;
}

/** True for a JSON object, false for an array or a scalar. */
export function isObject(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first of several fields that is a string and not empty, or null. */
export function textOf(fields: Fields, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = fields.get(name);
    if (typeof value === 'string') return value;
  }
  return null;
}

/** A whole number ≥ 0, written as a number or as decimal text (`4711.0` in Log Analytics); null for anything else. */
export function wholeNumber(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,15}(?:\.0+)?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}
