/** The envelope of a message: which records it holds, before anything is said about what is in them. */
import { parseText } from './json.ts';
import { type Part, splitRecords } from './salvage.ts';

/** A JSON object that stands for one record. */
export type RawRecord = Readonly<Record<string, unknown>>;

export interface Envelope {
  /** The records as parsed, in order; `null` in the place of one that is not a JSON object. */
  elements: (RawRecord | null)[];
  /**
   * The bytes of the element at `index`, for a reject. Found on demand, because nearly no message has one; written
   * again from what was parsed where the element cannot be told apart.
   */
  bytesOf(index: number): Uint8Array;
  /** Length of the message in bytes. */
  length: number;
  /** True when the element is `null` because its JSON is broken, false when it is JSON of another type. */
  isBroken(index: number): boolean;
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Opens a message. Accepts `{"records":[…]}` (what Azure Monitor sends to Event Hubs), a bare array, a single record,
 * JSON lines (what it writes to a storage archive), and arrays of envelopes (what Stream Analytics passes on).
 * Never throws.
 * @param text the message as text: `decodeUtf8` of it
 */
export function readEnvelope(message: Uint8Array, text: string): Envelope {
  const body = BYTE_ORDER_MARK.every((byte, index) => message[index] === byte)
    ? message.subarray(3)
    : message;
  const value = parseText(text);
  if (value === undefined) return readSalvaged(body);
  const values = unwrap(value);
  const elements = values.map(asRecord);
  let parts: Part[] | null = null;
  return {
    elements,
    length: body.length,
    bytesOf(index) {
      parts ??= splitRecords(body);
      return parts.length === elements.length ? parts[index]!.bytes : encode(values[index], body);
    },
    isBroken: () => false,
  };
}

function readSalvaged(body: Uint8Array): Envelope {
  const parts: Uint8Array[] = [];
  const elements: (RawRecord | null)[] = [];
  const broken = new Set<number>();
  for (const { bytes, value } of splitRecords(body)) {
    if (value === undefined) broken.add(parts.length);
    const inner = value === undefined ? [null] : unwrap(value);
    for (const element of inner) {
      elements.push(asRecord(element));
      parts.push(inner.length === 1 ? bytes : encode(element, bytes));
    }
  }
  return {
    elements,
    length: body.length,
    bytesOf: (index) => parts[index] ?? body,
    isBroken: (index) => broken.has(index),
  };
}

/** The elements of `{"records":[…]}`, of an array, and of such envelopes inside an array; else the value itself. */
function unwrap(value: unknown): unknown[] {
  if (!Array.isArray(value)) return recordsOf(value) ?? [value];
  return value.flatMap((element: unknown) => recordsOf(element) ?? [element]);
}

function recordsOf(value: unknown): unknown[] | null {
  const records = asRecord(value)?.records;
  return Array.isArray(records) ? records : null;
}

/** The element written again as JSON, where its own bytes are not known; `fallback` when it is nested too deeply. */
function encode(element: unknown, fallback: Uint8Array): Uint8Array {
  try {
    return new TextEncoder().encode(JSON.stringify(element));
  } catch {
    return fallback;
  }
}

function asRecord(value: unknown): RawRecord | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RawRecord) : null;
}
