/**
 * Finds the records of a message whose JSON as a whole does not parse, so that one broken record costs that record only.
 * Azure has sent `"properties": [ 227 B blob data ]` and raw control characters inside otherwise good messages, and the
 * last line of a blob that is still being written is cut.
 *
 * Works on bytes: every character that JSON gives a meaning is ASCII, so UTF-8 needs no decoding to be split.
 */
import { parseJson } from './json.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const NEWLINE = 0x0a;

/** Start of `{"records":[`, of the same inside an array (Stream Analytics), or of a bare array. */
const LIST_START = /^(?:\[\s*)?\{\s*"records"\s*:\s*\[|^\[/i;
/** How many bytes such a start may take. */
const START_REACH = 256;

/** What Stream Analytics writes behind the records of an envelope: `"PartitionId": 1`. */
const MEMBER_START = /^"\w{1,64}"\s*:/;
/** How many bytes such a member may take. */
const MEMBER_REACH = 1024;

/** Before the next record. Inside a properly escaped string this cannot occur: its quotes would be `\"`. */
const RECORD_BOUNDARY = /,\s*(?=\{\s*"\w{1,64}"\s*:)/;

/** Attempts to find the next record after a broken one may read this many times the length of the message. */
const RESYNC_FACTOR = 8;

/** A piece of a message that stands for one record. */
export interface Part {
  bytes: Uint8Array;
  /** What the bytes say as JSON; undefined when they are broken. */
  value: unknown;
}

/**
 * Splits a message into its top-level records, in order, whether they parse or not. Accepts `{"records":[…]}`, a bare
 * array, several of them or single records one a line. Linear in the length of `body`.
 */
export function splitRecords(body: Uint8Array): Part[] {
  const parts: Part[] = [];
  let budget = body.length * RESYNC_FACTOR;
  let at = 0;
  while (at < body.length) {
    if (isSeparator(body[at]!)) {
      at++;
      continue;
    }
    const start = LIST_START.exec(latin1(body.subarray(at, at + START_REACH)));
    if (start === null) {
      const part = lineOrRecord(body, at, budget);
      parts.push(part);
      budget -= part.cost;
      at += part.bytes.length;
      continue;
    }
    at += start[0].length;
    while (at < body.length && body[at] !== CLOSE_BRACKET) {
      if (isSeparator(body[at]!)) {
        at++;
        continue;
      }
      const end = elementEnd(body, at);
      const value = parseJson(body.subarray(at, end));
      budget -= end - at;
      const cut = value === undefined && budget > 0 ? nextRecord(body, at, end) : end;
      parts.push({ bytes: trimEnd(body.subarray(at, cut)), value });
      at = cut;
    }
    at = listEnd(body, at);
  }
  return parts;
}

/**
 * What stands outside of a list: a line, or a record in several lines, or one of several records on a line. `cost` is
 * what it took to find out.
 */
function lineOrRecord(body: Uint8Array, at: number, budget: number): Part & { cost: number } {
  const line = body.subarray(at, lineEnd(body, at));
  const value = parseJson(line);
  if (value !== undefined || body[at] !== OPEN_BRACE || budget <= 0) return { bytes: line, value, cost: 0 };
  const record = body.subarray(at, elementEnd(body, at));
  const recordValue = parseJson(record);
  const cost = record.length + line.length;
  if (recordValue !== undefined) return { bytes: record, value: recordValue, cost };
  const end = nextRecord(body, at, at + line.length);
  return { bytes: trimEnd(body.subarray(at, end)), value, cost };
}

/** Where to go on after the `]` of a list: behind the other members of its envelope. */
function listEnd(body: Uint8Array, at: number): number {
  let end = at;
  while (end < body.length) {
    if (isSeparator(body[end]!)) {
      end++;
      continue;
    }
    const reach = body.subarray(end, end + MEMBER_REACH);
    const length = MEMBER_START.test(latin1(reach.subarray(0, 80))) ? elementEnd(reach, 0) : reach.length;
    if (length === reach.length) break;
    end += length;
  }
  return end;
}

/** Where the element that begins at `at` ends: after its closing bracket, before a comma, or at the end of the body. */
function elementEnd(body: Uint8Array, at: number): number {
  let depth = 0;
  let inString = false;
  for (let i = at; i < body.length; i++) {
    const byte = body[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
      continue;
    }
    if (byte === QUOTE) inString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return i;
      depth--;
      if (depth === 0) return i + 1;
    } else if (byte === COMMA && depth === 0) return i;
  }
  return body.length;
}

/**
 * Where the record after a broken one begins, if the broken one has swallowed others (a quote or a bracket too many).
 * `end` when it has not.
 */
function nextRecord(body: Uint8Array, at: number, end: number): number {
  const boundary = RECORD_BOUNDARY.exec(latin1(body.subarray(at, end)));
  return boundary === null ? end : at + boundary.index + boundary[0].length;
}

function lineEnd(body: Uint8Array, at: number): number {
  const end = body.indexOf(NEWLINE, at);
  return end < 0 ? body.length : end;
}

/** Between two records, or what is left of an envelope. */
function isSeparator(byte: number): boolean {
  return byte === COMMA || byte <= 0x20 || byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
}

/** Without the comma and blanks that separated the record from the next. */
function trimEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1]! <= 0x20 || bytes[end - 1] === COMMA)) end--;
  return bytes.subarray(0, end);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
