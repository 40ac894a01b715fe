/** Messages of the server (PostgreSQL's protocol 3.0), as bytes. */

/** One column as a RowDescription tells it. */
export interface Field {
  name: string;
  oid: number;
  /** Bytes of the type; -1: as many as it takes. */
  size: number;
  /** Precision and scale of a NUMERIC; -1: none. */
  modifier: number;
}

export interface Complaint {
  severity: 'ERROR' | 'FATAL' | 'WARNING' | 'NOTICE';
  /** SQLSTATE. */
  code: string;
  message: string;
  hint?: string;
}

export type TransactionStatus = 'I' | 'T' | 'E';

function message(type: string, ...parts: Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(length, 1);
  return Buffer.concat([head, ...parts], length + 1);
}

function int16(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2);
  for (const [index, number] of numbers.entries()) bytes.writeUInt16BE(number & 0xffff, index * 2);
  return bytes;
}

function int32(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [index, number] of numbers.entries()) bytes.writeInt32BE(number | 0, index * 4);
  return bytes;
}

/** NUL ends a text: one inside would let what follows pass for fields of the message. */
function text(value: string): Buffer {
  return Buffer.from(`${value.replaceAll('\0', '�')}\0`, 'utf8');
}

export const authenticationOk = () => message('R', int32(0));
export const saslMechanisms = (...names: string[]) => message('R', int32(10), ...names.map(text), text(''));
export const saslContinue = (data: string) => message('R', int32(11), Buffer.from(data, 'latin1'));
export const saslFinal = (data: string) => message('R', int32(12), Buffer.from(data, 'latin1'));
export const parameterStatus = (name: string, value: string) => message('S', text(name), text(value));
export const backendKeyData = (pid: number, secret: number) => message('K', int32(pid, secret));
export const readyForQuery = (status: TransactionStatus) => message('Z', Buffer.from(status, 'latin1'));
/** The newest minor version is 3.0, and these options are unknown. */
export const negotiateVersion = (options: string[]) =>
  message('v', int32(0, options.length), ...options.map(text));
export const parseComplete = () => message('1');
export const bindComplete = () => message('2');
export const closeComplete = () => message('3');
export const noData = () => message('n');
export const portalSuspended = () => message('s');
export const emptyQuery = () => message('I');
export const commandComplete = (tag: string) => message('C', text(tag));
export const parameterDescription = (oids: readonly number[]) =>
  message('t', int16(oids.length), int32(...oids));
export const copyOut = (columns: number) =>
  message('H', Buffer.from([0]), int16(columns), int16(...Array<number>(columns).fill(0)));
export const copyData = (line: string) => message('d', Buffer.from(line, 'utf8'));
export const copyDone = () => message('c');

/** @param formats one for each field */
export function rowDescription(fields: readonly Field[], formats: readonly number[]): Buffer {
  const parts = fields.flatMap(({ name, oid, size, modifier }, index) => [
    text(name),
    // No table, no number of a column in it.
    int32(0),
    int16(0),
    int32(oid),
    int16(size),
    int32(modifier),
    int16(formats[index] ?? 0),
  ]);
  return message('T', int16(fields.length), ...parts);
}

export function dataRow(values: readonly (Buffer | null)[]): Buffer {
  const length = values.reduce((sum, value) => sum + 4 + (value?.length ?? 0), 6);
  const bytes = Buffer.allocUnsafe(length + 1);
  bytes.write('D', 0, 'latin1');
  bytes.writeInt32BE(length, 1);
  bytes.writeInt16BE(values.length, 5);
  let at = 7;
  for (const value of values) {
    at = bytes.writeInt32BE(value?.length ?? -1, at);
    if (value !== null) at += value.copy(bytes, at);
  }
  return bytes;
}

/** ErrorResponse for errors, NoticeResponse for the others. */
export function complaint({ severity, code, message: what, hint }: Complaint): Buffer {
  const fields: [string, string][] = [
    ['S', severity],
    ['V', severity],
    ['C', code],
    ['M', what],
    ...(hint ? [['H', hint] as [string, string]] : []),
  ];
  const parts = fields.map(([key, value]) => text(key + value));
  const type = severity === 'ERROR' || severity === 'FATAL' ? 'E' : 'N';
  return message(type, ...parts, Buffer.from([0]));
}
