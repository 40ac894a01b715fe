/**
 * Compiles a `log_line_prefix` into a matcher (escapes: PostgreSQL manual, "Error Reporting and Logging").
 *
 * `%u`, `%d` and `%a` hold whatever a client sent, also the separators of the prefix and words such as `LOG:  `, so one
 * line can be read in several ways. The matcher returns every reading; `logline.ts` chooses.
 */

/** One escape or literal of a compiled prefix. */
interface Token {
  /** The escape's letter; `''` for literal text. */
  letter: string;
  literal: string;
  /** Sticky; null for literals and for tokens whose end is searched. */
  shape: RegExp | null;
  /** Longest value of a token whose end is searched, in characters. */
  maxLength: number;
  /** Characters that such a token may not hold; null for any text. */
  allowed: RegExp | null;
  /** Field width; negative pads on the right, 0 not at all. */
  width: number;
}

export interface PrefixPattern {
  readonly format: string;
  readonly tokens: readonly Token[];
}

/** One reading of a line: `values` by escape letter, `end` where the level word begins. */
export interface PrefixReading {
  end: number;
  values: ReadonlyMap<string, string>;
  /** Other values of the same escapes lead to the same end. */
  ambiguous: boolean;
}

/** PostgreSQL cuts names at 63 bytes; shippers and version 16 write up to four characters for a byte. */
const NAME_LENGTH = 255;

const TIME = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
const ZONE = String.raw` (?:[A-Z]{2,6}|[+-]\d\d(?::?\d\d)?)`;

/** Escapes whose text has a shape of its own. */
const SHAPES: Readonly<Record<string, string>> = {
  r: String.raw`(?:\[local\]|[0-9A-Za-z.:_%-]{1,255}\(\d{1,5}\))?`,
  p: String.raw`\d{1,10}`,
  P: String.raw`\d{0,10}`,
  t: TIME + ZONE,
  m: `${TIME}${String.raw`\.\d{3}`}${ZONE}`,
  s: TIME + ZONE,
  n: String.raw`\d{1,12}\.\d{3}`,
  e: '[0-9A-Z]{5}',
  c: String.raw`[0-9a-f]{1,16}\.[0-9a-f]{1,8}`,
  l: String.raw`\d{1,20}`,
  v: String.raw`(?:-?\d{1,10}\/\d{1,10})?`,
  x: String.raw`\d{1,20}`,
  Q: String.raw`-?\d{1,20}`,
};

/** Escapes that end where the rest of the prefix fits; with the characters they can hold. */
const SEARCHED: Readonly<Record<string, RegExp | null>> = {
  a: null,
  u: null,
  d: null,
  h: /[0-9A-Za-z.:_%[\]-]/,
  L: /[0-9A-Za-z.:_%[\]-]/,
  b: null,
  i: /[A-Za-z ]/,
};

/** Compiles a `log_line_prefix`. Escapes that PostgreSQL does not know print nothing, as they do there. */
export function compilePrefix(format: string): PrefixPattern {
  const tokens: Token[] = [];
  const literal = (text: string): void => {
    const last = tokens.at(-1);
    if (last?.letter === '') last.literal += text;
    else tokens.push({ letter: '', literal: text, shape: null, maxLength: 0, allowed: null, width: 0 });
  };
  for (const part of format.match(/%-?\d{0,3}[\s\S]|%|[^%]+/g) ?? []) {
    const directive = /^%(-?\d{0,3})([\s\S])$/.exec(part);
    if (directive === null) {
      if (part !== '%') literal(part);
      continue;
    }
    const letter = directive[2]!;
    const shape = SHAPES[letter];
    if (letter === '%') literal('%');
    else if (letter === 'q' || shape !== undefined || letter in SEARCHED) {
      tokens.push({
        letter,
        literal: '',
        shape: shape === undefined ? null : new RegExp(shape, 'y'),
        maxLength: NAME_LENGTH,
        allowed: SEARCHED[letter] ?? null,
        width: Number(directive[1]) || 0,
      });
    }
  }
  return { format, tokens };
}

/** `log_line_prefix` of Azure Database for PostgreSQL Flexible Server unless changed. */
export const DEFAULT_PREFIX = compilePrefix('%t-%c-');

