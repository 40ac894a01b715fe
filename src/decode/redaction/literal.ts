/**
 * SQL literals in text whose beginning we may not have seen: in any quoting, also inside another literal, where each quote
 * is written twice. A literal without its closing quote (text cut on its way) runs to the end of the text.
 */

/** A value to blank: from `start` up to, but not including, `end`. */
export interface Span {
  start: number;
  end: number;
}

/** How far an expression is searched for literals, in characters. */
const EXPRESSION_REACH = 1024;

/** White space, also as JSON escapes it, and SQL comments. */
const BLANK = /(?:\s+|\\[nrt]|--[^\n]{0,512}\n|\/\*(?:[^*]|\*(?!\/)){0,512}\*\/)*/y;
const STRING_PREFIX = /(?:e|n|u&)?(?=')/iy;
const ESCAPE_PREFIX = /(?:^|[^\w$])e$/i;
const DOLLAR_TAG = /\$(?:[a-z_\x80-\uffff][\w\x80-\uffff]{0,62})?\$/iy;
/** SQL wants a line break between the parts of one literal; where it is missing, the error is logged with both. */
const CONTINUATION = /\s+'/y;
const CONCATENATION = /\s*\|\|/y;
/** `%L`, `%1$s`, `%-10I`, `%*L`: where format() puts an argument. */
export const FORMAT_PLACE = /%(?:\d{1,3}\$)?-?(?:\d{1,4}|\*(?:\d{1,3}\$)?)?[LsI]/y;
const QUOTED_PLACE = new RegExp(`(?:\\\\?'){0,4}${FORMAT_PLACE.source}`, 'y');
const FORMAT_CALL = /format"?\s{0,32}\(/gi;

/** The end of a sticky match at `at`, or -1. */
export function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** `at`, or behind the white space and comments that begin there. */
export function skipBlank(text: string, at: number): number {
  return Math.max(at, matchEnd(BLANK, text, at));
}

/**
 * The literal in single or dollar quotes that begins at `at`, plain or inside an outer literal; or the literals of an
 * expression that builds it. Empty when none begins there.
 */
export function quotedValue(text: string, at: number): Span[] {
  const place = matchEnd(QUOTED_PLACE, text, at);
  if (place > 0) return formatArguments(text, place);
  const dollar = dollarSpan(text, at);
  if (dollar !== null) return [dollar];
  const open = matchEnd(STRING_PREFIX, text, at);
  if (open < 0) return [];
  const run = quoteRun(text, open);
  const afterRun = open + run;
  if (run % 2 === 1 && matchEnd(CONCATENATION, text, afterRun) > 0) return expressionLiterals(text, afterRun);
  const unit = quoteUnit(text, open);
  if (unit === 0) return [];
  const escapes = open > at && /^e$/i.test(text.charAt(at));
  const spans = [literalSpan(text, open + unit, unit, escapes)];
  for (let last = spans[0]!; unit === 1; spans.push(last)) {
    const next = matchEnd(CONTINUATION, text, last.end + 1);
    if (next < 0) break;
    last = literalSpan(text, next, 1, escapes);
  }
  return spans;
}

/** The arguments of a `format('… %L …', …)` whose place ends at `at`. */
export function formatArguments(text: string, at: number): Span[] {
  const ends = formatTextEnds(text, at);
  if (ends.length > 0)
    return ends.flatMap((end) => argumentLiterals(text, end)).sort((a, b) => a.start - b.start);
  // The call is not in sight, or its text is put together.
  const close = text.slice(at, at + EXPRESSION_REACH).search(/'(?!')/);
  return close < 0 ? [] : expressionLiterals(text, at + close + 1);
}

/**
 * The indices behind the literals around `at` that are texts of format() calls, ascending. Of several calls around each
 * other, the innermost and the outermost: one of them may only be words in the text of the other.
 */
