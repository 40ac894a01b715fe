/** Bytes of a message → records with their facts, and rejects. Pure; what is remembered between calls changes speed only. */
import { hash } from 'node:crypto';
import type { DecodedMessage } from '../model/message.ts';
import type { LogRecord } from '../model/record.ts';
import type { Reject } from '../model/reject.ts';
import { type Envelope, type RawRecord, readEnvelope } from './envelope/envelope.ts';
import { decodeUtf8 } from './envelope/json.ts';
import { isGzip, type Unpacked, unpackGzip } from './envelope/packed.ts';
import { learnTemplate, readTemplated } from './envelope/template.ts';
import type { Refused } from './log-record.ts';
import { type DecodeOptions, decodeRecord, decodeServerRecord } from './record.ts';
import { redactBytes } from './redaction/redact.ts';

/**
 * Decodes a message: one Event Hubs event or one line of an archive, packed with gzip or not. Every record in it comes back once,
 * decoded or as a reject with its bytes; `index` counts both. Secrets are blanked in all of it. Never throws.
 */
export function decodeMessage(body: Uint8Array, options: DecodeOptions): DecodedMessage {
  return isGzip(body) ? decodePacked(body, options) : decodeUnpacked(body, options);
}

function decodeUnpacked(body: Uint8Array, options: DecodeOptions): DecodedMessage {
  const text = decodeUtf8(body);
  const usual = decodeUsual(text, options);
  if (usual !== null) return usual;
  learnTemplate(text);
  return decodeInFull(body, options, text);
}

/** A body that cannot be unpacked to its end is a reject, beside the records of its start. One packed twice is no JSON. */
function decodePacked(body: Uint8Array, options: DecodeOptions): DecodedMessage {
  const unpacked = unpackGzip(body);
  const decoded =
    unpacked === null
      ? { records: [], rejects: [], unexplained: [] }
      : decodeUnpacked(unpacked.bytes, options);
  if (unpacked?.isWhole === true) return decoded;
  const reason =
    unpacked === null
      ? 'It is packed with gzip and damaged, or unpacks to more than 64 MB. Packed bytes may hide secrets: kept is what tells it apart.'
      : 'It is packed with gzip and cut; what could be unpacked is decoded.';
  const others = decoded.rejects.filter(({ index }) => index !== null);
  const reject: Reject = { index: null, code: 'INVALID_JSON', reason, raw: keptBytes(body, unpacked) };
  return { ...decoded, rejects: [reject, ...others] };
}

/**
 * The bytes of a message as they may be kept: without their secrets, and unpacked, because in packed ones nobody finds any.
 * Of a message that cannot be unpacked, its length and SHA-256.
 */
export function keptBytes(
  body: Uint8Array,
  unpacked: Unpacked | null = isGzip(body) ? unpackGzip(body) : { bytes: body, isWhole: true },
): Uint8Array {
  if (unpacked !== null) return redactBytes(unpacked.bytes);
  return Buffer.from(`${body.length} bytes of gzip, SHA-256 ${hash('sha256', body)}`);
}

/** `decodeMessage` for a message whose records are as known and all decode; null for any other. */
function decodeUsual(text: string, options: DecodeOptions): DecodedMessage | null {
  const shapes = readTemplated(text);
  if (shapes === null) return null;
  const records: LogRecord[] = [];
  for (let index = 0; index < shapes.length; index++) {
    const shape = shapes[index]!;
    const result = decodeServerRecord(index, shape.server!, shape, options);
    if ('code' in result) return null;
    records.push(result);
  }
  return { records, rejects: [], unexplained: [] };
}

/** `decodeMessage` for any message. @param text the message as text, where it is known already */
export function decodeInFull(
  body: Uint8Array,
  options: DecodeOptions,
  text: string = decodeUtf8(body),
): DecodedMessage {
  const envelope = readEnvelope(body, text);
  const decoded: DecodedMessage = { records: [], rejects: [], unexplained: [] };
  for (let index = 0; index < envelope.elements.length; index++) {
    const raw = envelope.elements[index]!;
    const result =
      raw === null ? refuseElement(envelope, index) : decodeSafely(envelope, index, raw, options);
    if ('code' in result) {
      decoded.rejects.push(rejectOf(result, envelope, index));
      if (result.unexplained !== undefined) decoded.unexplained.push(result.unexplained);
    } else decoded.records.push(result);
  }
  distrustBrokenLines(envelope, decoded.records);
  return decoded;
}

/**
 * A line break in a name that a client sent to PgBouncer breaks the line in two, and the collector ships two records: the
 * first may be whatever the client wished. PgBouncer writes a tab after the break, which no line of its own begins with.
 */
function distrustBrokenLines({ elements }: Envelope, records: readonly LogRecord[]): void {
  for (const record of records) {
    if (record.category !== 'PostgreSQLFlexPGBouncer') continue;
    const next = elements[record.index + 1]?.log;
    if (typeof next !== 'string' || !next.startsWith('\t')) continue;
    record.fact = null;
    record.sessionId = null;
    record.prefixUser = null;
    record.prefixDatabase = null;
    record.prefixClient = null;
  }
}

function refuseElement(envelope: Envelope, index: number): Refused {
  return envelope.isBroken(index)
    ? { code: 'INVALID_JSON', reason: 'Its JSON is broken.' }
    : { code: 'NOT_A_RECORD', reason: 'It is not a JSON object.' };
}

function decodeSafely(
  envelope: Envelope,
  index: number,
  raw: RawRecord,
  options: DecodeOptions,
): LogRecord | Refused {
  try {
    return decodeRecord(envelope, index, raw, options);
  } catch (error) {
    return { code: 'NOT_A_RECORD', reason: `It cannot be decoded: ${String(error)}.` };
  }
}

function rejectOf(refused: Refused, envelope: Envelope, index: number): Reject {
  const raw = envelope.bytesOf(index);
  const { code, reason } = refused;
  return { index: raw.length === envelope.length ? null : index, code, reason, raw: redactBytes(raw) };
}