/**
 * Every reading of `text` as prefix followed directly by `LEVEL: `, shortest first. Empty when the prefix does not fit.
 * Time does not depend on the length of `text`: a prefix is bounded, and no (token, place) is tried twice.
 * @param user only readings in which `%u` is this name; null for all
 */
export function matchPrefix(
  pattern: PrefixPattern,
  text: string,
  level: string,
  user: string | null = null,
): PrefixReading[] {
  const search = new Search(pattern.tokens, text, `${level}: `, user);
  search.walk(0, 0);
  return search.readings.sort((a, b) => a.end - b.end);
}

class Search {
  readonly readings: PrefixReading[] = [];
  private readonly values = new Map<string, string>();
  /** Per (token, place): the readings that were reached from there. */
  private readonly visited = new Map<number, PrefixReading[]>();
  private readonly tokens: readonly Token[];
  private readonly text: string;
  private readonly follow: string;
  private readonly user: string | null;

  constructor(tokens: readonly Token[], text: string, follow: string, user: string | null) {
    this.tokens = tokens;
    this.text = text;
    this.follow = follow;
    this.user = user;
  }

  /** Depth is bounded by the number of tokens. */
  walk(index: number, at: number): void {
    const key = at * (this.tokens.length + 1) + index;
    const seen = this.visited.get(key);
    if (seen !== undefined) {
      for (const reading of seen) reading.ambiguous = true;
      return;
    }
    const before = this.readings.length;
    this.step(index, at);
    this.visited.set(key, this.readings.slice(before));
  }

  private step(index: number, at: number): void {
    const token = this.tokens[index];
    if (token === undefined) this.finish(at);
    else if (token.letter === '') {
      if (this.text.startsWith(token.literal, at)) this.walk(index + 1, at + token.literal.length);
    } else if (token.letter === 'q') {
      this.walk(index + 1, at);
      if (this.tokens.length > index + 1) this.finish(at);
    } else if (token.shape !== null) this.shaped(token, token.shape, index, at);
    else this.searched(token, index, at);
  }

  private finish(at: number): void {
    if (!this.text.startsWith(this.follow, at)) return;
    this.readings.push({ end: at, values: new Map(this.values), ambiguous: false });
  }

  private shaped(token: Token, shape: RegExp, index: number, at: number): void {
    let start = at;
    if (token.width > 0) while (start < at + token.width && this.text[start] === ' ') start++;
    shape.lastIndex = start;
    const value = shape.exec(this.text)?.[0];
    if (value === undefined) return;
    const end = start + value.length + (token.width < 0 ? Math.max(0, -token.width - value.length) : 0);
    this.take(token, value, index, end);
  }

  private searched(token: Token, index: number, at: number): void {
    const width = Math.abs(token.width);
    const limit = Math.min(this.text.length, at + Math.max(token.maxLength, width));
    const next = this.tokens[index + 1];
    const follow = next === undefined ? this.follow : next.letter === '' ? next.literal : '';
    for (let end = at; end <= limit; end++) {
      if (follow !== '' && !this.text.startsWith(follow, end)) {
        if (!this.allows(token, end)) return;
        continue;
      }
      if (end - at >= width) {
        const value = this.text.slice(at, end);
        const padded = width > 0 && end - at === width;
        this.take(token, padded ? unpad(value, token.width) : value, index, end);
      }
      if (!this.allows(token, end)) return;
    }
  }

  private allows(token: Token, at: number): boolean {
    const char = this.text.charAt(at);
    return token.allowed === null || token.allowed.test(char) || (char === ' ' && token.width !== 0);
  }

  private take(token: Token, value: string, index: number, end: number): void {
    if (token.letter === 'u' && this.user !== null && value !== this.user) return;
    const known = this.values.get(token.letter);
    // PostgreSQL prints an escape that stands twice in the prefix twice the same; a client that forges it would not.
    if (known !== undefined) {
      if (known === value) this.walk(index + 1, end);
      return;
    }
    this.values.set(token.letter, value);
    this.walk(index + 1, end);
    this.values.delete(token.letter);
  }
}

function unpad(value: string, width: number): string {
  return width > 0 ? value.trimStart() : value.trimEnd();
}
