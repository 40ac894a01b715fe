/** Values in PostgreSQL's binary format, from their text. Drivers ask for it for the types that they know well. */
import { type Kind, oidOf, type PgType } from './pg-type.ts';

/** Microseconds from 1970 to 2000, PostgreSQL's beginning of time. */
const EPOCH_MICROS = 946_684_800_000_000n;
const MAX_INT64 = 0x7fff_ffff_ffff_ffffn;
const DAY_MS = 86_400_000;

export function hasBinaryFormat({ kind, list }: PgType): boolean {
  return !list && kind !== 'interval' && kind !== 'time';
}

/** @param text as `textOf` writes it. */
export function binaryOf(text: string, type: PgType): Buffer {
  if (!hasBinaryFormat(type)) throw new Error(`type ${oidOf(type)} has no binary format here`);
  return ENCODERS[type.kind]!(text);
}

/** @throws RangeError, SyntaxError for bytes that are no value of the type */
export function textFromBinary(bytes: Buffer, { kind }: PgType): string {
  const decode = DECODERS[kind];
  if (decode === undefined) throw new RangeError(`no binary format of ${kind} here`);
  return decode(bytes);
}

const utf8 = (text: string) => Buffer.from(text, 'utf8');

const ENCODERS: Partial<Record<Kind, (text: string) => Buffer>> = {
  bool: (text) => Buffer.from([text === 't' ? 1 : 0]),
  int2: (text) => fixed(2, (bytes) => bytes.writeInt16BE(Number(text))),
  int4: (text) => fixed(4, (bytes) => bytes.writeInt32BE(Number(text))),
  int8: (text) => fixed(8, (bytes) => bytes.writeBigInt64BE(BigInt(text))),
  float4: (text) => fixed(4, (bytes) => bytes.writeFloatBE(Number(text))),
  float8: (text) => fixed(8, (bytes) => bytes.writeDoubleBE(Number(text))),
  text: utf8,
  json: utf8,
  bytea: (text) => Buffer.from(text.slice(2), 'hex'),
  uuid: (text) => Buffer.from(text.replaceAll('-', ''), 'hex'),
  date: (text) =>
    fixed(4, (bytes) => {
      const infinite = infinityOf(text);
      const days = (Date.parse(`${text}T00:00:00Z`) - Number(EPOCH_MICROS / 1000n)) / DAY_MS;
      bytes.writeInt32BE(infinite === null ? days : infinite > 0 ? 0x7fff_ffff : -0x8000_0000);
    }),
  timestamp: timestampBinary,
  timestamptz: timestampBinary,
  numeric: numericBinary,
};

const DECODERS: Partial<Record<Kind, (bytes: Buffer) => string>> = {
  bool: (bytes) => (bytes.readUInt8() === 0 ? 'false' : 'true'),
  int2: (bytes) => String(bytes.readInt16BE()),
  int4: (bytes) => String(bytes.readInt32BE()),
  int8: (bytes) => String(bytes.readBigInt64BE()),
  float4: (bytes) => String(bytes.readFloatBE()),
  float8: (bytes) => String(bytes.readDoubleBE()),
  text: (bytes) => bytes.toString('utf8'),
  json: (bytes) => bytes.toString('utf8'),
  uuid: (bytes) => {
    if (bytes.length !== 16) throw new RangeError('a UUID has 16 bytes');
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  },
  date: (bytes) =>
    new Date(Number(EPOCH_MICROS / 1000n) + bytes.readInt32BE() * DAY_MS).toISOString().slice(0, 10),
  timestamp: timestampFromBinary,
  timestamptz: (bytes) => `${timestampFromBinary(bytes)}+00`,
};

function fixed(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
}

function infinityOf(text: string): number | null {
  return text === 'infinity' ? 1 : text === '-infinity' ? -1 : null;
}

function timestampBinary(text: string): Buffer {
  const infinite = infinityOf(text);
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?/.exec(text);
  if (infinite === null && match === null) throw new RangeError(`no timestamp: ${text}`);
  return fixed(8, (bytes) => {
    if (infinite !== null) bytes.writeBigInt64BE(infinite > 0 ? MAX_INT64 : -MAX_INT64 - 1n);
    else {
      const millis = Date.parse(`${match![1]}T${match![2]}Z`);
      const micros = BigInt(millis) * 1000n + BigInt((match![3] ?? '').padEnd(6, '0'));
      bytes.writeBigInt64BE(micros - EPOCH_MICROS);
    }
  });
}

function timestampFromBinary(bytes: Buffer): string {
  const micros = bytes.readBigInt64BE() + EPOCH_MICROS;
  const remainder = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - remainder) / 1000n)).toISOString().slice(0, 19);
  return `${seconds.replace('T', ' ')}.${remainder.toString().padStart(6, '0')}`;
}

const DIGITS = 4;

/** Groups of four decimal digits, with the weight of the first and the number of digits behind the point. */
function numericBinary(text: string): Buffer {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text);
  // NaN and the like: a sign that says so, and no digits.
  if (match === null) return Buffer.from([0, 0, 0, 0, 0xc0, 0, 0, 0]);
  const [, sign, whole, fraction = ''] = match;
  const padded = whole!.padStart(Math.ceil(whole!.length / DIGITS) * DIGITS, '0');
  const behind = fraction.padEnd(Math.ceil(fraction.length / DIGITS) * DIGITS, '0');
  const groups = `${padded}${behind}`.match(/\d{4}/g)!.map(Number);
  let weight = padded.length / DIGITS - 1;
  while (groups.length > 0 && groups[0] === 0) {
    groups.shift();
    weight--;
  }
  while (groups.length > 0 && groups.at(-1) === 0) groups.pop();
  if (groups.length === 0) weight = 0;
  const bytes = Buffer.alloc(8 + groups.length * 2);
  bytes.writeInt16BE(groups.length, 0);
  bytes.writeInt16BE(weight, 2);
  bytes.writeUInt16BE(sign === '-' && groups.length > 0 ? 0x4000 : 0, 4);
  bytes.writeUInt16BE(fraction.length, 6);
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(group, 8 + index * 2);
  return bytes;
}
