/** Bytes of a message → records with their facts, and rejects. Pure; what is remembered between calls changes speed only. */
import type { DecodedMessage, LogRecord, Reject } from '../model.ts';
import { type Envelope, type RawRecord, readEnvelope } from './envelope.ts';
import type { Refused } from './log-record.ts';
import { type DecodeOptions, decodeRecord } from './record.ts';
import { redactBytes } from './redact.ts';

/**
 * Decodes a message: one Event Hubs event or one line of an archive, uncompressed. Every record in it comes back once,
 * decoded or as a reject with its bytes; `index` counts both. Secrets are blanked in all of it. Never throws.
 */
export function decodeMessage(body: Uint8Array, options: DecodeOptions): DecodedMessage {
  const envelope = readEnvelope(body);
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
  return decoded;
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
