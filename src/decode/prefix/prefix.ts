/**
 * Compiles a `log_line_prefix`, and reads what it printed. A prefix whose escapes all have a shape has one reading at
 * most, found in one pass (`readShaped`). `%u`, `%d` and `%a` hold whatever a client sent, also the separators of the
 * prefix and words such as `LOG:  `, so that one line can be read in several ways: `search.ts` finds them all.
 */
import { type Allows, type Scan, SEARCHED, SHAPED } from './escapes.ts';

/** One escape or literal of a compiled prefix. */
export interface Token {
  /** The escape's letter; `''` for literal text. */
  letter: string;
  literal: string;
  /** Null for literals, `%q`, and escapes whose end is searched. */
  scan: Scan | null;
  /** Characters that a searched escape can hold; null for any. */
  allows: Allows | null;
  /** Field width; negative pads on the right, 0 not at all. */
  width: number;
}

export interface PrefixPattern {
  readonly format: string;
  readonly tokens: readonly Token[];
  /** Place in `tokens` of the first of each escape. */
  readonly slots: Readonly<Partial<Record<string, number>>>;
  /** All escapes have a shape and stand once: a line has one reading at most. */
  readonly isShaped: boolean;
  /** Places in `tokens` of the escapes that a log line takes values of; -1 without. */
  readonly session: number;
  readonly pid: number;
  readonly start: number;
  readonly sqlstate: number;
  readonly backendType: number;
  readonly user: number;
  readonly database: number;
  readonly host: number;
  readonly remote: number;
  readonly application: number;
}

/** What a prefix printed on one line. */
export interface PrefixReading {
  /** Where the level word begins. */
  end: number;
  /** Two places per token, where its value begins and ends, unpadded; -1 where it has none or none that is certain. */
  bounds: readonly number[];
}

/** Compiles a `log_line_prefix`. Escapes that PostgreSQL does not know print nothing, as they do there. */
export function compilePrefix(format: string): PrefixPattern {
  const tokens: Token[] = [];
  for (const part of format.match(/%-?\d{0,3}[\s\S]|%|[^%]+/g) ?? []) {
    const directive = /^%(-?\d{0,3})([\s\S])$/.exec(part);
    if (directive === null) {
      if (part !== '%') addLiteral(tokens, part);
      continue;
    }
    const letter = directive[2]!;
    const scan = Object.hasOwn(SHAPED, letter) ? SHAPED[letter]! : null;
    const isSearched = Object.hasOwn(SEARCHED, letter);
    if (letter === '%') addLiteral(tokens, '%');
    else if (letter === 'q' || scan !== null || isSearched) {
      const allows = isSearched ? SEARCHED[letter]! : null;
      tokens.push({ letter, literal: '', scan, allows, width: Number(directive[1]) || 0 });
    }
  }
  return patternOf(format, tokens);
}

function patternOf(format: string, tokens: readonly Token[]): PrefixPattern {
  const slots: Partial<Record<string, number>> = {};
  tokens.forEach(({ letter }, index) => {
    slots[letter] ??= index;
  });
  const letters = tokens.map(({ letter }) => letter).filter((letter) => letter !== '');
  return {
    format,
    tokens,
    slots,
    isShaped:
      new Set(letters).size === letters.length &&
      tokens.every(({ letter, scan }) => letter === '' || scan !== null),
    session: slots.c ?? -1,
    pid: slots.p ?? -1,
    start: slots.s ?? -1,
    sqlstate: slots.e ?? -1,
    backendType: slots.b ?? -1,
    user: slots.u ?? -1,
    database: slots.d ?? -1,
    host: slots.h ?? -1,
    remote: slots.r ?? -1,
    application: slots.a ?? -1,
  };
}

function literalOf(literal: string): Token {
  return { letter: '', literal, scan: null, allows: null, width: 0 };
}

function addLiteral(tokens: Token[], text: string): void {
  const last = tokens.at(-1);
  if (last?.letter === '') last.literal += text;
  else tokens.push(literalOf(text));
}

/** `log_line_prefix` of Azure Database for PostgreSQL Flexible Server unless changed. */
export const DEFAULT_PREFIX = compilePrefix('%t-%c-');

/** The one reading of `text` as a prefix without searched escapes, followed directly by `LEVEL: `; null when it does not fit. */
export function readShaped(pattern: PrefixPattern, text: string, level: string): PrefixReading | null {
  const { tokens } = pattern;
  const bounds: number[] = [];
  let at = 0;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.scan === null) {
      if (!text.startsWith(token.literal, at)) return null;
      bounds.push(-1, -1);
      at += token.literal.length;
    } else {
      const start = token.width > 0 ? skipPadding(text, at, token.width) : at;
      const end = token.scan(text, start);
      if (end < 0) return null;
      bounds.push(start, end);
      at = paddedEnd(token.width, at, end);
    }
  }
  return followsLevel(text, at, level) ? { end: at, bounds } : null;
}

/** Where the padding on the left of a field ends. */
export function skipPadding(text: string, at: number, width: number): number {
  let start = at;
  while (start < at + width && text.charCodeAt(start) === 0x20) start++;
  return start;
}

/** Where a field ends whose value ends at `end`. */
export function paddedEnd(width: number, at: number, end: number): number {
  return width < 0 ? Math.max(end, at - width) : end;
}

/** True when `LEVEL: ` stands at this place; an empty level stands everywhere. */
export function followsLevel(text: string, at: number, level: string): boolean {
  if (level === '') return at <= text.length;
  const end = at + level.length;
  return text.charCodeAt(end) === 0x3a && text.charCodeAt(end + 1) === 0x20 && text.startsWith(level, at);
}

/** The value of the token at place `slot`; null when there is none. */
export function valueAt(text: string, reading: PrefixReading, slot: number): string | null {
  const start = slot < 0 ? -1 : reading.bounds[slot * 2]!;
  return start < 0 ? null : text.slice(start, reading.bounds[slot * 2 + 1]);
}
