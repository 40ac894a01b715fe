/**
 * The places that the tokens of a `log_line_prefix` can reach in a line, token by token, forwards, then backwards from an
 * end: time is linear in tokens and in the longest prefix, whatever the text. Between two tokens that each have only one
 * place left a value is certain.
 */
import {
  followsLevel,
  type PrefixPattern,
  type PrefixReading,
  paddedEnd,
  skipPadding,
  type Token,
} from './prefix.ts';

/**
 * Longest value of any escape. PostgreSQL cuts names at 63 bytes and writes, since 16, four characters for a byte of an
 * application name; host names have up to 253.
 */
export const VALUE_LENGTH = 255;

/** What the record says beside its message: a reading that contradicts it is none. Null where it is not said. */
export interface KnownFacts {
  pid: number | null;
  sqlstate: string | null;
  /** Values that `%u`, `%d` and `%a` must have. */
  names: Readonly<Partial<Record<string, string>>>;
  /** Most characters of `%u` and `%d`. */
  nameLength: number;
}

export const NOTHING_KNOWN: KnownFacts = { pid: null, sqlstate: null, names: {}, nameLength: VALUE_LENGTH };

/** The readings of one line. */
export interface PrefixReadings {
  /** Where the level word may begin, ascending; never empty. */
  readonly ends: readonly number[];
  /** The values that are the same in all readings with one of these ends. */
  reading(ends: readonly number[]): PrefixReading;
}

/** Most characters of a field. */
export function limitOf({ width }: Token): number {
  return Math.max(VALUE_LENGTH, Math.abs(width));
}

export function isAllowed(token: Token, code: number): boolean {
  return token.allows === null || token.allows(code) || (code === 0x20 && token.width !== 0);
}

/** Notes a searched value, without the padding that it may have. */
export function setValue(
  bounds: number[],
  index: number,
  head: string,
  at: number,
  end: number,
  token: Token,
): void {
  let from = at;
  let to = end;
  if (token.width > 0 && end - at === token.width) while (from < to && head.charCodeAt(from) === 0x20) from++;
  if (token.width < 0 && at - end === token.width) while (to > from && head.charCodeAt(to - 1) === 0x20) to--;
  bounds[index * 2] = from;
  bounds[index * 2 + 1] = to;
}

/**
 * PostgreSQL prints an escape that stands twice in the prefix twice the same; a client that forges it would not.
 * Copies a value that is certain at one of two places to the other.
 */
export function agreesWithItself(pattern: PrefixPattern, head: string, bounds: number[]): boolean {
  for (let index = 0; index < pattern.tokens.length; index++) {
    const first = pattern.slots[pattern.tokens[index]!.letter]!;
    if (first === index || bounds[index * 2]! < 0) continue;
    if (bounds[first * 2]! < 0) {
      bounds[first * 2] = bounds[index * 2]!;
      bounds[first * 2 + 1] = bounds[index * 2 + 1]!;
    } else if (
      head.slice(bounds[first * 2], bounds[first * 2 + 1]) !==
      head.slice(bounds[index * 2], bounds[index * 2 + 1])
    )
      return false;
  }
  return true;
}

/** Places that tokens can reach in `head`; layer i holds those before token i. */
export class Reach implements PrefixReadings {
  readonly ends: readonly number[];
  private readonly layers: Uint8Array[];
  private readonly pattern: PrefixPattern;
  private readonly head: string;
  private readonly known: KnownFacts;
  /** Layer at which `%q` stands, where a background process stops; -1 without. */
  private readonly stop: number;

  constructor(pattern: PrefixPattern, head: string, level: string, known: KnownFacts) {
    this.pattern = pattern;
    this.head = head;
    this.known = known;
    this.stop = pattern.slots.q ?? -1;
    const start = new Uint8Array(head.length + 1);
    start[0] = 1;
    this.layers = [start];
    pattern.tokens.forEach((token, index) => {
      this.layers.push(this.advance(token, this.layers[index]!));
    });
    const ends: number[] = [];
    for (let at = 0; at <= head.length; at++)
      if (this.isEnd(at) && followsLevel(head, at, level) && this.isSound(at)) ends.push(at);
    this.ends = ends;
  }

  private isEnd(at: number): boolean {
    return this.layers.at(-1)![at] === 1 || (this.stop >= 0 && this.layers[this.stop]![at] === 1);
  }

  /** Only in a prefix with a repeated escape can a reading contradict itself. */
  private isSound(end: number): boolean {
    const { tokens, slots } = this.pattern;
    if (tokens.every(({ letter }, index) => letter === '' || slots[letter] === index)) return true;
    return agreesWithItself(this.pattern, this.head, this.boundsOf([end]));
  }

  reading(ends: readonly number[]): PrefixReading {
    const bounds = this.boundsOf(ends);
    agreesWithItself(this.pattern, this.head, bounds);
    return { end: ends[0]!, bounds };
  }

