/**
 * Finds the tokens of SQL text, after PostgreSQL's scan.l (standard_conforming_strings on). Unlike PostgreSQL's scanner it
 * never fails. Linear in the length of the text.
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

/** Told of each token, in order; white space is left out. */
export type TokenVisitor = (type: TokenType, start: number, end: number, closed: boolean) => void;

// Classes of characters below 128; everything above begins or continues a word, as in scan.l.
const [OTHER, SPACE, LETTER, DIGIT, OPERATOR] = [0, 1, 2, 3, 4];
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const c = String.fromCharCode(code);
  if (/[ \t\n\r\f\v]/.test(c)) return SPACE;
  if (/[A-Za-z_]/.test(c)) return LETTER;
  if (/\d/.test(c)) return DIGIT;
  return /[-+*/<>=~!@#%^&|`?:]/.test(c) ? OPERATOR : OTHER;
});
const [NEWLINE, RETURN, DOUBLE_QUOTE, DOLLAR, AMPERSAND, QUOTE, STAR, MINUS, DOT, SLASH, BACKSLASH] = [
  10, 13, 34, 36, 38, 39, 42, 45, 46, 47, 92,
];
const [UPPER_U, LOWER_B, LOWER_E, LOWER_U, LOWER_X, CASE_BIT] = [85, 98, 101, 117, 120, 32];
/** Letters that belong to the string behind them. */
const STRING_PREFIX = new Set([...'EBXNebxn'].map((c) => c.charCodeAt(0)));
const NUMBER = /0[xXoObB][0-9A-Fa-f_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;

/** True for the code of a character of which operators are made (`op_chars` of scan.l), and for that of `:`. */
export function isOperatorCode(code: number): boolean {
  return classOf(code) === OPERATOR;
}

/**
 * Tells a visitor of all tokens of a text.
 *
 * @param units the text by code units, see `CodeUnits`
 */
export function scan(text: string, units: Uint16Array, visit: TokenVisitor): void {
  let at = 0;
  // Behind a line end a string goes on, with the escapes of its beginning: E'a' and, on the next line, '\''.
  let continued: Escapes = 'doubled';
  let isNewLine = false;
  while (at < text.length) {
    const code = units[at]!;
    const kind = classOf(code);
    if (kind === SPACE) {
      isNewLine ||= code === NEWLINE || code === RETURN;
      at += 1;
    } else if (code === QUOTE) {
      if (!isNewLine) continued = 'doubled';
      at = quoted('string', text, units, at, at, visit, continued);
      isNewLine = false;
    } else if (code === MINUS && units[at + 1]! === MINUS) {
      at = lineComment(text, units, at, visit);
    } else {
      const start = at;
      at = other(text, units, at, code, kind, visit);
      continued = kind === LETTER && units[start + 1]! === QUOTE ? escapesOf(code) : 'doubled';
      isNewLine = false;
    }
  }
}

/** Any token but a plain string and a line comment. */
function other(
  text: string,
  units: Uint16Array,
  at: number,
  code: number,
  kind: number,
  visit: TokenVisitor,
): number {
  if (kind === LETTER) return word(text, units, at, code, visit);
  if (code === DOT && units[at + 1]! === DOT) return range(at, visit);
  if (kind === DIGIT || (code === DOT && classOf(units[at + 1]!) === DIGIT))
    return number(text, units, at, visit);
  if (code === DOUBLE_QUOTE) return quoted('quoted', text, units, at, at, visit);
  if (code === DOLLAR) return dollar(text, units, at, visit);
  if (kind === OPERATOR)
    return beginsComment(units, at, code) ? blockComment(text, units, at, visit) : operator(units, at, visit);
  visit('punctuation', at, at + 1, true);
  return at + 1;
}

function classOf(code: number): number {
  return code < 128 ? CLASSES[code]! : LETTER!;
}

function word(text: string, units: Uint16Array, start: number, first: number, visit: TokenVisitor): number {
  let end = start + 1;
  for (let code = units[end]!; ; code = units[++end]!) {
    const kind = classOf(code);
    if (kind !== LETTER && kind !== DIGIT && code !== DOLLAR) break;
  }
  if (end === start + 1) {
    const prefixed = prefixedQuote(text, units, start, first, end, visit);
    if (prefixed > end) return prefixed;
  }
  visit('word', start, end, true);
  return end;
}

/** E'…', B'…', X'…', N'…', U&'…' and U&"…" are one token each; returns `end` where there is none. */
function prefixedQuote(
  text: string,
  units: Uint16Array,
  start: number,
  letter: number,
  end: number,
  visit: TokenVisitor,
): number {
  const next = units[end]!;
  if (next !== QUOTE && next !== AMPERSAND) return end;
  if (next === QUOTE)
    return STRING_PREFIX.has(letter)
      ? quoted('string', text, units, start, end, visit, escapesOf(letter))
      : end;
  const quote = letter === UPPER_U || letter === LOWER_U ? units[end + 1]! : 0;
  if (quote === QUOTE) return quoted('string', text, units, start, end + 1, visit);
  return quote === DOUBLE_QUOTE ? quoted('quoted', text, units, start, end + 1, visit) : end;
}

function number(text: string, units: Uint16Array, start: number, visit: TokenVisitor): number {
  let end = start;
  while (classOf(units[end]!) === DIGIT) end += 1;
  // Most numbers end here; the others are left to the expression.
  const kind = classOf(units[end]!);
  if (kind === LETTER || units[end]! === DOT || end === start) end = endOfNumber(text, start);
  visit('number', start, end, true);
  return end;
}

/** Place behind the number that begins at `start`; -1 where none does. */
export function endOfNumber(text: string, start: number): number {
  NUMBER.lastIndex = start;
  return NUMBER.test(text) ? NUMBER.lastIndex : -1;
}

/** `..` of PL/pgSQL: in `1..10` no number begins with its second dot. */
function range(start: number, visit: TokenVisitor): number {
  visit('punctuation', start, start + 1, true);
  visit('punctuation', start + 1, start + 2, true);
  return start + 2;
}

function dollar(text: string, units: Uint16Array, start: number, visit: TokenVisitor): number {
  let end = start + 1;
  while (classOf(units[end]!) === DIGIT) end += 1;
  if (end > start + 1) {
    visit('parameter', start, end, true);
    return end;
  }
  DOLLAR_QUOTE.lastIndex = start;
  if (!DOLLAR_QUOTE.test(text)) {
    visit('punctuation', start, end, true);
    return end;
  }
  const body = DOLLAR_QUOTE.lastIndex;
  const close = text.indexOf(text.slice(start, body), body);
  end = close < 0 ? text.length : close + body - start;
  visit('string', start, end, close >= 0);
  return end;
}

/** How a quote can stand inside: doubled, also behind a backslash (E''), or not at all (bit strings). */
type Escapes = 'doubled' | 'backslash' | 'none';

/** Escapes of a string with this letter, or any other, in front. */
function escapesOf(letter: number): Escapes {
  switch (letter | CASE_BIT) {
    case LOWER_E:
      return 'backslash';
    case LOWER_B:
    case LOWER_X:
      return 'none';
    default:
      return 'doubled';
  }
}

function quoted(
  type: TokenType,
  text: string,
  units: Uint16Array,
  start: number,
  open: number,
  visit: TokenVisitor,
  escapes: Escapes = 'doubled',
): number {
  const end =
    escapes === 'backslash' ? endOfEscaped(units, open, text.length) : endOfQuoted(text, open, escapes);
  visit(type, start, end < 0 ? text.length : end, end >= 0);
  return end < 0 ? text.length : end;
}

/** Place behind the quote that closes the one at `open`; -1 where there is none. */
export function endOfQuoted(text: string, open: number, escapes: Escapes = 'doubled'): number {
  const quote = text[open]!;
  let at = text.indexOf(quote, open + 1);
  while (at >= 0 && escapes === 'doubled' && text[at + 1] === quote) at = text.indexOf(quote, at + 2);
  return at < 0 ? -1 : at + 1;
}

function endOfEscaped(units: Uint16Array, open: number, length: number): number {
  for (let at = open + 1; at < length; at += 1) {
    const code = units[at]!;
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE && units[at + 1]! === QUOTE) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return -1;
}

function beginsComment(units: Uint16Array, at: number, code: number): boolean {
  const next = units[at + 1]!;
  return (code === MINUS && next === MINUS) || (code === SLASH && next === STAR);
}

function lineComment(text: string, units: Uint16Array, start: number, visit: TokenVisitor): number {
  let at = start;
  while (at < text.length && units[at]! !== NEWLINE && units[at]! !== RETURN) at += 1;
  visit('comment', start, at, true);
  return at;
}

/** Block comments nest in PostgreSQL. */
function blockComment(text: string, units: Uint16Array, start: number, visit: TokenVisitor): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const code = units[at]!;
    const next = units[at + 1]!;
    if (code === SLASH && next === STAR) {
      depth += 1;
      at += 2;
    } else if (code === STAR && next === SLASH) {
      depth -= 1;
      at += 2;
      if (depth === 0) {
        visit('comment', start, at, true);
        return at;
      }
    } else {
      at += 1;
    }
  }
  visit('comment', start, text.length, false);
  return text.length;
}

function operator(units: Uint16Array, start: number, visit: TokenVisitor): number {
  let at = start + 1;
  for (let code = units[at]!; classOf(code) === OPERATOR; code = units[++at]!)
    if (beginsComment(units, at, code)) break;
  visit('operator', start, at, true);
  return at;
}
