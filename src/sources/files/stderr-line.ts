/**
 * Lines of the stderr log, read without knowing their log_line_prefix (PostgreSQL: send_message_to_server_log in
 * src/backend/utils/error/elog.c): `prefix LEVEL:  text`, then in lines of their own, each with the prefix printed again,
 * DETAIL, HINT, QUERY, CONTEXT, LOCATION, BACKTRACE and STATEMENT. A line break inside a text is followed by a tab; one in
 * a name that the prefix prints is not.
 */

const LEVELS = ['DEBUG', 'LOG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'FATAL', 'PANIC'];
const SECTIONS = ['DETAIL', 'HINT', 'QUERY', 'CONTEXT', 'LOCATION', 'BACKTRACE', 'STATEMENT'] as const;

export type Section = (typeof SECTIONS)[number];

const LEVEL = new RegExp(`(${LEVELS.join('|')}): {2}`, 'g');
const WORD = new RegExp(`(${[...LEVELS, ...SECTIONS].join('|')}): {2}`);

/** How many bytes of a line are searched for the end of its prefix. */
const PREFIX_REACH = 2_048;

/** A time as `%t`, `%m` and `%s` print it; UTC first, because a level may be glued to it. */
const TIME = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})? (?:UTC|GMT|[A-Z][A-Za-z]{1,3}[A-Z]|[+-]\d\d(?::?\d\d)?)`;
const TIME_AT_START = new RegExp(`^${TIME}`);
const TIMES = new RegExp(`${TIME}|\\b\\d{10}\\.\\d{3}\\b`, 'g');

/** What follows the time at the start of a line and holds a process id: `%t [%p`, `%t %p `, `%t-%c`. */
const PID = new RegExp(
  `^${TIME}(?:[ :]{0,2}\\[(\\d{1,7})[\\]-]| (\\d{1,7}) |[ -]\\[?[0-9a-f]{8}\\.([0-9a-f]{1,6})\\b)`,
);

/** Where the prefix of a line ends, as far as its first word tells. */
export interface LineStart {
  /** Up to the word. */
  prefix: string;
  /** A level, or the name of a section. */
  word: string;
  /** Where the text behind the word and its two blanks begins. */
  textStart: number;
}

/** @param line as Latin-1: a character a byte */
export function readLineStart(line: string): LineStart | null {
  const found = WORD.exec(line.slice(0, PREFIX_REACH));
  if (found === null) return null;
  return {
    prefix: line.slice(0, found.index),
    word: found[1]!,
    textStart: found.index + found[0].length,
  };
}

export function isSection(word: string): word is Section {
  return (SECTIONS as readonly string[]).includes(word);
}

/** How far a name in a prefix may reach: three names of 63 bytes, written as `\x…`, and what stands between them. */
const NAMES_REACH = 1_024;

/**
 * True when a level follows so soon behind the word of a section that the section may be a name in the prefix of an entry:
 * the application name is a client's choice.
 */
export function mayBeEntry(line: string, { textStart }: LineStart): boolean {
  LEVEL.lastIndex = textStart;
  const found = LEVEL.exec(line);
  return found !== null && found.index < textStart + NAMES_REACH;
}

/** The one level word of a text; null when there are several, of which the decoder has to choose. */
export function onlyLevel(text: string): string | null {
  LEVEL.lastIndex = 0;
  const level = LEVEL.exec(text)?.[1] ?? null;
  return LEVEL.exec(text) === null ? level : null;
}

/** Sections that a line can have: what `%l` may have counted on by. */
const MOST_SECTIONS = 8;

/**
 * True when two prefixes are of one entry: equal, but that `%l` counts each line, and that `%t`, at the start, may tell the
 * next second.
 */
export function isSamePrefix(prefix: string, first: string): boolean {
  if (prefix === first) return true;
  const parts = prefix.match(/\d+|\D+/g) ?? [];
  const firsts = first.match(/\d+|\D+/g) ?? [];
  if (parts.length !== firsts.length) return false;
  const timed = TIME_AT_START.test(first) ? 12 : 0;
  return parts.every((part, index) => {
    const other = firsts[index]!;
    if (part === other) return true;
    if (!/^\d{1,15}$/.test(part) || !/^\d{1,15}$/.test(other)) return false;
    const ahead = Number(part) - Number(other);
    return index < timed || (ahead > 0 && ahead <= MOST_SECTIONS);
  });
}

/**
 * The time in a prefix as it is printed, seconds since 1970 for `%n`. Where several stand, that at the start of the line:
 * nothing a client chose comes before it. Null where that leaves a choice.
 */
export function timeIn(prefix: string): string | null {
  const atStart = TIME_AT_START.exec(prefix)?.[0];
  if (atStart !== undefined) return atStart;
  const all = new Set(prefix.match(TIMES));
  return all.size === 1 ? [...all][0]! : null;
}

/** The process id, where it stands directly behind the time at the start. */
export function pidIn(prefix: string): number | null {
  const found = PID.exec(prefix);
  if (found === null) return null;
  const decimal = found[1] ?? found[2];
  return decimal !== undefined ? Number(decimal) : Number.parseInt(found[3]!, 16);
}