function formatTextEnds(text: string, at: number): number[] {
  const from = Math.max(0, at - EXPRESSION_REACH);
  const seen = text.slice(from, at + EXPRESSION_REACH);
  const ends: number[] = [];
  for (const call of text.slice(from, at).matchAll(FORMAT_CALL)) {
    const literal = literalAt(seen, skipBlank(seen, call.index + call[0].length));
    const isAround = literal !== null && literal.start <= at - from && at - from <= literal.end;
    if (isAround && literal.next <= seen.length) ends.push(from + literal.next);
  }
  const [first = -1, last = first] = [ends[0], ends.at(-1)];
  return [...new Set([first, last])].filter((end) => end > 0).sort((a, b) => a - b);
}

/** The literals in a list of arguments, from `at` to the bracket that closes it. */
function argumentLiterals(text: string, at: number): Span[] {
  const spans: Span[] = [];
  const reach = Math.min(text.length, at + EXPRESSION_REACH);
  let depth = 1;
  for (let position = at; position < reach; position++) {
    const char = text[position];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    if (depth === 0 || char === ';') break;
    if (char === '-' || char === '/') position = Math.max(position, skipBlank(text, position) - 1);
    if (char !== "'" && char !== '$') continue;
    const literal = literalAt(text, position);
    if (literal === null) position += Math.max(quoteRun(text, position) - 1, 0);
    else {
      spans.push({ start: literal.start, end: literal.end });
      position = literal.next - 1;
    }
  }
  return spans;
}

/** The one literal that begins at `at`, with or without its prefix, and the index behind it. */
function literalAt(text: string, at: number): (Span & { next: number }) | null {
  const dollar = dollarSpan(text, at);
  if (dollar !== null) return { ...dollar, next: dollar.end + dollar.start - at };
  const open = matchEnd(STRING_PREFIX, text, at);
  const unit = open < 0 ? 0 : quoteUnit(text, open);
  if (unit === 0) return null;
  const escapes = ESCAPE_PREFIX.test(text.slice(Math.max(0, open - 2), open));
  const span = literalSpan(text, open + unit, unit, escapes);
  return { ...span, next: span.end + unit };
}

/** The content of the dollar-quoted literal that begins at `at`, or null. */
function dollarSpan(text: string, at: number): Span | null {
  const start = matchEnd(DOLLAR_TAG, text, at);
  if (start < 0) return null;
  const close = text.indexOf(text.slice(at, start), start);
  return { start, end: close < 0 ? text.length : close };
}

/** How often each quote of the literal that begins at `open` is written; 0 for an empty one. */
function quoteUnit(text: string, open: number): number {
  const run = quoteRun(text, open);
  if (run % 2 === 1) return 1;
  if (/[\s),;|:]|^$/.test(text.charAt(open + run))) return 0;
  return run === 4 ? 4 : 2;
}

/** The content of a literal whose quotes are written `unit` times, because it stands inside log2(unit) outer literals. */
export function literalSpan(text: string, start: number, unit: number, escapes: boolean): Span {
  let at = start;
  while (at < text.length) {
    const quote = text.indexOf("'", at);
    if (quote < 0) break;
    if (escapes && isEscaped(text, quote, start)) {
      at = quote + 1;
      continue;
    }
    const run = quoteRun(text, quote);
    const units = Math.floor(run / unit);
    if (units % 2 === 1) return { start, end: quote + (units - 1) * unit };
    if (units === 0) return { start, end: quote };
    at = quote + run;
  }
  return { start, end: text.length };
}

/** True when an odd number of backslashes stands before `at`. */
export function isEscaped(text: string, at: number, from: number): boolean {
  let first = at;
  while (first > from && text[first - 1] === '\\') first--;
  return (at - first) % 2 === 1;
}

function quoteRun(text: string, at: number): number {
  let end = at;
  while (text[end] === "'") end++;
  return end - at;
}

/** Every single-quoted literal from `at` to the end of the statement: the parts of a password that SQL puts together. */
function expressionLiterals(text: string, at: number): Span[] {
  const spans: Span[] = [];
  const reach = Math.min(text.length, at + EXPRESSION_REACH);
  let position = at;
  while (position < reach) {
    const char = text[position];
    if (char === ';') break;
    if (char === "'") {
      const span = literalSpan(text, position + 1, 1, false);
      if (/[^']/.test(text.slice(span.start, span.end))) spans.push(span);
      position = span.end;
    }
    position++;
  }
  return spans;
}
