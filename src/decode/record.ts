/** One raw record → LogRecord with its fact, or the reason why it cannot be one. */
import type { ConnectionEvent, Fact, LogRecord, RejectCode, UnexplainedLine } from '../model.ts';
import { readConnection, sameName } from './connection.ts';
import type { RawRecord } from './envelope.ts';
import { readFailure, readSettingChange } from './failure.ts';
import { type Fields, integerOf, parseTime, readFields, serverName, textOf } from './fields.ts';
import { isAuditLine, type LogLine, readLogLine } from './logline.ts';
import { AUDIT_MARK, readAudit } from './pgaudit.ts';
import { readPgBouncer } from './pgbouncer.ts';
import type { PrefixPattern } from './prefix.ts';
import { namesSecret, REDACTED } from './redact.ts';
import { cleanField, cleanJson, cleanText } from './text.ts';

/** A record that cannot be decoded, without its bytes. */
export interface Refused {
  code: RejectCode;
  reason: string;
  /** The line whose prefix nothing explains. */
  unexplained?: UnexplainedLine;
}

/** What every category has in common. */
interface Frame {
  index: number;
  eventTime: number;
  azureTime: number;
  server: string;
  category: string;
}

/** Decodes the record at place `index` of its message. Throws RangeError for JSON nested too deeply to write again. */
export function decodeRecord(
  raw: RawRecord,
  index: number,
  prefixes: readonly PrefixPattern[],
): LogRecord | Refused {
  const top = readFields(raw);
  const properties = readFields(raw.properties ?? top.get('properties'));
  const category = textOf(top, 'category') ?? (top.has('metricname') ? 'metrics' : null);
  if (category === null)
    return { code: 'NOT_A_RECORD', reason: 'It has neither a category nor a metric name.' };
  const server = serverName(top);
  if (server === null) return { code: 'NO_SERVER', reason: 'It names no server and no resource id.' };
  const eventTime = timeOf(top, properties);
  if (eventTime === null) return { code: 'BAD_TIME', reason: 'It has no time that can be read.' };
  const azureTime = parseTime(textOf(top, 'time') ?? '') ?? eventTime;
  const frame = { index, eventTime, azureTime, server: cleanText(server), category: cleanText(category) };
  if (category === 'PostgreSQLLogs') return decodeServerLog(frame, properties, prefixes);
  const line = textOf(top, 'log');
  if (category === 'PostgreSQLFlexPGBouncer' && line !== null) return decodePgBouncer(frame, line);
  const kept = raw.properties ?? raw;
  return recordOf(frame, { properties: cleanJson(kept), pid: integerOf(properties, 'processid') });
}

/** `properties.timestamp` is set with the event; `time` up to some milliseconds, on old builds minutes, later. */
function timeOf(top: Fields, properties: Fields): number | null {
  const line = readPgBouncer(textOf(top, 'log') ?? '').time;
  for (const text of [textOf(properties, 'timestamp'), textOf(top, 'time'), line]) {
    const time = text === null ? null : parseTime(text);
    if (time !== null) return time;
  }
  return null;
}

function decodeServerLog(
  frame: Frame,
  properties: Fields,
  prefixes: readonly PrefixPattern[],
): LogRecord | Refused {
  const message = serverMessage(properties);
  if (message === null)
    return { code: 'NOT_A_RECORD', reason: 'It is a server log record without a message.' };
  const detail = textOf(properties, 'detail') ?? textOf(properties, 'detaillog');
  const context = textOf(properties, 'context');
  const statement = textOf(properties, 'statement') ?? textOf(properties, 'query');
  const hints = {
    level: textOf(properties, 'errorlevel')?.toUpperCase() ?? null,
    sqlstate: textOf(properties, 'sqlerrcode'),
    pid: integerOf(properties, 'processid'),
    detail,
  };
  const line = readLogLine(message, hints, prefixes);
  if (line === null)
    return {
      code: 'PREFIX_MISMATCH',
      reason: 'Its message does not begin with the log_line_prefix and its level.',
      unexplained: {
        server: frame.server,
        message,
        eventTime: frame.eventTime,
        level: hints.level,
        sqlstate: hints.sqlstate,
        pid: hints.pid,
        backendType: textOf(properties, 'backendtype'),
      },
    };
  const backendType = textOf(properties, 'backendtype') ?? line.backendType;
  const fact = readFact({ line, detail, context, statement, backendType });
  if (fact === 'BAD_AUDIT')
    return { code: 'BAD_AUDIT', reason: 'Its audit fields are not those of pgaudit.' };
  const isSecretStatement = namesSecret(line.text) || (statement !== null && namesSecret(statement));
  return recordOf(frame, {
    sessionId: line.sessionId,
    pid: line.pid,
    backendType: cleanField(backendType),
    level: hints.level === null ? line.level : cleanText(hints.level),
    sqlstate: cleanField(line.sqlstate),
    prefix: line.prefix,
    message: cleanText(line.text),
    detail: detail === null ? null : cleanDetail(detail, isSecretStatement),
    context: cleanField(context),
    prefixUser: cleanField(line.user),
    prefixDatabase: cleanField(line.database),
    prefixClient: cleanField(line.client),
    prefixApplication: cleanField(line.application),
    fact: fact === null ? null : cleanFact(fact),
  });
}

