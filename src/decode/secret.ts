/**
 * Finds the value that belongs to a name such as `PASSWORD`: a SQL literal in any of its quotings, also inside another
 * literal, a JSON string, or a bare value of a connection string. Looks ahead only a bounded distance before it commits
 * to a value, so that the search over a whole text stays linear.
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
const OPERATOR = /:=|=>|==?|:(?!:)|to(?=[\s'])/iy;
const CAST = /::[\w]{1,63}/y;
const NAME_END = /(?:\\?["']){1,8}/y;
const STRING_PREFIX = /(?:e|n|u&)?(?=')/iy;
const DOLLAR_TAG = /\$(?:[a-z_\x80-\uffff][\w\x80-\uffff]{0,62})?\$/iy;
const DOUBLE_QUOTES = /\\?"{1,8}/y;
const CONTINUATION = /[ \t\r\f]*\n\s*'/y;
const CONCATENATION = /\s*\|\|/y;
const FORMAT_PLACE = /'{0,4}%(?:\d{1,3}\$)?[LsI]/y;
/** Ends at a blank, a quote, or where the next pair of a URL query or an ADO string begins. */
const BARE_VALUE =
  /(?:[^\s'"\\;&]|[;&](?!\s|$|[a-z]\w{0,40}=|(?:user|initial|data|integrated|persist|application) )|\\(?:['\\]|(?!["nrt])))+/iy;
/** Enough of it to tell SQL from a value, without reading the same megabyte again for every name in it. */
const BARE_HEAD =
  /(?:[^\s'"\\;&]|[;&](?!\s|$|[a-z]\w{0,40}=|(?:user|initial|data|integrated|persist|application) )|\\(?:['\\]|(?!["nrt]))){1,256}/iy;
/** `password = crypt('value', …)`. */
const CALL = /[\w.]{1,63}\(\s*/y;
/** Bare words after `=` that are SQL rather than a value: bind parameters, keywords, calls, columns. */
const NOT_A_VALUE =
  /^(?:null|true|false|default|none|(?:new|old|excluded)\..*|\w+\(.*|.*(?:password|passwd|pwd))$/is;
const PLACEHOLDER = /^(?:\$\d+|\?|%(?:\d+\$)?[sLI]|<REDACTED>)$/;
const CONNECTION_STRING = /\b(?:host|hostaddr|dbname|port|sslmode|server)\s?=/i;
const SET_CUSTOM = /\bset\s+(?:local\s+|session\s+)?\w+\.[\w.]*$/i;

/** The end of a sticky match at `at`, or -1. */
function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

function skipBlank(text: string, at: number): number {
  return Math.max(at, matchEnd(BLANK, text, at));
}

/**
 * The values that follow a secret's name.
 * @param at index just after the name
 * @param isCall the name is that of a function whose second argument is the secret
 */
export function readSecret(text: string, at: number, isCall: boolean): Span[] {
  if (isCall) return secondArgument(text, at);
  const named = nameEnd(text, at);
  let position = skipBlank(text, named.end);
  if (named.comma) return quotedValue(text, position);
  const operatorEnd = matchEnd(OPERATOR, text, position);
  if (operatorEnd < 0) {
    const separated = position > at || text[position] === "'";
    return separated ? quotedValue(text, position) : [];
  }
  const spaced = position > named.end || skipBlank(text, operatorEnd) > operatorEnd;
  const isEquals = text[operatorEnd - 1] === '=';
  position = skipBlank(text, operatorEnd);
  const quoted = quotedValue(text, position);
  if (quoted.length > 0) return quoted;
  const argument = matchEnd(CALL, text, position);
  const called = argument > 0 ? quotedValue(text, argument) : [];
  if (called.length > 0) return called;
  const doubled = doubleQuotedValue(text, position);
  if (doubled.length > 0) return doubled;
  return isEquals ? bareValue(text, at, position, spaced) : [];
}

/** Passes the quotes that close a quoted name (`"password": …`, `set_config('app.password', …)`) and a cast. */
function nameEnd(text: string, at: number): { end: number; comma: boolean } {
  const closed = matchEnd(NAME_END, text, at);
  if (closed > 0) {
    const next = skipBlank(text, closed);
    if (text[next] === ',' && text[closed - 1] === "'") return { end: next + 1, comma: true };
    if (text[next] === ':' || text[next] === '=') return { end: next, comma: false };
  }
  const cast = matchEnd(CAST, text, at);
  return { end: cast > 0 ? cast : at, comma: false };
}

/** A literal in single or dollar quotes, plain or inside an outer literal; or the literals of an expression that builds it. */
function quotedValue(text: string, at: number): Span[] {
  const place = matchEnd(FORMAT_PLACE, text, at);
  if (place > 0) {
    const close = text.slice(place, place + EXPRESSION_REACH).search(/'(?!')/);
    return close < 0 ? [] : expressionLiterals(text, place + close + 1);
  }
  const tagEnd = matchEnd(DOLLAR_TAG, text, at);
  if (tagEnd > 0) {
    const close = text.indexOf(text.slice(at, tagEnd), tagEnd);
    return [{ start: tagEnd, end: close < 0 ? text.length : close }];
  }
  const open = matchEnd(STRING_PREFIX, text, at);
  if (open < 0) return [];
  const run = quoteRun(text, open);
  const afterRun = open + run;
  if (run % 2 === 1 && matchEnd(CONCATENATION, text, afterRun) > 0) return expressionLiterals(text, afterRun);
  if (run % 2 === 0 && /[\s),;|:]|^$/.test(text.charAt(afterRun))) return [];
  const unit = run % 2 === 1 ? 1 : run === 4 ? 4 : 2;
  const escapes = open > at && /^e$/i.test(text.charAt(at));
  const spans = [literalSpan(text, open + unit, unit, escapes)];
  for (let last = spans[0]!; unit === 1; spans.push(last)) {
    const next = matchEnd(CONTINUATION, text, last.end + 1);
    if (next < 0) break;
    last = literalSpan(text, next, 1, escapes);
  }
  return spans;
}

/**
 * The content of a literal whose quotes are written `unit` times, because it stands inside log2(unit) outer literals.
 * Without a closing quote (text cut on its way) the content runs to the end of the text.
 */
function literalSpan(text: string, start: number, unit: number, escapes: boolean): Span {
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
function isEscaped(text: string, at: number, from: number): boolean {
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

function doubleQuotedValue(text: string, at: number): Span[] {
  const open = matchEnd(DOUBLE_QUOTES, text, at);
  if (open < 0) return [];
  const quotes = text.slice(at, open);
  // `""` before a delimiter is an empty string, not the doubled quote of a CSV field.
  if (quotes === '""' && /[\s),;}\]]|^$/.test(text.charAt(open))) return [];
  let close = text.indexOf(quotes, open);
  while (quotes === '"' && close > open && isEscaped(text, close, open)) close = text.indexOf('"', close + 1);
  return [{ start: open, end: close < 0 ? text.length : close }];
}

/** `password=value` of a connection string. With blanks around `=` it is SQL, unless the surroundings say otherwise. */
function bareValue(text: string, nameEndAt: number, at: number, spaced: boolean): Span[] {
  const headEnd = matchEnd(BARE_HEAD, text, at);
  if (headEnd < 0) return [];
  const head = withoutClosing(text.slice(at, headEnd));
  if (head === '' || PLACEHOLDER.test(head)) return [];
  const before = text.slice(Math.max(0, nameEndAt - 256), nameEndAt);
  const isSql = !CONNECTION_STRING.test(before) && !SET_CUSTOM.test(before);
  if (isSql && (spaced || NOT_A_VALUE.test(head))) return [];
  const value = withoutClosing(text.slice(at, matchEnd(BARE_VALUE, text, at)));
  return [{ start: at, end: at + value.length }];
}

/** Without the brackets and commas after a value that stands in a list or a call. */
function withoutClosing(value: string): string {
  return value.replace(/[),\]}]{1,8}$/, '');
}

/** `account_add('account', 'key')`. */
function secondArgument(text: string, at: number): Span[] {
  const paren = skipBlank(text, at);
  if (text[paren] !== '(') return [];
  const first = skipBlank(text, paren + 1);
  if (text[first] !== "'") return [];
  const account = literalSpan(text, first + 1, 1, false);
  const comma = skipBlank(text, account.end + 1);
  return text[comma] === ',' ? quotedValue(text, skipBlank(text, comma + 1)) : [];
}
