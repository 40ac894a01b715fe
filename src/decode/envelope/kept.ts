/** JSON of a record that is kept as it came. */

import { cleanJson } from '../redaction/text.ts';
import type { Envelope, RawRecord } from './envelope.ts';
import { readFields } from './fields.ts';
import { parseText } from './json.ts';

/** A number in JSON that a double may not hold; in a string it does no harm. */
const LONG_NUMBER = /\d{16}|\de\+/;

/** Strings, which are stepped over, and numbers of a JSON text that is known to be valid. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/**
 * The `properties` of the record at `index`, or all of it where it has none, as JSON without secrets. Whole numbers that
 * a double cannot hold, such as the 64-bit `Queryid`, become strings of their digits (RFC 7493, 2.2).
 * Throws RangeError for JSON nested too deeply to write again.
 */
export function keptJson(envelope: Envelope, index: number, raw: RawRecord): string {
  const json = cleanJson(keptPart(raw));
  if (!LONG_NUMBER.test(json)) return json;
  const exact = parseText(quoteLongNumbers(sourceOf(envelope, index)));
  return typeof exact === 'object' && exact !== null ? cleanJson(keptPart(exact as RawRecord)) : json;
}

function keptPart(raw: RawRecord): unknown {
  return raw.properties ?? readFields(raw).get('properties') ?? raw;
}

function sourceOf(envelope: Envelope, index: number): string {
  return new TextDecoder().decode(envelope.bytesOf(index));
}

/** The same JSON with whole numbers that a double cannot hold as strings of their digits. @param json valid JSON */
export function quoteLongNumbers(json: string): string {
  return json.replace(STRING_OR_NUMBER, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}
