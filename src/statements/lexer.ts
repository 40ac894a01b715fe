/**
 * Tokens of SQL text, after PostgreSQL's scan.l (standard_conforming_strings on). Unlike PostgreSQL's scanner this
 * one never fails: it is what remains when a text does not parse, and the guard in front of the parser.
 * Linear in the length of the text.
 */

export type TokenType =
  | 'word'
  | 'quoted'
  | 'string'
  | 'number'
  | 'parameter'
  | 'operator'
  | 'punctuation'
  | 'comment';

export interface Token {
  type: TokenType;
  /** UTF-16 offsets into the text. */
  start: number;
  end: number;
  /** Upper-case letters of a word, the operator, the punctuation character; '' for other types. */
  text: string;
  /** False for a string, quoted identifier or block comment that runs to the end of the text. */
  closed: boolean;
}

const SPACE = /\s/;
const WORD_START = /[A-Za-z_\u0080-\uffff]/;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /(?:0[xXoObB][0-9A-Fa-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y;
const PARAMETER = /\$\d+/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const OPERATOR_CHARACTER = /[-+*/<>=~!@#%^&|`?:]/;
/** Prefixes that belong to the string behind them. */
const STRING_PREFIX = new Set(['E', 'B', 'X', 'N', 'U&']);

/** True for a character of which operators are made (`op_chars` of scan.l), and for `:`. */
export function isOperatorCharacter(c: string): boolean {
  return OPERATOR_CHARACTER.test(c);
}

/** Tokens of any text, in order; white space is left out. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const push = (type: TokenType, start: number, end: number, name = '', closed = true): number => {
    tokens.push({ type, start, end, text: name, closed });
    return end;
  };
  let at = 0;
  while (at < text.length) {
    const c = text[at]!;
    if (SPACE.test(c)) {
      at += 1;
    } else if (c === "'") {
      const { end, closed } = endOfQuoted(text, at);
      at = push('string', at, end, '', closed);
    } else if (c === '"') {
      const { end, closed } = endOfQuoted(text, at);
      at = push('quoted', at, end, '', closed);
    } else if (text.startsWith('--', at)) {
      at = push('comment', at, endOfLine(text, at));
    } else if (text.startsWith('/*', at)) {
      const { end, closed } = endOfBlockComment(text, at);
      at = push('comment', at, end, '', closed);
    } else if (WORD_START.test(c)) {
      at = word(text, at, push);
    } else if (c === '$') {
      at = dollar(text, at, push);
    } else if (match(NUMBER, text, at) > at) {
      at = push('number', at, match(NUMBER, text, at));
    } else if (OPERATOR_CHARACTER.test(c)) {
      const end = endOfOperator(text, at);
      at = push('operator', at, end, text.slice(at, end));
    } else {
      at = push('punctuation', at, at + 1, c);
    }
  }
  return tokens;
}

type Push = (type: TokenType, start: number, end: number, name?: string, closed?: boolean) => number;

function word(text: string, start: number, push: Push): number {
  let end = match(WORD, text, start);
  if (end - start === 1 && text[end] === '&' && /[uU]/.test(text[start]!) && /['"]/.test(text[end + 1] ?? ''))
    end += 1;
  const name = text.slice(start, end).toUpperCase();
  const quote = text[end];
  if (quote === "'" && STRING_PREFIX.has(name)) {
    const escapes = name === 'E' ? 'backslash' : name === 'B' || name === 'X' ? 'none' : 'doubled';
    const quoted = endOfQuoted(text, end, escapes);
    return push('string', start, quoted.end, '', quoted.closed);
  }
  if (quote === '"' && name === 'U&') {
    const quoted = endOfQuoted(text, end);
    return push('quoted', start, quoted.end, '', quoted.closed);
  }
  return push('word', start, end, name);
}

function dollar(text: string, start: number, push: Push): number {
  const parameter = match(PARAMETER, text, start);
  if (parameter > start) return push('parameter', start, parameter);
  const body = match(DOLLAR_QUOTE, text, start);
  if (body === start) return push('punctuation', start, start + 1, '$');
  const close = text.indexOf(text.slice(start, body), body);
  return close < 0
    ? push('string', start, text.length, '', false)
    : push('string', start, close + body - start, '', true);
}

function match(sticky: RegExp, text: string, at: number): number {
  sticky.lastIndex = at;
  return sticky.test(text) ? sticky.lastIndex : at;
}

/** How a quote can stand inside: doubled, also behind a backslash (E''), or not at all (bit strings). */
type Escapes = 'doubled' | 'backslash' | 'none';

function endOfQuoted(
  text: string,
  open: number,
  escapes: Escapes = 'doubled',
): { end: number; closed: boolean } {
  const quote = text[open]!;
  let at = open + 1;
  while (at < text.length) {
    if (escapes === 'backslash' && text[at] === '\\') at += 2;
    else if (text[at] !== quote) at += 1;
    else if (escapes !== 'none' && text[at + 1] === quote) at += 2;
    else return { end: at + 1, closed: true };
  }
  return { end: text.length, closed: false };
}

function endOfLine(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at += 1;
  return at;
}

/** Block comments nest in PostgreSQL. */
function endOfBlockComment(text: string, start: number): { end: number; closed: boolean } {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    if (text.startsWith('/*', at)) {
      depth += 1;
      at += 2;
    } else if (text.startsWith('*/', at)) {
      depth -= 1;
      at += 2;
      if (depth === 0) return { end: at, closed: true };
    } else {
      at += 1;
    }
  }
  return { end: text.length, closed: false };
}

function endOfOperator(text: string, start: number): number {
  let at = start;
  while (at < text.length && OPERATOR_CHARACTER.test(text[at]!)) {
    if (at > start && (text.startsWith('--', at) || text.startsWith('/*', at))) break;
    at += 1;
  }
  return at;
}
