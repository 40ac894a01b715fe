/**
 * Chooses among the readings of a line whose prefix holds separators or `LEVEL: ` in a name that a client chose, or
 * whose text holds what looks like the rest of a prefix. Nothing is believed that a client could have made up: neither a
 * session, a name, nor an audit row, and no audit row is hidden.
 */
import type { ConnectionEvent } from '../../model/fact.ts';
import { readConnection } from '../connection/connection.ts';
import { AUDIT_MARK, isWellFormedAudit } from '../pgaudit/pgaudit.ts';
import { type PrefixPattern, type PrefixReading, valueAt } from './prefix.ts';
import type { KnownFacts, PrefixReadings } from './reach.ts';
import { searchAll } from './search.ts';

/** What is known of the line beside its message. */
export interface LineFacts extends KnownFacts {
  level: string;
  /** The level as it stands in the line; empty where the text follows the prefix directly. */
  word: string;
  detail: string | null;
}

/** One place where the level may stand. */
interface Candidate {
  end: number;
  text: string;
  event: ConnectionEvent | null;
}

export interface Choice {
  reading: PrefixReading;
  /** False: the names of the reading are not to be believed. */
  isCertain: boolean;
  /** Where the text of the line begins. */
  textStart: number;
}

/** The address with which a disconnection ends. */
const SERVERS_END = / host=[0-9A-Za-z.:_%[\]-]{1,255}(?: port=\d{1,5})?$/;

/** NAMEDATALEN - 1. */
const NAME_LENGTH = 63;

/** pgaudit.log_level cannot be set to these. */
const NEVER_AUDIT = new Set(['ERROR', 'FATAL', 'PANIC']);

/** True when a line of this level and text is one of pgaudit: `AUDIT: ` counts directly after the level only. */
export function isAuditLine(level: string, text: string): boolean {
  return text.startsWith(AUDIT_MARK) && !NEVER_AUDIT.has(level);
}

/**
 * In order:
 * 1. The one connection line whose names are those of its prefix, where nobody but the server can have written both.
 * 2. The well-formed audit line, unless a connection line before it agrees with its prefix, or one ends as only
 *    the server ends it. Only the true one is: a forged start in front of a true line has too many fields, or too
 *    many by one quote; a true line from somewhere in its middle has one quote without a partner.
 * 3. The one connection line about the user that all readings name.
 * 4. The first, without its names, and without a meaning of its own.
 */
export function chooseReading(
  pattern: PrefixPattern,
  message: string,
  readings: PrefixReadings,
  facts: LineFacts,
): Choice {
  const candidates = readings.ends.map((end) =>
    candidateOf(message, end, valueAt(message, readings.reading([end]), pattern.user), facts),
  );
  const shared = readings.reading(readings.ends);
  const chosen = ({ end, text }: Candidate, reading: PrefixReading): Choice => ({
    reading: { ...reading, end },
    isCertain: true,
    textStart: message.length - text.length,
  });
  const agreeing = candidates.flatMap((candidate) => {
    const reading = agreeingReading(candidate, pattern, message, facts);
    return reading === null ? [] : [{ candidate, reading }];
  });
  // Names of the length that PostgreSQL allows, unless it or a shipper wrote several characters for a byte.
  const nameLength = message.includes('\\x') ? facts.nameLength : NAME_LENGTH;
  const possible = searchAll(pattern, message, facts.word, { ...facts, nameLength })?.ends ?? [];
  const audit = candidates.find(
    (candidate) =>
      possible.includes(candidate.end) && isTrueAudit(candidate, candidates, message, facts.level),
  );
  const confirmed = agreeing.filter(({ candidate }) => isServers(candidate, audit, facts.level));
  // Another such line whose names cannot be told may be the true one.
  const isOpen =
    facts.level !== 'FATAL' &&
    candidates.some(
      (candidate) => candidate.event?.user === null && isServers(candidate, audit, facts.level),
    );
  if (confirmed.length === 1 && !isOpen) return chosen(confirmed[0]!.candidate, confirmed[0]!.reading);
  const isContested = candidates.some(
    (candidate) =>
      (audit !== undefined &&
        candidate.end < audit.end &&
        agreeing.some((other) => other.candidate === candidate)) ||
      isServers(candidate, undefined, facts.level),
  );
  if (audit !== undefined && !isContested) return chosen(audit, shared);
  const user = valueAt(message, shared, pattern.user);
  const events = candidates.filter(({ event }) => event !== null && event.user === user);
  if (user !== null && events.length === 1 && audit === undefined) return chosen(events[0]!, shared);
  const first = candidates[0]!;
  const hasMeaning = first.event !== null || isAuditLine(facts.level, first.text);
  return {
    reading: { ...shared, end: first.end },
    isCertain: false,
    // With its level in front a text is neither a connection line nor an audit row.
    textStart: hasMeaning ? first.end : message.length - first.text.length,
  };
}

