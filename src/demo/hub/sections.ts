/**
 * Splicing of encoded AMQP messages (AMQP 1.0 part 3, 3.2). The hub adds annotations and leaves the bare message
 * of the sender byte for byte as it was, so nothing that it does not understand gets lost.
 */
import { Refusal } from './refusal.ts';
import { encodeValue, message, types } from './wire.ts';

const HEADER = 0x70;
const DELIVERY_ANNOTATIONS = 0x71;
const MESSAGE_ANNOTATIONS = 0x72;
const PROPERTIES = 0x73;
const DATA = 0x75;

/** Annotations by symbol; values as rhea unwrapped them, or typed where the wire type matters. */
export type Annotations = Record<string, unknown>;

/** A message as its sender encoded it, apart from what lies between header and bare message. */
export interface SplitMessage {
  /** The whole header section; empty when there is none. */
  header: Buffer;
  annotations: Annotations;
  /** Properties, application properties, body, footer. */
  bare: Buffer;
}

interface Section {
  code: number;
  start: number;
  /** Where the value's constructor byte stands. */
  value: number;
  end: number;
}

/** Splits one encoded message. Throws a `Refusal` when the bytes are not a message. */
export function splitMessage(encoded: Buffer): SplitMessage {
  let header: Buffer = encoded.subarray(0, 0);
  let annotations: Annotations = {};
  let bare = encoded.length;
  for (const section of sections(encoded, PROPERTIES)) {
    if (section.code >= PROPERTIES) {
      bare = section.start;
      break;
    }
    if (section.code === HEADER) header = encoded.subarray(section.start, section.end);
    if (section.code === MESSAGE_ANNOTATIONS) annotations = decodeAnnotations(encoded, section);
  }
  return { header, annotations, bare: encoded.subarray(bare) };
}

/**
 * Opens a batch (message format 0x80013700): an envelope whose data sections each hold one encoded message.
 * Throws a `Refusal` when the bytes are not such an envelope.
 */
export function splitBatch(encoded: Buffer): { annotations: Annotations; messages: Buffer[] } {
  let annotations: Annotations = {};
  const messages: Buffer[] = [];
  for (const section of sections(encoded)) {
    if (section.code === MESSAGE_ANNOTATIONS) annotations = decodeAnnotations(encoded, section);
    if (section.code !== DATA) continue;
    const code = encoded[section.value];
    if (code !== 0xa0 && code !== 0xb0) throw undecodable('a data section does not hold binary');
    messages.push(encoded.subarray(section.value + (code === 0xa0 ? 2 : 5), section.end));
  }
  return { annotations, messages };
}

export function messageAnnotations(annotations: Annotations): Buffer {
  return mapSection(MESSAGE_ANNOTATIONS, annotations);
}

export function deliveryAnnotations(annotations: Annotations): Buffer {
  return mapSection(DELIVERY_ANNOTATIONS, annotations);
}

/** A body of one data section. */
export function dataSection(body: Uint8Array): Buffer {
  const start = Buffer.from([0x00, 0x53, DATA, 0xb0, 0, 0, 0, 0]);
  start.writeUInt32BE(body.length, 4);
  return Buffer.concat([start, body]);
}

/** Walks the sections in order; sections from `opaqueFrom` on may hold anything, the walk ends at the first. */
function* sections(encoded: Buffer, opaqueFrom = Number.POSITIVE_INFINITY): Generator<Section> {
  for (let start = 0; start < encoded.length; ) {
    const [code, value] = readDescriptor(encoded, start);
    if (code >= opaqueFrom) {
      yield { code, start, value, end: encoded.length };
      return;
    }
    const end = endOfValue(encoded, value);
    if (end > encoded.length) throw undecodable('a section is cut short');
    yield { code, start, value, end };
    start = end;
  }
}

/** Descriptor code of the section at `start`, and where its value begins. */
function readDescriptor(encoded: Buffer, start: number): [code: number, value: number] {
  if (encoded[start] === 0x00) {
    if (encoded[start + 1] === 0x53 && start + 3 < encoded.length) return [encoded[start + 2]!, start + 3];
    if (encoded[start + 1] === 0x80 && start + 10 < encoded.length)
      return [Number(encoded.readBigUInt64BE(start + 2)), start + 10];
  }
  throw undecodable('a section has no numeric descriptor');
}

/** End of the value whose constructor stands at `at`: its high nibble gives the width (AMQP 1.0 part 1, 1.2). */
function endOfValue(encoded: Buffer, at: number): number {
  const width = encoded[at]! >> 4;
  if (width === 0x4) return at + 1;
  if (width >= 0x5 && width <= 0x9) return at + 1 + 2 ** (width - 0x5);
  if (width >= 0xa && at + 1 < encoded.length) {
    if (width % 2 === 0) return at + 2 + encoded[at + 1]!;
    if (at + 4 < encoded.length) return at + 5 + encoded.readUInt32BE(at + 1);
  }
  throw undecodable('a section has no readable value');
}

function decodeAnnotations(encoded: Buffer, section: Section): Annotations {
  try {
    return message.decode(encoded.subarray(section.start, section.end)).message_annotations ?? {};
  } catch {
    throw undecodable('the message annotations are not a map');
  }
}

function mapSection(code: number, map: Annotations): Buffer {
  return encodeValue(types.described_nc(types.wrap_ulong(code), types.wrap_symbolic_map(map)));
}

function undecodable(what: string): Refusal {
  return new Refusal('amqp:decode-error', `The message cannot be decoded: ${what}.`);
}
