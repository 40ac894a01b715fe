/**
 * What makes two records copies of one: the same record reaches us through the hub, a storage archive and Log Analytics,
 * and Azure gives it no id.
 *
 * The hash covers what all of these carry: server, category, `time`, session, pid, level, SQLSTATE, message and DETAIL
 * (or `properties` of the categories kept as they came). It leaves out what only some carry: `timestamp`, CONTEXT,
 * STATEMENT, backend type.
 */
import { hash } from 'node:crypto';
import type { LogRecord } from '../model/record.ts';

/**
 * 64 bits of SHA-256 over a secret key of the data folder and the content. With the key nobody who writes log lines can
 * make two that collide and so hide the second; copies are looked for within one millisecond of `azureTime` only, where
 * 64 bits do not collide by chance.
 */
export function contentHash(key: string, record: LogRecord): bigint {
  const { sessionId, pid, detail, properties, prefixUser, prefixDatabase, prefixApplication } = record;
  const isPlain =
    detail === null &&
    properties === null &&
    prefixUser === null &&
    prefixDatabase === null &&
    prefixApplication === null;
  // Length before text where a client chooses the text, so that no two lists of fields give the same string.
  const chosen = isPlain
    ? ''
    : `${sized(prefixUser)}${sized(prefixDatabase)}${sized(prefixApplication)}${sized(detail)}${sized(properties)}`;
  const text = `${key}${record.server}\0${record.category}\0${record.azureTime}\0${sessionId ?? pid}\0${record.level}\0${record.sqlstate}\0${chosen}\0${record.message}`;
  return BigInt(`0x${hash('sha256', text, 'hex').slice(0, 16)}`);
}

function sized(text: string | null): string {
  return text === null ? '-' : `${text.length}:${text}`;
}
