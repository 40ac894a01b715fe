/** Builds records the way Azure does, for the tests of this folder. */
import { decodeMessage } from '../../src/decode/message.ts';
import { compilePrefix } from '../../src/decode/prefix/prefix.ts';
import type { DecodeOptions } from '../../src/decode/record.ts';
import type { ConnectionEvent } from '../../src/model/fact.ts';
import type { DecodedMessage } from '../../src/model/message.ts';
import type { LogRecord } from '../../src/model/record.ts';

export const START = '2026-07-02 03:00:06 UTC-6a45d422.1513f3-';
export const PID = 0x1513f3;

/** The prefix that names users: every name in it is the client's choice. */
export const NAMING_PREFIX = '%t-%c-user=%u,db=%d,app=%a,client=%h ';

export function serverRecord(properties: object, top: object = {}): object {
  return {
    category: 'PostgreSQLLogs',
    resourceId: '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL/FLEXIBLESERVERS/SRV1',
    time: '2026-07-02T03:00:06.469Z',
    LogicalServerName: 'srv1',
    properties: { timestamp: '2026-07-02 03:00:06.467 UTC', processId: PID, ...properties },
    ...top,
  };
}

/** A line with the default prefix. */
export function lineRecord(level: string, text: string, more: object = {}): object {
  const sqlerrcode = level === 'LOG' ? '00000' : 'XX000';
  return serverRecord({ errorLevel: level, sqlerrcode, message: `${START}${level}:  ${text}`, ...more });
}

/** A line with NAMING_PREFIX. */
export function namedRecord(
  level: string,
  text: string,
  names: { user: string; database?: string; application?: string },
): object {
  const { user, database = 'postgres', application = '[unknown]' } = names;
  const message = `${START}user=${user},db=${database},app=${application},client=127.0.0.1 ${level}:  ${text}`;
  return serverRecord({ errorLevel: level, sqlerrcode: level === 'LOG' ? '00000' : '28P01', message });
}

export const NO_PREFIXES: DecodeOptions = { prefixes: [] };
export const NAMING: DecodeOptions = { prefixes: [compilePrefix(NAMING_PREFIX)] };

export function decode(value: unknown, options: DecodeOptions = NO_PREFIXES): DecodedMessage {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return decodeMessage(Buffer.from(text), options);
}

/** The only record of a message. */
export function decodeOne(record: object, options: DecodeOptions = NO_PREFIXES): LogRecord {
  const { records, rejects } = decode({ records: [record] }, options);
  if (records.length !== 1 || rejects.length !== 0)
    throw new Error(`not one record: ${JSON.stringify(rejects.map(({ code, reason }) => [code, reason]))}`);
  return records[0]!;
}

export function connectionOf(record: LogRecord): ConnectionEvent {
  if (record.fact?.kind !== 'connection') throw new Error(`no connection event: ${record.message}`);
  return record.fact;
}
