/** Splits the `message` of a server record into log_line_prefix, level, SQLSTATE and text. */

import { chooseReading, isAuditLine, textStartOf, verboseSqlstate } from '../prefix/choice.ts';
import {
  DEFAULT_PREFIX,
  type PrefixPattern,
  type PrefixReading,
  readShaped,
  valueAt,
} from '../prefix/prefix.ts';
import { VALUE_LENGTH } from '../prefix/reach.ts';
import { searchPrefix } from '../prefix/search.ts';

export { isAuditLine };

/** One line of the server, with what its prefix says. */
export interface LogLine {
  /** The `log_line_prefix` that explains it; null where the log has its fields apart. */
  prefix: string | null;
  /** The prefix has escapes that print what a client chose. */
  holdsNames: boolean;
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
  /** Cosmos DB for PostgreSQL ships lines without the level word: the text may follow the prefix directly. */
  levelOptional: boolean;
}

/** Levels as they stand in a line; DEBUG1 to DEBUG5 all print DEBUG. */
const LEVELS = ['LOG', 'ERROR', 'FATAL', 'WARNING', 'NOTICE', 'INFO', 'PANIC', 'DEBUG'];

/**
 * Reads a line with the first of `prefixes` that fits, then with Azure's default `%t-%c-`; null when none does.
 * The level word must follow directly, unless it is optional and no prefix fits with it.
 */
export function readLogLine(
  message: string,
  hints: LineHints,
  prefixes: readonly PrefixPattern[],
): LogLine | null {
  for (let index = 0; index <= prefixes.length; index++) {
    const pattern = index < prefixes.length ? prefixes[index]! : DEFAULT_PREFIX;
    const line =
      hints.level === null
        ? readAnyLevel(pattern, message, hints)
        : readLevel(pattern, message, hints.level, hints);
    if (line !== null) return line;
  }
  if (!hints.levelOptional) return null;
  for (let index = 0; index <= prefixes.length; index++) {
    const line = readWithoutLevel(
      index < prefixes.length ? prefixes[index]! : DEFAULT_PREFIX,
      message,
      hints,
    );
    if (line !== null) return line;
  }
  return null;
}

function readLevel(pattern: PrefixPattern, message: string, level: string, hints: LineHints): LogLine | null {
  const word = level.length === 6 && level.startsWith('DEBUG') ? 'DEBUG' : level;
  return readWord(pattern, message, word, word, hints);
}

/** Without a level in the record a name may hold another one: where two fit, no name is believed. */
function readAnyLevel(pattern: PrefixPattern, message: string, hints: LineHints): LogLine | null {
  let found: LogLine | null = null;
  for (const level of LEVELS) {
    const line = readWord(pattern, message, level, level, hints);
    if (line !== null && found !== null) return { ...found, ...NO_NAMES, sessionId: null };
    found ??= line;
  }
  return found;
}

const NO_NAMES = { user: null, database: null, client: null, application: null };

/** Only for prefixes whose end can be told: they have an escape, and the last is not a name that the text continues. */
function readWithoutLevel(pattern: PrefixPattern, message: string, hints: LineHints): LogLine | null {
  const last = pattern.tokens.at(-1);
  const isEnded = last !== undefined && (last.letter === '' || last.scan !== null);
  if (!isEnded || pattern.tokens.every(({ letter }) => letter === '')) return null;
  return readWord(pattern, message, '', hints.level ?? 'LOG', hints);
}

/** Reads a line in which `word` follows the prefix; an empty one where the text does. */
function readWord(
  pattern: PrefixPattern,
  message: string,
  word: string,
  level: string,
  hints: LineHints,
): LogLine | null {
  if (pattern.isShaped) {
    const reading = readShaped(pattern, message, word);
    return reading === null ? null : wordLine(pattern, message, reading, word, level, hints);
  }
  const { sqlstate, pid, detail } = hints;
  const known = { pid, sqlstate, names: {}, nameLength: VALUE_LENGTH };
  const readings = searchPrefix(pattern, message, word, known);
  if (readings === null) return null;
  if (readings.ends.length === 1)
    return wordLine(pattern, message, readings.reading(readings.ends), word, level, hints);
  const choice = chooseReading(pattern, message, readings, { ...known, word, level, detail });
  const line = lineOf(pattern, message, choice.reading, choice.textStart, level, hints);
  return choice.isCertain ? line : { ...line, ...NO_NAMES };
}

/** The line of a single reading. */
function wordLine(
  pattern: PrefixPattern,
  message: string,
  reading: PrefixReading,
  word: string,
  level: string,
  hints: LineHints,
): LogLine {
  const sqlstate = hints.sqlstate ?? valueAt(message, reading, pattern.sqlstate);
  return lineOf(pattern, message, reading, textStartOf(message, reading.end, word, sqlstate), level, hints);
}

function lineOf(
  pattern: PrefixPattern,
  message: string,
  reading: PrefixReading,
  textStart: number,
  level: string,
  hints: LineHints,
): LogLine {
  const session = valueAt(message, reading, pattern.session);
  const pid = hints.pid ?? numberOf(valueAt(message, reading, pattern.pid)) ?? pidOf(session);
  const line: LogLine = {
    prefix: pattern.format,
    holdsNames: holdsNames(pattern),
    level,
    text: message.slice(textStart),
    sessionId: session,
    pid,
    sqlstate:
      hints.sqlstate ??
      valueAt(message, reading, pattern.sqlstate) ??
      // Only the SQLSTATE of a verbose line puts its text this far behind the level.
      (textStart >= reading.end + level.length + 9 ? verboseSqlstate(message, textStart - 7, null) : null),
    backendType: null,
    user: null,
    database: null,
    client: null,
    application: null,
  };
  if (pattern === DEFAULT_PREFIX) return line;
  line.sessionId ??= sessionFrom(valueAt(message, reading, pattern.start), pid);
  line.backendType = valueAt(message, reading, pattern.backendType) || null;
  line.user = named(valueAt(message, reading, pattern.user));
  line.database = named(valueAt(message, reading, pattern.database));
  line.client =
    named(valueAt(message, reading, pattern.host)) ?? clientOf(valueAt(message, reading, pattern.remote));
  line.application = named(valueAt(message, reading, pattern.application));
  return line;
}

function holdsNames({ user, database, host, application }: PrefixPattern): boolean {
  return user >= 0 || database >= 0 || host >= 0 || application >= 0;
}

function named(text: string | null): string | null {
  return text === '' || text === '[unknown]' ? null : text;
}

/** The address of `127.0.0.1(59192)`. */
function clientOf(remote: string | null): string | null {
  if (remote === null) return null;
  const open = remote.indexOf('(');
  return named(open < 0 ? remote : remote.slice(0, open));
}

/** `%c` is the session's start in seconds and its process id, both in hexadecimal. */
function sessionFrom(start: string | null, pid: number | null): string | null {
  if (start === null || pid === null || !start.endsWith(' UTC')) return null;
  const seconds = Date.parse(`${start.slice(0, 10)}T${start.slice(11, 19)}Z`) / 1000;
  return Number.isInteger(seconds) ? `${seconds.toString(16)}.${pid.toString(16)}` : null;
}

function pidOf(sessionId: string | null): number | null {
  return sessionId === null ? null : Number.parseInt(sessionId.slice(sessionId.indexOf('.') + 1), 16);
}

function numberOf(text: string | null): number | null {
  return text === null || text === '' ? null : Number(text);
}
