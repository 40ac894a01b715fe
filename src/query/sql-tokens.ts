/** Cuts SQL into tokens as DuckDB does, as far as quotes, comments, parameters and the ends of statements go. */

export type TokenKind =
  | 'space'
  | 'line comment'
  | 'block comment'
  | 'string'
  | 'quoted name'
  | 'dollar string'
  | 'parameter'
  | 'word'
  | 'semicolon'
  | 'other';

export interface Token {
  kind: TokenKind;
  start: number;
  end: number;
  /** The text ends before the token does: a quote or comment without its end. */
  open: boolean;
}

const DOLLAR_TAG = /\$(?:(?:[A-Za-z_]|[^\0-\x7f\s])(?:\w|[^\0-\x7f\s])*)?\$/y;
const COMMENT_EDGE = /\/\*|\*\//g;

/** In the order in which they are tried. Group 1 is the end of what has one, and empty where it is missing. */
const PATTERNS: readonly [TokenKind, RegExp][] = [
  ['space', /\s+/y],
  ['line comment', /--[^\n\r]*/y],
  ['string', /[eE]'[^'\\]*(?:(?:''|\\[\s\S]?)[^'\\]*)*('?)/y],
  ['string', /'[^']*(?:''[^']*)*('?)/y],
  ['quoted name', /"[^"]*(?:""[^"]*)*("?)/y],
  ['parameter', /\$(?:\w|[^\0-\x7f\s])+/y],
  ['word', /(?:[A-Za-z_]|[^\0-\x7f\s])(?:[\w$]|[^\0-\x7f\s])*/y],
  ['semicolon', /;/y],
  ['other', /\d+|[\s\S]/y],
];

/** The tokens of a text, one behind the other without a gap. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let start = 0; start < text.length; ) {
    const token = dollarString(text, start) ?? blockComment(text, start) ?? simple(text, start);
    tokens.push(token);
    start = token.end;
  }
  return tokens;
}

/** Names of the parameters (`$user`) that a query has, in lower case: DuckDB does not tell cases apart. */
export function parameterNames(sql: string): Set<string> {
  const found = tokensOf(sql).filter(({ kind }) => kind === 'parameter');
  return new Set(found.map(({ start, end }) => sql.slice(start + 1, end).toLowerCase()));
}

function simple(text: string, start: number): Token {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    if (match !== null) return { kind, start, end: pattern.lastIndex, open: match[1] === '' };
  }
  throw new Error('the last pattern takes any character');
}

function dollarString(text: string, start: number): Token | null {
  DOLLAR_TAG.lastIndex = start;
  const tag = DOLLAR_TAG.exec(text)?.[0];
  if (tag === undefined) return null;
  const found = text.indexOf(tag, start + tag.length);
  const open = found === -1;
  return { kind: 'dollar string', start, end: open ? text.length : found + tag.length, open };
}

/** Comments nest. */
function blockComment(text: string, start: number): Token | null {
  if (!text.startsWith('/*', start)) return null;
  COMMENT_EDGE.lastIndex = start;
  for (let depth = 0; ; ) {
    const edge = COMMENT_EDGE.exec(text)?.[0];
    if (edge === undefined) return { kind: 'block comment', start, end: text.length, open: true };
    depth += edge === '/*' ? 1 : -1;
    if (depth === 0) return { kind: 'block comment', start, end: COMMENT_EDGE.lastIndex, open: false };
  }
}
