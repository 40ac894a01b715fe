/** Every reading of a line whose `log_line_prefix` holds text of clients. */
import {
  followsLevel,
  type PrefixPattern,
  type PrefixReading,
  paddedEnd,
  skipPadding,
  type Token,
} from './prefix.ts';
import {
  agreesWithItself,
  isAllowed,
  type KnownFacts,
  limitOf,
  NOTHING_KNOWN,
  type PrefixReadings,
  Reach,
  setValue,
} from './reach.ts';

/**
 * All readings of `text` as prefix followed directly by `LEVEL: ` (by anything where `level` is empty); null when it
 * does not fit. The usual line has one reading and needs no search.
 */
export function searchPrefix(
  pattern: PrefixPattern,
  text: string,
  level: string,
  known: KnownFacts = NOTHING_KNOWN,
): PrefixReadings | null {
  const head = headOf(pattern, text, level);
  if (head === null) return null;
  const only = readUnbranched(pattern, head, level);
  if (only === null) return null;
  if (only !== undefined) return { ends: [only.end], reading: () => only };
  // A line that contradicts its record in every reading is better read than refused.
  return searchHead(pattern, head, level, known) ?? searchHead(pattern, head, level, NOTHING_KNOWN);
}

/** The same by search alone, for a line that is known to have several readings: only those with the known names. */
export function searchAll(
  pattern: PrefixPattern,
  text: string,
  level: string,
  known: KnownFacts,
): PrefixReadings | null {
  const head = headOf(pattern, text, level);
  return head === null ? null : searchHead(pattern, head, level, known);
}

function searchHead(
  pattern: PrefixPattern,
  head: string,
  level: string,
  known: KnownFacts,
): PrefixReadings | null {
  const reach = new Reach(pattern, head, level, known);
  return reach.ends.length === 0 ? null : reach;
}

/** The longest piece of `text` that the prefix and its level can cover; null when no level is in reach. */
function headOf(pattern: PrefixPattern, text: string, level: string): string | null {
  const reach = pattern.tokens.reduce((sum, token) => sum + token.literal.length + limitOf(token), 0);
  if (level === '') return text.slice(0, reach);
  const last = text.lastIndexOf(`${level}: `, reach);
  return last < 0 ? null : text.slice(0, last + level.length + 2);
}

/** The reading of a line in which no searched escape has a second place to end; undefined when one has, null when none fits. */
function readUnbranched(
  pattern: PrefixPattern,
  head: string,
  level: string,
): PrefixReading | null | undefined {
  const { tokens } = pattern;
  const bounds = new Array<number>(tokens.length * 2).fill(-1);
  let at = 0;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    const next = tokens[index + 1];
    if (token.letter === '') {
      if (!head.startsWith(token.literal, at)) return null;
      at += token.literal.length;
    } else if (token.letter === 'q') {
      if (level === '') return undefined;
      if (!followsLevel(head, at, level)) continue;
      return next?.letter === '' && !head.startsWith(next.literal, at) ? { end: at, bounds } : undefined;
    } else if (token.scan !== null) {
      const start = token.width > 0 ? skipPadding(head, at, token.width) : at;
      const end = token.scan(head, start);
      if (end < 0) return null;
      bounds[index * 2] = start;
      bounds[index * 2 + 1] = end;
      at = paddedEnd(token.width, at, end);
    } else {
      const end = onlyEnd(pattern, index, head, at, level);
      if (end === undefined) return undefined;
      if (end < 0) return null;
      setValue(bounds, index, head, at, end, token);
      at = end;
    }
  }
  if (!followsLevel(head, at, level)) return null;
  return agreesWithItself(pattern, head, bounds) ? { end: at, bounds } : null;
}

/** Where a searched value ends; -1 when nowhere, undefined when at more than one place. */
function onlyEnd(
  pattern: PrefixPattern,
  index: number,
  head: string,
  at: number,
  level: string,
): number | undefined {
  const token = pattern.tokens[index]!;
  const next = pattern.tokens[index + 1];
  const follow = next === undefined ? level : next.literal;
  if (follow === '') return undefined;
  const most = Math.min(at + limitOf(token), runEnd(token, head, at));
  let found = -1;
  let end = head.indexOf(follow, at + (token.letter === 'L' ? 0 : Math.abs(token.width)));
  for (; end >= 0 && end <= most; end = head.indexOf(follow, end + 1)) {
    if (!continues(pattern, index + 1, head, end, level)) continue;
    if (found >= 0) return undefined;
    found = end;
  }
  return found;
}

/** Whether the tokens from place `index` on, as far as they have one end each, fit at `at`. */
function continues(pattern: PrefixPattern, index: number, head: string, at: number, level: string): boolean {
  let end = at;
  for (let place = index; place < pattern.tokens.length; place++) {
    const token = pattern.tokens[place]!;
    if (token.letter === '') {
      if (!head.startsWith(token.literal, end)) return false;
      end += token.literal.length;
    } else {
      if (token.scan === null) return true;
      const value = token.scan(head, token.width > 0 ? skipPadding(head, end, token.width) : end);
      if (value < 0) return false;
      end = paddedEnd(token.width, end, value);
    }
  }
  return followsLevel(head, end, level);
}

/** The first place from `at` whose character the escape cannot hold. */
function runEnd(token: Token, head: string, at: number): number {
  let end = at;
  if (token.allows === null) return head.length;
  while (end < head.length && isAllowed(token, head.charCodeAt(end))) end++;
  return end;
}
