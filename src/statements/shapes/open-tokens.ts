/**
 * What may differ between texts of one shape: the open tokens of a text.
 *
 * Open are the values of plain literals, and the words of block comments. Whatever else changes the meaning is part of the
 * shape as it is written: words, operators, quoted names, parameters, white space, and literals of unusual form.
 */
import { CodeUnits } from '../lexing/code-units.ts';
import { endOfNumber, endOfQuoted, isOperatorCode, scan, type TokenType } from '../lexing/scanner.ts';
import { isTelling, MIN_TELLING } from './telling.ts';

export const STRING = 1;
export const INTEGER = 2;
export const DECIMAL = 3;
export const COMMENT = 4;
/** What an open token is; another kind of literal may be another node for the parser. */
export type OpenKind = typeof STRING | typeof INTEGER | typeof DECIMAL | typeof COMMENT;

const QUOTE = 39;
const SLASH = 47;
const ZERO = 48;
const NINE = 57;
/** Greater ones are decimals for the parser. */
const MAX_INTEGER = '2147483647';
const SURELY_INTEGER = 9;
// The parser is guarded against long runs of operator characters, which it finds in comments too.
const MAX_COMMENT = 1_024;
const MAX_OPERATOR_RUN = 16;
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const LENGTH_BITS = 21;

/** Finds the open tokens of one text after the other, in the same memory. */
export class OpenTokens {
  /** How many there are; the arrays hold more. */
  count = 0;
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  kinds = new Uint8Array(64);
  /** A number that is the same for texts of one shape, and seldom for others. */
  hash = 0;
  /** Code units of the text. */
  #units: Uint16Array = new Uint16Array();
  readonly #codeUnits = new CodeUnits();
  #text = '';
  #hash = 0;
  /** Up to here the text is in the hash, or open. */
  #done = 0;
  #closedLength = 0;

  /** @param text without NUL and lone surrogates */
  read(text: string): void {
    this.reset();
    this.#text = text;
    this.#hash = FNV_OFFSET;
    this.#done = 0;
    this.#closedLength = text.length;
    this.#units = this.#codeUnits.read(text);
    scan(text, this.#units, this.#visit);
    this.#close(text.length);
    this.#text = '';
    this.hash = (this.#closedLength % 2 ** LENGTH_BITS) * 2 ** 32 + (this.#hash >>> 0);
  }

  readonly #visit = (type: TokenType, start: number, end: number, closed: boolean): void => {
    const kind = closed ? kindOf(type, this.#text, start, end) : 0;
    if (kind === 0) return;
    this.#close(start);
    this.#hash = Math.imul(this.#hash ^ kind, FNV_PRIME);
    this.#closedLength -= end - start;
    this.#done = end;
    this.add(kind, start, end);
  };

  /** Forgets the tokens. */
  reset(): void {
    this.count = 0;
  }

  /** Takes the next token as given. */
  add(kind: OpenKind, start: number, end: number): void {
    if (this.count === this.starts.length) this.#grow();
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.kinds[this.count] = kind;
    this.count += 1;
  }

  /** Takes what is not open into the hash (FNV-1a over code units). */
  #close(end: number): void {
    const units = this.#units;
    let hash = this.#hash;
    for (let at = this.#done; at < end; at += 1) hash = Math.imul(hash ^ units[at]!, FNV_PRIME);
    this.#hash = hash;
  }

  #grow(): void {
    const larger = <T extends Int32Array | Uint8Array>(array: T, copy: T): T => {
      copy.set(array);
      return copy;
    };
    const size = 2 * this.starts.length;
    this.starts = larger(this.starts, new Int32Array(size));
    this.ends = larger(this.ends, new Int32Array(size));
    this.kinds = larger(this.kinds, new Uint8Array(size));
  }
}

/** What stands between the quotes of an open string, or the digits of an open number. */
export function contentOf(text: string, start: number, end: number): string {
  if (text.charCodeAt(start) !== QUOTE) return text.slice(start, end);
  const content = text.slice(start + 1, end - 1);
  return content.includes("'") ? content.replaceAll("''", "'") : content;
}

/**
 * End of the open token of this kind that begins at `start`; -1 where there is none, or where it takes the scanner to see it
 * (comments inside comments). Only for a place at which a token begins and no string goes on.
 */
export function endOfOpen(text: string, start: number, kind: OpenKind): number {
  const end = endOfToken(text, start);
  return end > 0 && kindOf(typeOf(text.charCodeAt(start)), text, start, end) === kind ? end : -1;
}

/** End of the string, the number or the comment that begins at `start`, open or not; -1 as for `endOfOpen`. */
export function endOfToken(text: string, start: number): number {
  switch (typeOf(text.charCodeAt(start))) {
    case 'string':
      return endOfQuoted(text, start);
    case 'comment':
      return endOfFlatComment(text, start);
    default:
      return endOfNumber(text, start);
  }
}

function typeOf(first: number): 'string' | 'comment' | 'number' {
  return first === QUOTE ? 'string' : first === SLASH ? 'comment' : 'number';
}

function endOfFlatComment(text: string, start: number): number {
  const end = text.startsWith('/*', start) ? text.indexOf('*/', start + 2) : -1;
  const inner = text.indexOf('/*', start + 2);
  return end < 0 || (inner >= 0 && inner < end) ? -1 : end + 2;
}

/** 0 for a token that is part of the shape. */
function kindOf(type: TokenType, text: string, start: number, end: number): OpenKind | 0 {
  switch (type) {
    case 'string':
      if (text.charCodeAt(start) !== QUOTE) return 0;
      return end - start < MIN_TELLING || !isTelling(contentOf(text, start, end)) ? STRING : 0;
    case 'number':
      return end - start <= SURELY_INTEGER && isDigits(text, start, end)
        ? INTEGER
        : numberKind(text.slice(start, end));
    case 'comment':
      return text.charCodeAt(start) === SLASH && isPlainComment(text, start, end) ? COMMENT : 0;
    default:
      return 0;
  }
}

function isDigits(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return false;
  }
  return true;
}

/** Of a number that is no small integer. */
function numberKind(digits: string): OpenKind | 0 {
  if (/^\d+$/.test(digits)) {
    if (digits.startsWith('0')) return 0;
    return digits.length > MAX_INTEGER.length || digits > MAX_INTEGER ? DECIMAL : INTEGER;
  }
  return /^(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?$|^\d+[eE][-+]?\d+$/.test(digits) ? DECIMAL : 0;
}

function isPlainComment(text: string, start: number, end: number): boolean {
  if (end - start > MAX_COMMENT) return false;
  let run = 0;
  let words = false;
  for (let at = start; at < end; at += 1) {
    run = isOperatorCode(text.charCodeAt(at)) ? run + 1 : 0;
    if (run > MAX_OPERATOR_RUN) return false;
    words ||= run === 0;
  }
  return words;
}
