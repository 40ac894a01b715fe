/** One raw record → LogRecord with its fact, or the reason why it cannot be one. */
import type { LogRecord } from '../model/record.ts';
import { readSnapshot } from './connection/snapshot.ts';
import type { Envelope, RawRecord } from './envelope/envelope.ts';
import { readFields, wholeNumber } from './envelope/fields.ts';
import { keptJson } from './envelope/kept.ts';
import { readShape, type Shape } from './envelope/shape.ts';
import { parseTime } from './envelope/time.ts';
import { emptyRecord, type Refused } from './log-record.ts';
import { readPgBouncer } from './pgbouncer/pgbouncer.ts';
import type { PrefixPattern } from './prefix/prefix.ts';
import { cleanField, cleanText } from './redaction/text.ts';
import { cleanFact } from './server-log/fact.ts';
import { refusalOf } from './server-log/own-session.ts';
import { decodeServerLog } from './server-log/server-log.ts';

export interface DecodeOptions {
  /** The `log_line_prefix` values in use, tried in order; Azure's default `%t-%c-` is always tried last. */
  prefixes: readonly PrefixPattern[];
  /** The values of one server, in place of `prefixes`; undefined where it has none of its own. */
  prefixesOf?: (server: string) => readonly PrefixPattern[] | undefined;
}

/** Decodes the record at place `index` of its message. Throws RangeError for JSON nested too deeply to write again. */
export function decodeRecord(
  envelope: Envelope,
  index: number,
  raw: RawRecord,
  options: DecodeOptions,
): LogRecord | Refused {
  const shape = readShape(raw);
  const { category, server } = shape;
  if (category === null)
    return {
      code: 'NOT_A_RECORD',
      reason: refusalOf(raw) ?? 'It has neither a category nor a metric name.',
    };
  if (server === null) return { code: 'NO_SERVER', reason: 'It names no server and no resource id.' };
  if (category === 'PostgreSQLLogs') return decodeServerRecord(index, server, shape, options);
  if (category === 'PostgreSQLFlexPGBouncer' && shape.log !== null)
    return decodePgBouncer(index, server, shape.azureTime, shape.log);
  return decodeKept(index, server, category, shape, keptJson(envelope, index, raw));
}

/** Decodes a record of the server log of which the shape is known. */
export function decodeServerRecord(
  index: number,
  server: string,
  shape: Shape,
  options: DecodeOptions,
): LogRecord | Refused {
  const prefixes = options.prefixesOf?.(server) ?? options.prefixes;
  return decodeServerLog(index, server, shape, prefixes);
}

/** A category without a form of its own, kept to be asked for; a snapshot of a session tells its names as well. */
function decodeKept(
  index: number,
  server: string,
  category: string,
  shape: Shape,
  json: string,
): LogRecord | Refused {
  const fields = readFields(shape.properties);
  const timestamp = fields.get('timestamp');
  const eventTime = (typeof timestamp === 'string' ? parseTime(timestamp) : null) ?? shape.azureTime;
  if (eventTime === null) return noTime();
  const record = emptyRecord(index, eventTime, shape.azureTime ?? eventTime, server, cleanText(category));
  const snapshot = category === 'PostgreSQLFlexSessions' ? readSnapshot(fields) : null;
  record.properties = json;
  record.pid = snapshot?.pid ?? wholeNumber(fields.get('processid'));
  record.sessionId = snapshot?.sessionId ?? null;
  record.backendType = snapshot?.backendType ?? null;
  record.fact = snapshot?.fact ?? null;
  return record;
}

function decodePgBouncer(
  index: number,
  server: string,
  azureTime: number | null,
  log: string,
): LogRecord | Refused {
  const line = readPgBouncer(log);
  const eventTime = azureTime ?? parseTime(line.time ?? '');
  if (eventTime === null) return noTime();
  const record = emptyRecord(index, eventTime, eventTime, server, 'PostgreSQLFlexPGBouncer');
  record.sessionId = cleanField(line.sessionId);
  record.pid = line.pid;
  record.level = cleanField(line.level);
  record.message = cleanText(line.text);
  record.prefixUser = cleanField(line.user);
  record.prefixDatabase = cleanField(line.database);
  record.prefixClient = cleanField(line.client);
  record.fact = line.fact;
  if (record.fact !== null) cleanFact(record.fact);
  return record;
}

function noTime(): Refused {
  return { code: 'BAD_TIME', reason: 'It has no time that can be read.' };
}