/** The message with its prefix. Single Server ships the prefix as a field of its own, and the level only as a word. */
function serverMessage(properties: Fields): string | null {
  const message = textOf(properties, 'message');
  const prefix = textOf(properties, 'prefix');
  if (message === null || prefix === null) return message;
  return `${prefix}${textOf(properties, 'errorlevel') ?? 'LOG'}:  ${message}`;
}

interface ServerLine {
  line: LogLine;
  detail: string | null;
  context: string | null;
  statement: string | null;
  backendType: string | null;
}

/**
 * False for a connection line that speaks of another user than its prefix: `RAISE LOG` wrote it. (So it did where the
 * line has a CONTEXT, which the server's own connection and setting lines never have.) `received` comes before any user.
 */
function isOwnEvent(event: ConnectionEvent | null, prefixUser: string | null): boolean {
  if (event === null || prefixUser === null) return true;
  return event.event !== 'received' && (event.user === null || sameName(event.user, prefixUser));
}

function readFact({ line, detail, context, statement, backendType }: ServerLine): Fact | 'BAD_AUDIT' | null {
  const { level, text } = line;
  if (isAuditLine(level, text)) return readAudit(text.slice(AUDIT_MARK.length)) ?? 'BAD_AUDIT';
  const connection = readConnection({ ...line, detail, prefixUser: line.user });
  const setting = readSettingChange(level, text);
  const isGenuine = level !== 'LOG' || (context === null && isOwnEvent(connection, line.user));
  if (isGenuine && connection !== null) return connection;
  // Only the postmaster reports a reload at level LOG.
  if (isGenuine && setting !== null && (backendType === null || backendType === 'postmaster')) return setting;
  return readFailure(level, line.sqlstate, text, statement);
}

/** Bind parameters of a statement about a password cannot be told apart from the password. */
function cleanDetail(detail: string, isSecretStatement: boolean): string {
  return isSecretStatement && /^parameters: /i.test(detail) ? `parameters: ${REDACTED}` : cleanText(detail);
}

/** The fact with every text in it cleaned: a name, too, may hold a connection string that was meant for elsewhere. */
function cleanFact(fact: Fact): Fact {
  const entries = Object.entries(fact).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? cleanText(value) : value,
  ]);
  return Object.fromEntries(entries) as Fact;
}

function decodePgBouncer(frame: Frame, log: string): LogRecord {
  const line = readPgBouncer(log);
  return recordOf(frame, {
    pid: line.pid,
    level: line.level,
    message: cleanText(line.text),
    prefixUser: cleanField(line.user),
    prefixDatabase: cleanField(line.database),
    prefixClient: cleanField(line.client),
  });
}

function recordOf(frame: Frame, fields: Partial<LogRecord>): LogRecord {
  return {
    ...frame,
    sessionId: null,
    pid: null,
    backendType: null,
    level: null,
    sqlstate: null,
    prefix: null,
    message: null,
    detail: null,
    context: null,
    properties: null,
    prefixUser: null,
    prefixDatabase: null,
    prefixClient: null,
    prefixApplication: null,
    fact: null,
    ...fields,
  };
}