function candidateOf(
  message: string,
  end: number,
  user: string | null,
  { level, word, sqlstate, detail }: LineFacts,
): Candidate {
  const text = message.slice(textStartOf(message, end, word, sqlstate));
  const prefixUser = level === 'FATAL' ? null : user;
  return { end, text, event: readConnection({ level, sqlstate, text, detail, prefixUser }) };
}

/**
 * The reading in which the prefix names who the connection line is about: all of its names, as far as the line has them;
 * null when there is none.
 */
function agreeingReading(
  { end, text, event }: Candidate,
  pattern: PrefixPattern,
  message: string,
  facts: LineFacts,
): PrefixReading | null {
  if (event === null || event.user === null || pattern.user < 0) return null;
  const names: Record<string, string> = {};
  // The application name is set after the lines that authorize or refuse.
  if (event.event !== 'disconnected') names.a = '[unknown]';
  if (facts.level === 'FATAL') {
    // The record's SQLSTATE tells refusals of a user from those of a database, whose name may hold one of a user.
    if (facts.sqlstate !== null && !/^(?:28|53300)/.test(facts.sqlstate)) return null;
    if (event.event === 'failed' && !/"(?: does not exist)?$/.test(text)) return null;
  } else if (event.database !== null) names.d = event.database;
  else if (pattern.database >= 0) return null;
  // On stderr PostgreSQL puts a tab after a line break in a text, but not after one in the prefix.
  for (const user of new Set([event.user, event.user.replaceAll('\n\t', '\n')])) {
    const readings = searchAll(pattern, message, facts.word, { ...facts, names: { ...names, u: user } });
    if (!readings?.ends.includes(end)) continue;
    const reading = readings.reading([end]);
    if (facts.level === 'FATAL' || hasOwnApplication(pattern, message, reading)) return reading;
  }
  return null;
}

/**
 * False when a client may have written the line. FATAL lines are the server's. At other levels a role can write any line
 * with RAISE, and end one with an application name: only lines count whose end a client does not choose. Names that stood
 * in the prefix of this line and held an audit line would stand in its text with their quotes doubled.
 */
function isServers({ end, text, event }: Candidate, audit: Candidate | undefined, level: string): boolean {
  if (level === 'FATAL') return true;
  if (event?.event === 'disconnected') return SERVERS_END.test(text.slice(-300));
  return event?.event === 'authorized' && (event.tls === true || (audit !== undefined && audit.end < end));
}

/** False where the application name is too long to be one, or not certain: it would cover the start of an audit line. */
function hasOwnApplication(pattern: PrefixPattern, message: string, reading: PrefixReading): boolean {
  if (pattern.application < 0) return true;
  const application = valueAt(message, reading, pattern.application);
  return application !== null && application.replace(/\\x[0-9a-f]{2}/g, '?').length <= NAME_LENGTH;
}

/**
 * True for a well-formed audit line, unless its last field, the client's parameters, holds what may be the true line: an
 * application name can begin an audit line that the text of any other line completes.
 */
function isTrueAudit(
  { end, text }: Candidate,
  candidates: readonly Candidate[],
  message: string,
  level: string,
): boolean {
  if (!isAuditLine(level, text) || !isWellFormedAudit(text.slice(AUDIT_MARK.length))) return false;
  const lastField = message.endsWith('"') ? message.length : message.lastIndexOf(',');
  return candidates.every((other) => other.end <= end || other.end < lastField);
}

/** Where the text begins after `LEVEL:`, one or two blanks, and the SQLSTATE of `log_error_verbosity = verbose`. */
export function textStartOf(message: string, end: number, word: string, sqlstate: string | null): number {
  let at = word === '' ? end : end + word.length + 1;
  if (word !== '') for (let i = 0; i < 2 && message.charCodeAt(at) === 0x20; i++) at++;
  return verboseSqlstate(message, at, sqlstate) === null ? at : at + 7;
}

/** The SQLSTATE with which a verbose text begins: that of the record, or, unlike `AUDIT`, one with a digit; null without. */
export function verboseSqlstate(message: string, at: number, sqlstate: string | null): string | null {
  if (message.charCodeAt(at + 5) !== 0x3a || message.charCodeAt(at + 6) !== 0x20) return null;
  if (sqlstate !== null) return message.startsWith(sqlstate, at) && sqlstate.length === 5 ? sqlstate : null;
  const found = message.slice(at, at + 5);
  return /^[0-9A-Z]{5}$/.test(found) && /\d/.test(found) ? found : null;
}
