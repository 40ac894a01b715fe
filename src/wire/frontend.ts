/** Messages of the client (PostgreSQL's protocol 3.0), decoded. Whatever does not fit is a ProtocolError. */

/** The client does not keep to the protocol: it is told so, and the connection ends. */
export class ProtocolError extends Error {}

/** A length that a message says of itself is not believed beyond these. Before sign-in little is known of who talks. */
export const MAX_STARTUP_BYTES = 10_000;
export const MAX_SIGN_IN_BYTES = 2_000;
export const MAX_MESSAGE_BYTES = 1_048_576;
/** Of one Bind. PostgreSQL has 65,535; nobody asks that much of a view. */
const MAX_PARAMETERS = 10_000;

export type Startup =
  | { kind: 'tls' }
  | { kind: 'gss' }
  | { kind: 'cancel'; pid: number; secret: number }
  | { kind: 'startup'; minor: number; parameters: Map<string, string> };

const CANCEL_CODE = 80_877_102;
const TLS_CODE = 80_877_103;
const GSS_CODE = 80_877_104;

/** The first message, which has no type. */
export function decodeStartup(body: Buffer): Startup {
  const fields = new Fields(body);
  const code = fields.int32();
  if (code === TLS_CODE || code === GSS_CODE) {
    fields.end();
    return { kind: code === TLS_CODE ? 'tls' : 'gss' };
  }
  if (code === CANCEL_CODE) {
    const request = { kind: 'cancel', pid: fields.int32(), secret: fields.int32() } as const;
    fields.end();
    return request;
  }
  if (code >>> 16 !== 3)
    throw new ProtocolError(`unsupported frontend protocol ${code >>> 16}.${code & 0xffff}`);
  const parameters = new Map<string, string>();
  for (let name = fields.text(); name !== ''; name = fields.text()) parameters.set(name, fields.text());
  fields.end();
  return { kind: 'startup', minor: code & 0xffff, parameters };
}

export interface Parse {
  kind: 'parse';
  name: string;
  sql: string;
  /** OIDs; 0 where the server decides. */
  types: number[];
}

export interface Bind {
  kind: 'bind';
  portal: string;
  statement: string;
  /** 0: text, 1: binary. One for all, or one each; none: text. */
  parameterFormats: number[];
  values: (Buffer | null)[];
  resultFormats: number[];
}

export type Message =
  | { kind: 'query'; sql: string }
  | Parse
  | Bind
  | { kind: 'describe' | 'close'; what: 'statement' | 'portal'; name: string }
  /** `limit` 0: all rows. */
  | { kind: 'execute'; portal: string; limit: number }
  | { kind: 'sync' | 'flush' | 'terminate' }
  /** CopyData, CopyDone, CopyFail: ignored when no COPY is under way, as PostgreSQL does. */
  | { kind: 'copy' }
  | { kind: 'function-call' };

/** A message after sign-in. */
export function decodeMessage(type: string, body: Buffer): Message {
  const fields = new Fields(body);
  const message = decoded(type, fields);
  fields.end();
  return message;
}

function decoded(type: string, fields: Fields): Message {
  switch (type) {
    case 'Q':
      return { kind: 'query', sql: fields.text() };
    case 'P':
      return {
        kind: 'parse',
        name: fields.text(),
        sql: fields.text(),
        types: fields.list(() => fields.int32()),
      };
    case 'B':
      return {
        kind: 'bind',
        portal: fields.text(),
        statement: fields.text(),
        parameterFormats: fields.list(() => fields.format()),
        values: fields.list(() => fields.value()),
        resultFormats: fields.list(() => fields.format()),
      };
    case 'D':
    case 'C':
      return { kind: type === 'D' ? 'describe' : 'close', what: fields.target(), name: fields.text() };
    case 'E':
      return { kind: 'execute', portal: fields.text(), limit: Math.max(0, fields.int32()) };
    case 'S':
      return { kind: 'sync' };
    case 'H':
      return { kind: 'flush' };
    case 'X':
      return { kind: 'terminate' };
    case 'd':
    case 'c':
    case 'f':
      fields.rest();
      return { kind: 'copy' };
    case 'F':
      fields.rest();
      return { kind: 'function-call' };
    default:
      throw new ProtocolError('unknown type of message');
  }
}

/** The chosen mechanism and the first SCRAM message. */
export function decodeSaslInitial(body: Buffer): { mechanism: string; data: string } {
  const fields = new Fields(body);
  const mechanism = fields.text();
  const data = fields.value();
  fields.end();
  return { mechanism, data: data?.toString('latin1') ?? '' };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the fields of one message, never beyond its end. */
class Fields {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  int32(): number {
    return this.#take(4).readInt32BE();
  }

  int16(): number {
    return this.#take(2).readUInt16BE();
  }

  format(): number {
    const format = this.int16();
    if (format > 1) throw new ProtocolError('unknown format code');
    return format;
  }

  target(): 'statement' | 'portal' {
    const code = this.#take(1).toString('latin1');
    if (code !== 'S' && code !== 'P') throw new ProtocolError('neither a statement nor a portal');
    return code === 'S' ? 'statement' : 'portal';
  }

  text(): string {
    const end = this.#body.indexOf(0, this.#at);
    if (end === -1) throw new ProtocolError('a text has no end');
    const bytes = this.#body.subarray(this.#at, end);
    this.#at = end + 1;
    return decodeText(bytes);
  }

  /** Null for a length of -1. */
  value(): Buffer | null {
    const length = this.int32();
    if (length === -1) return null;
    if (length < 0) throw new ProtocolError('negative length');
    return this.#take(length);
  }

  list<T>(read: () => T): T[] {
    const count = this.int16();
    if (count > MAX_PARAMETERS) throw new ProtocolError(`more than ${MAX_PARAMETERS} parameters`);
    return Array.from({ length: count }, read);
  }

  rest(): void {
    this.#at = this.#body.length;
  }

  end(): void {
    if (this.#at !== this.#body.length) throw new ProtocolError('a message is longer than its fields');
  }

  #take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#body.length) throw new ProtocolError('a message ends in the middle of a field');
    const bytes = this.#body.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}

/** @throws ProtocolError for bytes that are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ProtocolError('invalid byte sequence for encoding "UTF8"');
  }
}
