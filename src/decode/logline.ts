/** Splits the `message` of a server record into log_line_prefix, level, SQLSTATE and text. */
import { readConnection } from './connection.ts';
import { AUDIT_MARK, isWellFormedAudit } from './pgaudit.ts';
import { DEFAULT_PREFIX, matchPrefix, type PrefixPattern, type PrefixReading } from './prefix.ts';

/** One line of the server, with what its prefix says. */
export interface LogLine {
  /** The `log_line_prefix` that explains it. */
  prefix: string;
  level: string;
  /** Text after the level, and after the SQLSTATE that `log_error_verbosity = verbose` adds. */
  text: string;
  /** `%c`, or made of `%s` and the process id; lower case. */
  sessionId: string | null;
  pid: number | null;
  sqlstate: string | null;
  backendType: string | null;
  /** Null where the prefix does not have them, a background process has none, or a client made them ambiguous. */
  user: string | null;
  database: string | null;
  client: string | null;
  application: string | null;
}

/** What the record says beside its message. */
export interface LineHints {
  /** `errorLevel`; null when the record has none. */
  level: string | null;
  sqlstate: string | null;
  pid: number | null;
  detail: string | null;
}

/** Levels as they stand in a line; DEBUG1 to DEBUG5 all print DEBUG. */
const LEVELS = ['LOG', 'ERROR', 'FATAL', 'WARNING', 'NOTICE', 'INFO', 'PANIC', 'DEBUG'];

/** pgaudit.log_level cannot be set to these. */
const NEVER_AUDIT = new Set(['ERROR', 'FATAL', 'PANIC']);

/**
 * Reads a line with the first of `prefixes` that fits, then with Azure's default `%t-%c-`; null when none does.
 * The level word must follow directly.
 */
export function readLogLine(
  message: string,
  hints: LineHints,
  prefixes: readonly PrefixPattern[],
): LogLine | null {
  const levels = hints.level === null ? LEVELS : [hints.level.replace(/^DEBUG\d$/, 'DEBUG')];
  for (const pattern of [...prefixes, DEFAULT_PREFIX]) {
    for (const level of levels) {
      const readings = matchPrefix(pattern, message, level);
      if (readings.length === 1 && !readings[0]!.ambiguous)
        return lineOf(message, level, pattern, readings[0]!, hints);
      if (readings.length > 0) return chooseLine(message, level, hints, pattern, readings);
    }
  }
  return null;
}

/** True when a line of this level and text is one of pgaudit: `AUDIT: ` counts directly after the level only. */
export function isAuditLine(level: string, text: string): boolean {
  return text.startsWith(AUDIT_MARK) && !NEVER_AUDIT.has(level);
}

/**
 * One of several readings of a line whose prefix holds separators or `LEVEL: ` in a name that a client chose. In order:
 * 1. The well-formed audit line, so that no audit row is hidden or invented. Only the true one is: a forged start in front
 *    of a true line has too many fields, or too many by one quote; a true line from somewhere in its middle has one quote
 *    without a partner.
 * 2. The first whose connection event is about the user that the prefix names: a line about another user is forged.
 * 3. The first, without the names that the prefix seems to say.
 */
function chooseLine(
  message: string,
  level: string,
  hints: LineHints,
  pattern: PrefixPattern,
  readings: readonly PrefixReading[],
): LogLine {
  const lines = readings.map((reading) =>
    lineOf(message, level, pattern, { ...reading, ambiguous: true }, hints),
  );
  const audited = lines.find(
    (line) => isAuditLine(level, line.text) && isWellFormedAudit(line.text.slice(AUDIT_MARK.length)),
  );
  if (audited !== undefined) return audited;
  for (const [index, line] of lines.entries()) {
    const event = readConnection({ ...line, detail: hints.detail, prefixUser: null });
    if (event?.user == null) continue;
    // On stderr PostgreSQL puts a tab after a line break in a text, but not after one in the prefix.
    const agreeing = [event.user, event.user.replaceAll('\n\t', '\n')]
      .flatMap((user) => matchPrefix(pattern, message, level, user))
      .find((reading) => reading.end === readings[index]!.end);
    if (agreeing !== undefined) return lineOf(message, level, pattern, agreeing, hints);
  }
  return lines[0]!;
}

function lineOf(
  message: string,
  level: string,
  pattern: PrefixPattern,
  reading: PrefixReading,
  hints: LineHints,
): LogLine {
  const { values } = reading;
  const rest = message.slice(reading.end + level.length + 1).replace(/^ {1,2}/, '');
  const pid = hints.pid ?? numberOf(values.get('p')) ?? pidOf(values.get('c'));
  const sqlstate = hints.sqlstate ?? values.get('e') ?? null;
  const verbose = /^([0-9A-Z]{5}): /.exec(rest);
  const isVerbose = verbose !== null && (sqlstate === null || verbose[1] === sqlstate);
  const named = (text: string | undefined): string | null =>
    reading.ambiguous || text === undefined || text === '' || text === '[unknown]' ? null : text;
  return {
    prefix: pattern.format,
    level,
    text: isVerbose ? rest.slice(7) : rest,
    sessionId: values.get('c') ?? sessionFrom(values.get('s'), pid),
    pid,
    sqlstate: sqlstate ?? (isVerbose ? verbose[1]! : null),
    backendType: values.get('b') || null,
    user: named(values.get('u')),
    database: named(values.get('d')),
    client: named(values.get('h')) ?? named(values.get('r')?.replace(/\(\d{1,5}\)$/, '')),
    application: named(values.get('a')),
  };
}

/** `%c` is the session's start in seconds and its process id, both in hexadecimal. */
function sessionFrom(start: string | undefined, pid: number | null): string | null {
  if (start === undefined || pid === null || !start.endsWith(' UTC')) return null;
  const seconds = Date.parse(`${start.slice(0, 10)}T${start.slice(11, 19)}Z`) / 1000;
  return Number.isInteger(seconds) ? `${seconds.toString(16)}.${pid.toString(16)}` : null;
}

function pidOf(sessionId: string | undefined): number | null {
  return sessionId === undefined ? null : Number.parseInt(sessionId.slice(sessionId.indexOf('.') + 1), 16);
}

function numberOf(text: string | undefined): number | null {
  return text === undefined || text === '' ? null : Number(text);
}
