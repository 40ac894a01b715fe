/** Statements of a text, and their words. PostgreSQL's clients send several at once, with `;` between. */
import { type Token, tokenize } from '../statements/lexing/lexer.ts';
import { SqlError } from './sql-error.ts';

export interface Statement {
  sql: string;
  /** Without comments; places are those in `sql`. */
  tokens: readonly Token[];
}

/** The statements of a text, in order. Those that say nothing are left out. */
export function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  const finish = () => {
    const [first, last] = [tokens[0], tokens.at(-1)];
    if (first !== undefined && last !== undefined) {
      const moved = tokens.map((token) => ({
        ...token,
        start: token.start - first.start,
        end: token.end - first.start,
      }));
      statements.push({ sql: text.slice(first.start, last.end), tokens: moved });
    }
    tokens = [];
  };
  for (const token of tokenize(text)) {
    if (token.type === 'comment') continue;
    if (token.type === 'punctuation' && token.text === ';') finish();
    else tokens.push(token);
  }
  finish();
  return statements;
}

/** Reads the words of a statement from left to right. */
export class Words {
  readonly #statement: Statement;
  #at = 0;

  constructor(statement: Statement) {
    this.#statement = statement;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#statement.tokens.length;
  }

  /** What is left of the text. */
  get rest(): string {
    const next = this.#statement.tokens[this.#at];
    return next === undefined ? '' : this.#statement.sql.slice(next.start);
  }

  /** Goes on when the next words, operators or characters are these. */
  accept(...texts: string[]): boolean {
    const { tokens } = this.#statement;
    const fits = texts.every((text, index) => tokens[this.#at + index]?.text === text);
    if (fits) this.#at += texts.length;
    return fits;
  }

  /** Goes on when the next one is one of these; returns which. */
  acceptOneOf(...texts: string[]): string | null {
    return texts.find((text) => this.accept(text)) ?? null;
  }

  /** A name: folded to lower case unless it is quoted. Null where there is none. */
  name(): string | null {
    const token = this.#statement.tokens[this.#at];
    if (token?.type !== 'word' && token?.type !== 'quoted') return null;
    this.#at += 1;
    const raw = this.#statement.sql.slice(token.start, token.end);
    return token.type === 'word' ? raw.toLowerCase() : raw.slice(1, -1).replaceAll('""', '"');
  }

  /** A value of a setting: a string, a number (with its sign), a word. Null where there is none. */
  value(): string | null {
    const minus = this.accept('-') ? '-' : '';
    const token = this.#statement.tokens[this.#at];
    if (token === undefined) return null;
    const raw = this.#statement.sql.slice(token.start, token.end);
    this.#at += 1;
    if (token.type === 'string') return stringValue(raw);
    if (token.type === 'number') return minus + raw;
    if (token.type === 'quoted') return raw.slice(1, -1).replaceAll('""', '"');
    return token.type === 'word' ? raw : null;
  }

  /** A whole number; null where there is none. */
  number(): number | null {
    const token = this.#statement.tokens[this.#at];
    if (token?.type !== 'number') return null;
    const raw = this.#statement.sql.slice(token.start, token.end);
    if (!/^\d{1,9}$/.test(raw)) return null;
    this.#at += 1;
    return Number(raw);
  }

  /** The text between a `(` that comes next and the `)` that closes it; null where there is none. */
  parenthesized(): string | null {
    if (!this.accept('(')) return null;
    const { tokens, sql } = this.#statement;
    const start = tokens[this.#at - 1]!.end;
    for (let depth = 1; this.#at < tokens.length; this.#at++) {
      const { text } = tokens[this.#at]!;
      if (text === '(') depth += 1;
      if (text === ')') depth -= 1;
      if (depth > 0) continue;
      this.#at += 1;
      return sql.slice(start, tokens[this.#at - 1]!.start);
    }
    return null;
  }
}

/** Of `'it''s'` and `E'a\tb'`; other prefixes are nothing for a setting. */
function stringValue(raw: string): string | null {
  if (raw.startsWith("'")) return raw.slice(1, -1).replaceAll("''", "'");
  if (!/^e'/i.test(raw)) return null;
  const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r' };
  return raw.slice(2, -1).replace(/''|\\(.)/gs, (_, escaped?: string) => {
    return escaped === undefined ? "'" : (escapes[escaped] ?? escaped);
  });
}

/** What a command cannot do without. */
export function needed<T>(value: T | null): T {
  if (value === null) throw syntaxError();
  return value;
}

export function syntaxError(): SqlError {
  return new SqlError('42601', 'syntax error');
}
