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
const WORD = new RegExp(`(${[...LEVELS, ...SECTIONS].join('|')}): {2}`, 'g');

/** How many bytes of a line are searched for the end of its prefix. */
export const PREFIX_REACH = 2_048;

/** A time as `%t`, `%m` and `%s` print it; UTC first, because a level may be glued to it. */
const TIME = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})? (?:UTC|GMT|[A-Z][A-Za-z]{1,3}[A-Z]|[+-]\d\d(?::?\d\d)?)`;
const TIME_AT_START = new RegExp(`^${TIME}`);
const TIMES = new RegExp(`${TIME}|\\b\\d{10}\\.\\d{3}\\b`, 'g');

/** What follows the time at the start of a line and holds a process id: `%t [%p`, `%t %p `, `%t-%c`. */
const PID = new RegExp(
  `^${TIME}(?:[ :]{0,2}\\[(\\d{1,7})[\\]-]| (\\d{1,7}) |[ -]\\[?[0-9a-f]{8}\\.([0-9a-f]{1,6})\\b)`,
);

/** A place where the prefix of a line may end: a name in the prefix may hold such words, and so may the text. */
export interface Word {
  /** Up to the word. */
  prefix: string;
  /** A level, or the name of a section. */
  word: string;
  /** Where the text behind the word and its two blanks begins. */
  textStart: number;
}

/** More words than any line has that was not made to have them. */
const MOST_WORDS = 16;

/** Levels and names of sections in a line. @param line as Latin-1: a character a byte */
export function wordsIn(line: string): Word[] {
  const words: Word[] = [];
  const start = line.slice(0, PREFIX_REACH);
  WORD.lastIndex = 0;
  for (let found = WORD.exec(start); found !== null && words.length < MOST_WORDS; found = WORD.exec(start)) {
    const prefix = start.slice(0, found.index);
    words.push({ prefix, word: found[1]!, textStart: WORD.lastIndex });
  }
  return words;
}

export function isSection(word: string): word is Section {
  return (SECTIONS as readonly string[]).includes(word);
}

/** The words at which the prefix of an entry may end. */
export function levelsIn(line: string): Word[] {
  return wordsIn(line).filter(({ word }) => !isSection(word));
}

/**
 * The word that makes a line a section of the entry whose first line has these levels: both have the same prefix. Of several
 * the last: the others stand in a name of the prefix. Null when it is no section of it.
 */
export function sectionIn(line: string, levels: readonly Word[]): Word | null {
  const found = wordsIn(line).findLast(
    ({ word, prefix }) => isSection(word) && levels.some((level) => isSamePrefix(prefix, level.prefix)),
  );
  return found ?? null;
}

/** The one level word of a text; null when there are several, of which the decoder has to choose. */
export function onlyLevel(text: string): string | null {
  LEVEL.lastIndex = 0;
  const level = LEVEL.exec(text)?.[1] ?? null;
  return LEVEL.exec(text) === null ? level : null;
}

/** Sections that an entry can have: what `%l` may have counted on by. */
const MOST_SECTIONS = 8;

/** A time in seconds, as `%t` prints it: read from the clock for each line anew. That of `%m` is one for the entry. */
const SECONDS_AT_START = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /;

/** True when two prefixes are of one entry: equal, but that `%l` counts each line, and `%t`, at the start, may be later. */
export function isSamePrefix(prefix: string, first: string): boolean {
  if (prefix === first) return true;
  const time = SECONDS_AT_START.exec(first)?.[0].length ?? 0;
  if (time > 0 && !SECONDS_AT_START.test(prefix)) return false;
  if (time === 0 && TIME_AT_START.exec(prefix)?.[0] !== TIME_AT_START.exec(first)?.[0]) return false;
  const parts = prefix.slice(time).match(/\d+|\D+/g) ?? [];
  const firsts = first.slice(time).match(/\d+|\D+/g) ?? [];
  if (parts.length !== firsts.length) return false;
  return parts.every((part, index) => {
    const other = firsts[index]!;
    const ahead = /^\d{1,15}$/.test(part) && /^\d{1,15}$/.test(other) ? Number(part) - Number(other) : 0;
    return part === other || (ahead > 0 && ahead <= MOST_SECTIONS);
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