  private boundsOf(ends: readonly number[]): number[] {
    const { tokens } = this.pattern;
    const bounds = new Array<number>(tokens.length * 2).fill(-1);
    let after = new Uint8Array(this.head.length + 1);
    let stopped = false;
    for (const end of ends) {
      if (this.layers.at(-1)![end] === 1) after[end] = 1;
      else stopped = true;
    }
    let place = onlyPlace(after);
    for (let index = tokens.length - 1; index >= 0; index--) {
      const token = tokens[index]!;
      const before = this.retreat(token, this.layers[index]!, after);
      if (index === this.stop) for (const end of ends) if (this.layers[index]![end] === 1) before[end] = 1;
      const start = onlyPlace(before);
      if (start >= 0 && place >= 0 && !(stopped && index > this.stop)) this.note(bounds, index, start, place);
      after = before;
      place = start;
    }
    return bounds;
  }

  private note(bounds: number[], index: number, at: number, end: number): void {
    const token = this.pattern.tokens[index]!;
    if (token.letter === '' || token.letter === 'q') return;
    if (token.scan === null) {
      setValue(bounds, index, this.head, at, end, token);
      return;
    }
    const start = token.width > 0 ? skipPadding(this.head, at, token.width) : at;
    bounds[index * 2] = start;
    bounds[index * 2 + 1] = token.scan(this.head, start);
  }

  /** Where a token of one possible end ends that begins at `at`; -1 when it does not fit there. */
  private fixedEnd(token: Token, at: number): number {
    if (token.letter === 'q') return at;
    if (token.scan === null) {
      const text = this.fixedText(token);
      return this.head.startsWith(text, at) ? at + text.length : -1;
    }
    const start = token.width > 0 ? skipPadding(this.head, at, token.width) : at;
    const end = token.scan(this.head, start);
    if (end < 0 || this.contradicts(token, start, end)) return -1;
    const padded = paddedEnd(token.width, at, end);
    return padded <= this.head.length ? padded : -1;
  }

  private contradicts({ letter }: Token, start: number, end: number): boolean {
    const { pid, sqlstate } = this.known;
    if (letter === 'e') return sqlstate !== null && !this.head.startsWith(sqlstate, start);
    if (pid === null || (letter !== 'p' && letter !== 'c')) return false;
    const value = this.head.slice(start, end);
    return letter === 'p'
      ? Number(value) !== pid
      : Number.parseInt(value.slice(value.indexOf('.') + 1), 16) !== pid;
  }

  private limitOf(token: Token): number {
    const isName = token.letter === 'u' || token.letter === 'd';
    return isName ? Math.max(this.known.nameLength, Math.abs(token.width)) : limitOf(token);
  }

  private isFixed({ letter, scan }: Token): boolean {
    return letter === '' || letter === 'q' || scan !== null || this.known.names[letter] !== undefined;
  }

  private fixedText({ letter, literal, width }: Token): string {
    if (letter === '') return literal;
    const name = this.known.names[letter]!;
    return width > 0 ? name.padStart(width) : name.padEnd(-width);
  }

  private advance(token: Token, before: Uint8Array): Uint8Array {
    const after = new Uint8Array(before.length);
    if (this.isFixed(token)) {
      for (let at = before.indexOf(1); at >= 0; at = before.indexOf(1, at + 1)) {
        const end = this.fixedEnd(token, at);
        if (end >= 0) after[end] = 1;
      }
      return after;
    }
    const width = Math.abs(token.width);
    const limit = this.limitOf(token);
    let start = -1;
    let barrier = -1;
    // Of all starts the nearest is the one from which the most ends are in reach.
    for (let end = 0; end < after.length; end++) {
      if (end > 0 && !isAllowed(token, this.head.charCodeAt(end - 1))) barrier = end - 1;
      if (end >= width && before[end - width] === 1) start = end - width;
      if (start > barrier && end - start <= limit) after[end] = 1;
      if (token.letter === 'L' && before[end] === 1) after[end] = 1;
    }
    return after;
  }

  /** Those places of `before` from which the token leads to one of `after`. */
  private retreat(token: Token, before: Uint8Array, after: Uint8Array): Uint8Array<ArrayBuffer> {
    const kept = new Uint8Array(before.length);
    if (this.isFixed(token)) {
      for (let at = before.indexOf(1); at >= 0; at = before.indexOf(1, at + 1)) {
        const end = this.fixedEnd(token, at);
        if (end >= 0 && after[end] === 1) kept[at] = 1;
      }
      return kept;
    }
    const width = Math.abs(token.width);
    const limit = this.limitOf(token);
    let end = Number.POSITIVE_INFINITY;
    let barrier = Number.POSITIVE_INFINITY;
    for (let start = before.length - 1; start >= 0; start--) {
      if (start < this.head.length && !isAllowed(token, this.head.charCodeAt(start))) barrier = start;
      if (start + width < after.length && after[start + width] === 1) end = start + width;
      if (before[start] !== 1) continue;
      if ((end <= barrier && end - start <= limit) || (token.letter === 'L' && after[start] === 1))
        kept[start] = 1;
    }
    return kept;
  }
}

/** The place of the only 1; -1 when there are none or several. */
function onlyPlace(layer: Uint8Array): number {
  const first = layer.indexOf(1);
  return first >= 0 && layer.indexOf(1, first + 1) < 0 ? first : -1;
}
