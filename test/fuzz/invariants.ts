/** What must hold for the decoded form of any bytes whatever. */
import { isDeepStrictEqual } from 'node:util';
import { decodeInFull, decodeMessage } from '../../src/decode/message.ts';
import { compilePrefix, type PrefixPattern } from '../../src/decode/prefix/prefix.ts';
import { CONNECTION_EVENTS } from '../../src/model/fact.ts';
import type { DecodedMessage } from '../../src/model/message.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { REJECT_CODES } from '../../src/model/reject.ts';

const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** How much time of a processor a message may take, milliseconds. */
const PATIENCE = 250;
/** And for each element that it falls into: a refusal by the JSON parser alone takes a hundredth of a millisecond. */
const PATIENCE_PER_ELEMENT = 0.05;

const NAMING = ['%t-%c-user=%u,db=%d,app=%a,client=%h ', '%m [%p] [user=%u,db=%d,app=%a] '];
const OTHERS = [
  '%t:%r:%u@%d:[%p]:%a:%e',
  '%t %p %l-1 db-%d,user-%u,app-%a,client-%h ',
  '%a',
  '%q%-20u%8d|%i%%',
  '',
];

/** Sets of prefixes that a server may have used. */
const PREFIX_SETS: readonly (readonly PrefixPattern[])[] = [
  [],
  NAMING.map(compilePrefix),
  OTHERS.map(compilePrefix),
  [...OTHERS, ...NAMING].map(compilePrefix),
];

/**
 * Decodes a message with the set of prefixes number `turn` (all sets where it is null) and says what is wrong with the
 * result, or null. Slow counts when it is slow three times.
 */
export function complaintAbout(message: Uint8Array, turn: number | null): string | null {
  const sets = turn === null ? PREFIX_SETS : [PREFIX_SETS[turn % PREFIX_SETS.length]!];
  for (const prefixes of sets) {
    const complaint = complaintWith(message, prefixes);
    if (complaint !== null)
      return `${complaint} (prefixes ${JSON.stringify(prefixes.map((one) => one.format))})`;
  }
  return null;
}

function complaintWith(message: Uint8Array, prefixes: readonly PrefixPattern[]): string | null {
  let fastest = Number.POSITIVE_INFINITY;
  let patience = PATIENCE;
  for (let attempt = 0; attempt < 3 && fastest > patience; attempt++) {
    const start = process.cpuUsage();
    let decoded: DecodedMessage;
    try {
      decoded = decodeMessage(message, { prefixes });
    } catch (error) {
      return `throws ${String(error)}`;
    }
    const { user, system } = process.cpuUsage(start);
    fastest = Math.min(fastest, (user + system) / 1000);
    patience = PATIENCE + PATIENCE_PER_ELEMENT * (decoded.records.length + decoded.rejects.length);
    const complaint = complaintInResult(message, decoded);
    if (complaint !== null) return complaint;
    if (!isDeepStrictEqual(decoded, decodeInFull(message, { prefixes })))
      return 'decodes differently in full';
  }
  return fastest > patience ? `takes ${fastest.toFixed(0)} ms` : null;
}

function complaintInResult(message: Uint8Array, decoded: DecodedMessage): string | null {
  const { records, rejects, unexplained } = decoded;
  for (const record of records) {
    const complaint = complaintInRecord(record) ?? complaintInValues(record, 'record');
    if (complaint !== null) return complaint;
  }
  for (const { code, reason, raw } of rejects) {
    if (!REJECT_CODES.includes(code)) return `reject code ${code}`;
    if (!(raw instanceof Uint8Array)) return 'a reject without bytes';
    if (/cannot be decoded/.test(reason) && !/RangeError/.test(reason))
      return `hides an exception: ${reason}`;
    const complaint = complaintInValues(reason, 'reason');
    if (complaint !== null) return complaint;
  }
  const mismatches = rejects.filter((reject) => reject.code === 'PREFIX_MISMATCH').length;
  if (unexplained.length > mismatches)
    return `${unexplained.length} unexplained lines, ${mismatches} rejects`;
  return complaintInCount(message, decoded);
}

/** Every element comes back once, and in order of its index. */
function complaintInCount(message: Uint8Array, { records, rejects }: DecodedMessage): string | null {
  const total = records.length + rejects.length;
  const indexes = [...records, ...rejects].flatMap(({ index }) => (index === null ? [] : [index]));
  const whole = total - indexes.length;
  if (whole > 1 || (whole === 1 && total > 1)) return `${whole} rejects of a whole message among ${total}`;
  if (new Set(indexes).size !== indexes.length) return 'an index comes back twice';
  if (indexes.some((index) => !Number.isSafeInteger(index) || index < 0 || index >= total))
    return `indexes ${indexes.join(' ')} of ${total}`;
  const expected = countElements(message);
  return expected === null || expected === total ? null : `${total} elements come back of ${expected}`;
}

/** How many elements a message has that is JSON; null for another, where only people can tell. */
function countElements(message: Uint8Array): number | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(message));
  } catch {
    return null;
  }
  const recordsOf = (one: unknown): unknown[] | null => {
    const records = one !== null && typeof one === 'object' && 'records' in one ? one.records : null;
    return Array.isArray(records) && !Array.isArray(one) ? records : null;
  };
  const count = (one: unknown): number => recordsOf(one)?.length ?? 1;
  return Array.isArray(value)
    ? value.reduce((sum: number, one: unknown) => sum + count(one), 0)
    : count(value);
}

function complaintInRecord(record: LogRecord): string | null {
  const { fact } = record;
  if (typeof record.server !== 'string' || record.server === '') return 'a record without a server';
  if (typeof record.category !== 'string') return 'a record without a category';
  if (!isTime(record.eventTime) || !isTime(record.azureTime)) return 'a time that is none';
  if (record.category === 'PostgreSQLLogs' && (record.level === null || record.message === null))
    return 'a server line without level or message';
  const shape = record.category === 'PostgreSQLFlexPGBouncer' ? /^pgbouncer\/./ : /^[0-9a-f]+\.[0-9a-f]+$/;
  if (record.sessionId !== null && !shape.test(record.sessionId))
    return `session id ${JSON.stringify(record.sessionId)}`;
  if (fact?.kind !== 'connection') return null;
  if (!CONNECTION_EVENTS.includes(fact.event)) return `connection event ${fact.event}`;
  return fact.clientPort !== null && (fact.clientPort < 0 || fact.clientPort > 99_999)
    ? `client port ${fact.clientPort}`
    : null;
}

/** A time that the store's column holds. */
function isTime(time: unknown): boolean {
  return typeof time === 'number' && Math.abs(time) <= 8.64e15 && !Number.isNaN(time);
}

/** Strings must be storable and numbers whole: a column takes nothing else. Undefined is a forgotten field. */
function complaintInValues(value: unknown, name: string): string | null {
  if (value === undefined) return `${name} is undefined`;
  if (typeof value === 'string' && UNSTORABLE.test(value))
    return `${name} is not storable: ${JSON.stringify(value.slice(0, 80))}`;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return `${name} is ${value}`;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const complaint = complaintInValues(inner, `${name}.${key}`);
    if (complaint !== null) return complaint;
  }
  return null;
}
