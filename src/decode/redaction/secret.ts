/**
 * Finds the value that belongs to a name such as `PASSWORD`: a SQL literal in any of its quotings, a JSON string, or a
 * bare value of a connection string. Looks ahead only a bounded distance before it commits to a value, so that the search
 * over a whole text stays linear.
 */
import { laterArguments, listLiterals } from './arguments.ts';
import { isEscaped, matchEnd, quotedValue, type Span, skipBlank } from './literal.ts';

const OPERATOR = /:=|=>|==?|<>|!=|!?~~?\*?|:(?!:)|(?:not\s+)?i?like(?=[\s'])|(?:changed\s+)?to(?=[\s'])/iy;
const MEMBERSHIP = /(?:not\s+)?in\s*(?=\()/iy;
const CAST = /::[\w]{1,63}/y;
const NAME_END = /(?:\\?["']){1,8}/y;
const BRACKETS = /\s{0,4}\){1,3}(?=\s{0,4}=)/y;
/** The number of a bind parameter, as DETAIL lists them: `$1 = 'app.password', $2 = 'value'`. */
const BIND = /\$\d{1,5} = /y;
const DOUBLE_QUOTES = /\\?"{1,8}/y;
const BACKSLASH_QUOTED = /\\{1,4}'/y;
/** Ends at a blank, a quote, or where the next pair of a URL query or an ADO string begins. */
const BARE_PART =
  '(?:[^\\s\'"\\\\;&]|[;&](?!\\s|$|[a-z]\\w{0,40}=|(?:user|initial|data|integrated|persist|application) )|' +
  '\\\\{1,4} |\\\\(?:[\'\\\\]|(?!["nrt])))';
const BARE_VALUE = new RegExp(`${BARE_PART}+`, 'iy');
/** Enough of it to tell SQL from a value, without reading the same megabyte again for every name in it. */
const BARE_HEAD = new RegExp(`${BARE_PART}{1,256}`, 'iy');
/** `password = crypt('value', …)`. */
const CALL = /[\w.]{1,63}\(\s*/y;
/** Bare words after `=` that are SQL rather than a value: bind parameters, keywords, calls, columns. */
const NOT_A_VALUE =
  /^(?:null|true|false|default|none|(?:new|old|excluded)\..*|\w+\(.*|.*(?:password|passwd|pwd|token|secret))$/is;
const PLACEHOLDER = /^(?:\$\d*|\?|%(?:\d+\$)?[sLI]|<REDACTED>)$/;
const CONNECTION_STRING = /\b(?:host|hostaddr|dbname|port|sslmode|server|service)\s?=/i;
const SET_CUSTOM = /\bset\s+(?:local\s+|session\s+)?\w+\.[\w.]*$/i;
/** `?token=` of a URL, `API_TOKEN=` of a shell. */
const PAIR = /[?&;][\w.-]{0,64}$|(?:^|[\s'"])[A-Z][A-Z\d_]{0,64}$/;
const OPTION = /(?:^|[\s'"])--[a-z-]{0,40}$/i;

const ROLE_REACH = 512;
const ROLE_STATEMENT = /\b(?:create|alter)\s{1,8}(?:role|user|group)\s[^;]*$/i;
const NO_PASSWORD = /^(?:null\b|<REDACTED>|\$\d)/i;

/**
 * The values that follow a secret's name.
 * @param at index just after the name
 * @param name as written
 */
export function readSecret(text: string, at: number, name: string): Span[] {
  if (/^account_add$/i.test(name)) return laterArguments(text, at);
  const named = nameEnd(text, at);
  let position = skipBlank(text, named.end);
  if (named.comma) return quotedValue(text, Math.max(position, matchEnd(BIND, text, position)));
  const list = matchEnd(MEMBERSHIP, text, position);
  if (list > 0) return listLiterals(text, list, () => true).spans;
  const operatorEnd = matchEnd(OPERATOR, text, position);
  if (operatorEnd < 0) return valueAside(text, at, position, name);
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
  return isEquals ? bareValue(text, at, position, spaced, name) : [];
}

/** Without an operator between: `PASSWORD 'x'`, `"password" 'x'`, `--password x`. */
function valueAside(text: string, at: number, position: number, name: string): Span[] {
  const isSeparated = position > at || text[position] === "'";
  if (!isSeparated) return [];
  const quoted = quotedValue(text, position);
  if (quoted.length > 0) return quoted;
  const before = text.slice(Math.max(0, at - name.length - 48), at - name.length);
  const isBare = (position === at + 1 && OPTION.test(before)) || isRoleStatement(text, at);
  return isBare ? bareWord(text, position) : [];
}

/** `CREATE ROLE x PASSWORD hunter2`: without quotes it is an error, and the error is logged with the statement. */
function isRoleStatement(text: string, at: number): boolean {
  return ROLE_STATEMENT.test(text.slice(Math.max(0, at - ROLE_REACH), at));
}

/** A word, or several in double quotes, at `position`. */
function bareWord(text: string, position: number): Span[] {
  const doubled = doubleQuotedValue(text, position);
  if (doubled.length > 0) return doubled;
  const end = matchEnd(BARE_VALUE, text, position);
  if (end < 0 || NO_PASSWORD.test(text.slice(position, end))) return [];
  return [{ start: position, end }];
}

/** Passes the quotes that close a quoted name (`"password": …`, `set_config('app.password', …)`), brackets and a cast. */
function nameEnd(text: string, at: number): { end: number; comma: boolean } {
  const closed = matchEnd(NAME_END, text, at);
  if (closed > 0) {
    const next = skipBlank(text, closed);
    if (text[next] === ',' && text[closed - 1] === "'")
      return { end: skipBlank(text, next + 1), comma: true };
    if (matchEnd(OPERATOR, text, next) > 0) return { end: next, comma: false };
    if (text[closed - 1] === '"') return { end: closed, comma: false };
  }
  const passed = Math.max(matchEnd(CAST, text, at), matchEnd(BRACKETS, text, at));
  return { end: passed > 0 ? passed : at, comma: false };
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
function bareValue(text: string, nameEndAt: number, at: number, spaced: boolean, name: string): Span[] {
  const opened = matchEnd(BACKSLASH_QUOTED, text, at);
  if (opened > 0) {
    // `E'password=\'a b\''`.
    const close = text.indexOf(text.slice(at, opened), opened);
    return [{ start: opened, end: close < 0 ? text.length : close }];
  }
  const headEnd = matchEnd(BARE_HEAD, text, at);
  if (headEnd < 0) return [];
  const head = withoutClosing(text.slice(at, headEnd));
  if (head === '' || head.startsWith('(') || PLACEHOLDER.test(head)) return [];
  const before = text.slice(Math.max(0, nameEndAt - 256), nameEndAt);
  const isSql = !CONNECTION_STRING.test(before) && !SET_CUSTOM.test(before);
  if (isSql && (spaced || NOT_A_VALUE.test(head))) return [];
  // Columns are called `token` and `secret`, and compared with other columns.
  if (isSql && /^(?:token|secret)$/i.test(name) && !PAIR.test(before)) return [];
  const value = withoutClosing(text.slice(at, matchEnd(BARE_VALUE, text, at)));
  return [{ start: at, end: at + value.length }];
}

/** Without the brackets, commas and dollar quotes after a value that stands in a list, a call or a literal. */
function withoutClosing(value: string): string {
  return value.replace(/(?:[),\]}]|\$(?:[a-z_]\w{0,62})?\$){1,8}$/i, '');
}
