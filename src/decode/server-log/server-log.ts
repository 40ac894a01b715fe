/** Records of the server log (category PostgreSQLLogs) of Flexible Server, Single Server and Cosmos DB for PostgreSQL. */
import type { LogRecord } from '../../model/record.ts';
import type { Shape } from '../envelope/shape.ts';
import { parseTime } from '../envelope/time.ts';
import { emptyRecord, type Refused } from '../log-record.ts';
import { DEFAULT_PREFIX, type PrefixPattern } from '../prefix/prefix.ts';
import { namesSecret, REDACTED, redactValues } from '../redaction/redact.ts';
import { cleanField, isClean } from '../redaction/text.ts';
import { auditMessage, cleanFact, readFact } from './fact.ts';
import { type LineHints, type LogLine, readLogLine } from './logline.ts';
import { ownLine } from './own-session.ts';
import { readServerProperties, type ServerProperties } from './server-properties.ts';

/** Holds nothing that a client chose. */
const DEFAULT_FORMAT = DEFAULT_PREFIX.format;

/** Decodes a server log record of `server` at place `index` of its message. */
export function decodeServerLog(
  index: number,
  server: string,
  shape: Shape,
  prefixes: readonly PrefixPattern[],
): LogRecord | Refused {
  const properties = readServerProperties(shape.properties ?? {});
  const { timestamp, errorLevel, session } = properties;
  const eventTime = (timestamp === null ? null : parseTime(timestamp)) ?? shape.azureTime;
  if (eventTime === null) return { code: 'BAD_TIME', reason: 'It has no time that can be read.' };
  const message = wholeMessage(properties);
  if (message === null)
    return { code: 'NOT_A_RECORD', reason: 'It is a server log record without a message.' };
  const detail = properties.detail ?? properties.detail_log;
  const statement = properties.statement ?? properties.query;
  const hints: LineHints = {
    level: errorLevel === null || errorLevel === 'LOG' ? errorLevel : errorLevel.toUpperCase(),
    levelOptional: shape.isServerGroup,
    sqlstate: properties.sqlerrcode,
    pid: properties.processId,
    detail,
  };
  const line = session === null ? readLogLine(message, hints, prefixes) : ownLine(message, session, hints);
  if (line === null) return unexplained(server, message, eventTime, hints, properties.backend_type);
  const backendType = properties.backend_type ?? line.backendType;
  const context = properties.context ?? (line.holdsNames ? null : properties.uncertainContext);
  const fact = readFact(line, { detail, context, statement, backendType });
  if (fact === 'BAD_AUDIT')
    return { code: 'BAD_AUDIT', reason: 'Its audit fields are not those of pgaudit.' };

  const record = emptyRecord(index, eventTime, shape.azureTime ?? eventTime, server, 'PostgreSQLLogs');
  record.sessionId = line.sessionId;
  record.pid = line.pid;
  record.backendType = backendType;
  record.level = hints.level ?? line.level;
  record.sqlstate = line.sqlstate;
  record.prefix = line.prefix;
  record.message = line.text;
  record.detail = detail;
  record.context = context;
  record.prefixUser = line.user;
  record.prefixDatabase = line.database;
  record.prefixClient = line.client;
  record.prefixApplication = line.application;
  record.fact = fact;
  const isAllClean =
    isClean(line.text) &&
    (line.prefix === DEFAULT_FORMAT || areNamesClean(message, line)) &&
    (detail === null || isClean(detail)) &&
    (context === null || isClean(context)) &&
    (statement === null || isClean(statement)) &&
    isPlain(record.level) &&
    isPlain(record.sqlstate) &&
    isPlain(backendType);
  blankParameters(record, statement);
  if (!isAllClean) cleanRecord(record);
  return record;
}

/** Whether what stands in front of the text, or in the fields of the session, has nothing to be cleaned. */
function areNamesClean(message: string, line: LogLine): boolean {
  if (line.prefix !== null) return isClean(message.slice(0, message.length - line.text.length));
  return [line.user, line.database, line.client, line.application].every(
    (name) => name === null || isClean(name),
  );
}

/**
 * The message with its prefix. Single Server ships the prefix as a field of its own, and the level only as a word;
 * `LOG` where it does not.
 */
function wholeMessage({ message, prefix, errorLevel }: ServerProperties): string | null {
  if (message === null || prefix === null) return message;
  return `${prefix}${errorLevel ?? 'LOG'}:  ${message}`;
}

function unexplained(
  server: string,
  message: string,
  eventTime: number,
  hints: LineHints,
  backendType: string | null,
): Refused {
  const { level, sqlstate, pid } = hints;
  return {
    code: 'PREFIX_MISMATCH',
    reason: 'Its message does not begin with the log_line_prefix and its level.',
    unexplained: { server, message, eventTime, level, sqlstate, pid, backendType },
  };
}

/** True for the words that stand in most of these fields: nothing in them has to be cleaned. */
function isPlain(word: string | null): boolean {
  if (word === null || word === '00000' || word === 'LOG' || word === 'client backend') return true;
  return isClean(word);
}

/** Every text of the record without secrets and without what cannot be stored; the parts as well as the whole. */
function cleanRecord(record: LogRecord): void {
  const { fact } = record;
  if (fact !== null) cleanFact(fact);
  record.backendType = cleanField(record.backendType);
  record.level = cleanField(record.level);
  record.sqlstate = cleanField(record.sqlstate);
  // An audit line is its fact: what was cleaned once is written again.
  record.message =
    fact?.kind === 'audit' && !fact.truncated ? auditMessage(fact) : cleanField(record.message);
  record.detail = cleanField(record.detail);
  record.context = cleanField(record.context);
  record.prefixUser = cleanField(record.prefixUser);
  record.prefixDatabase = cleanField(record.prefixDatabase);
  record.prefixClient = cleanField(record.prefixClient);
  record.prefixApplication = cleanField(record.prefixApplication);
}

/** DETAIL of a logged statement; `Parameters` since PostgreSQL 17. */
const VALUES = /parameters: |failing row contains \(/i;

/** Bind parameters of a statement about a password cannot be told apart from the password, so all of them are blanked. */
function blankParameters(record: LogRecord, statement: string | null): void {
  const { fact, message, detail, context } = record;
  if (fact?.kind === 'audit' && fact.parameters?.includes(REDACTED)) record.message = auditMessage(fact);
  const inDetail = detail !== null && VALUES.test(detail);
  const inContext = context !== null && VALUES.test(context);
  if (!inDetail && !inContext) return;
  if (!namesSecret(message ?? '') && (statement === null || !namesSecret(statement))) return;
  if (inDetail) record.detail = redactValues(detail);
  if (inContext) record.context = redactValues(context);
}
