/**
 * Reads a PL/pgSQL body by its tokens: what the compiler refuses, whole or cut. It takes statements in the order of the
 * text and knows nothing of blocks and branches, so the last assignment counts.
 */
import { as } from '../ast.ts';
import { type Token, tokenize } from '../lexing/lexer.ts';
import { parseText } from '../parser/parser.ts';
import { fold, UNKNOWN } from './folding.ts';
import { piecesOf } from './pieces.ts';
import { type BodySql, Script } from './script.ts';

/** Pieces of a body that are looked at. */
const MAX_PIECES = 10_000;
/** Assignments and EXECUTE whose expressions are put together. */
const MAX_FOLDS = 500;

const ENDS_DYNAMIC = new Set(['USING', 'INTO', 'LOOP']);
/** Words before EXECUTE, if it does not begin its statement. */
const BEFORE_EXECUTE = new Set([undefined, 'IN', 'FOR', 'QUERY']);
const SQL_WORDS = new Set(
  (
    'SELECT INSERT UPDATE DELETE MERGE WITH VALUES TABLE COPY GRANT REVOKE CREATE ALTER DROP TRUNCATE LOAD SET RESET CALL ' +
    'DO LOCK COMMENT REFRESH REASSIGN IMPORT NOTIFY SECURITY DISCARD PERFORM'
  ).split(' '),
);
/** Words that begin a query inside another statement of PL/pgSQL. */
const QUERY_WORDS = new Set(['SELECT', 'WITH']);
/** The same behind `FOR r IN`, `OPEN c FOR` and RETURN QUERY. */
const CHANGING_WORDS = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'VALUES', 'TABLE']);
/** Statements of PL/pgSQL with an expression, and how many words stand before it. */
const BEFORE_EXPRESSION: Record<string, number> = {
  IF: 1,
  ELSIF: 1,
  ELSEIF: 1,
  WHILE: 1,
  ASSERT: 1,
  CASE: 1,
  WHEN: 1,
  RETURN: 1,
  EXIT: 2,
  CONTINUE: 2,
  RAISE: 2,
};
const NO_VARIABLE = new Set([
  ...Object.keys(BEFORE_EXPRESSION),
  'FOR',
  'FOREACH',
  'OPEN',
  'END',
  'EXCEPTION',
  'GET',
]);

export function readByTokens(body: string): BodySql {
  const script = new Script();
  const tokens = tokenize(body);
  const pieces = piecesOf(tokens);
  if (pieces.length > MAX_PIECES) script.giveUp();
  const dynamic = tokens.some(({ text }) => text === 'EXECUTE');
  const reader = new TokenReader(body, script, dynamic ? MAX_FOLDS : 0);
  for (const piece of pieces.slice(0, MAX_PIECES)) reader.read(piece);
  return script.finish();
}

class TokenReader {
  readonly #body: string;
  readonly #script: Script;
  readonly #variables = new Map<string, string>();
  #folds: number;

  /** @param folds 0 where no EXECUTE could run what is put together */
  constructor(body: string, script: Script, folds: number) {
    this.#body = body;
    this.#script = script;
    this.#folds = folds;
  }

  read(tokens: readonly Token[]): void {
    const first = tokens[0]!.text;
    const execute = tokens.findIndex(
      ({ text }, i) => text === 'EXECUTE' && BEFORE_EXECUTE.has(tokens[i - 1]?.text),
    );
    const assignment = assignmentIn(tokens);
    if (execute >= 0) this.#execute(tokens, execute + 1);
    else if (assignment > 0) this.#assign(tokens, assignment + 1);
    else if (SQL_WORDS.has(first)) this.#script.add(this.#staticSql(tokens));
    else this.#queries(tokens);
  }

  #execute(tokens: readonly Token[], from: number): void {
    const end = tokens.findIndex(({ text }, i) => i >= from && ENDS_DYNAMIC.has(text));
    const expression = this.#source(tokens.slice(from, end < 0 ? tokens.length : end));
    this.#script.addExpression(expression);
    this.#script.addDynamic([this.#fold(expression)]);
    const using = tokens.findIndex(({ text }, i) => i >= from && text === 'USING');
    if (using >= 0) this.#script.addExpression(this.#source(tokens.slice(using + 1)));
  }

  #assign(tokens: readonly Token[], from: number): void {
    const expression = this.#source(tokens.slice(from));
    this.#script.addExpression(expression);
    // `a.b := 1` is a field of a record, or a variable behind its label.
    for (let i = 0; i < from; i += 1) {
      const { type, start, end } = tokens[i]!;
      if (type !== 'word' && type !== 'quoted') continue;
      const text = this.#body.slice(start, end);
      const name = type === 'word' ? text.toLowerCase() : text.slice(1, -1).replaceAll('""', '"');
      const field =
        tokens[i + 1]?.text === '.' ? this.#body.slice(tokens[i + 2]?.start, tokens[i + 2]?.end) : '';
      this.#variables.set(field === '' ? name : `${name}.${field.toLowerCase()}`, this.#fold(expression));
      return;
    }
  }

  /** Queries and calls inside an expression (`IF EXISTS (SELECT …)`), a loop (`FOR r IN SELECT …`) or a declaration. */
  #queries(tokens: readonly Token[]): void {
    const query = tokens.findIndex(
      ({ text }, i) =>
        QUERY_WORDS.has(text) ||
        (CHANGING_WORDS.has(text) && i > 0 && BEFORE_EXECUTE.has(tokens[i - 1]!.text)),
    );
    const before = BEFORE_EXPRESSION[tokens[0]!.text];
    if (query >= 0 && tokens[query - 1]?.text !== '(') {
      this.#script.add(this.#staticSql(tokens.slice(query)));
    } else if (before !== undefined && tokens.length > before) {
      const next = tokens[0]!.text === 'RETURN' && tokens[1]!.text === 'NEXT' ? 2 : before;
      const when = tokens[0]!.text === 'CASE' ? tokens.findIndex(({ text }) => text === 'WHEN') : -1;
      if (when > 0) this.#script.addExpression(this.#source(tokens.slice(when + 1)));
      this.#script.addExpression(this.#source(tokens.slice(next, when > 0 ? when : tokens.length)));
    } else if (query >= 0) {
      this.#script.add(this.#source(insideBracket(tokens, query)));
    }
  }

  #source(tokens: readonly Token[]): string {
    return tokens.length === 0 ? '' : this.#body.slice(tokens[0]!.start, tokens.at(-1)!.end);
  }

  #fold(expression: string): string {
    if (this.#folds === 0) return UNKNOWN;
    this.#folds -= 1;
    if (this.#folds === 0) this.#script.giveUp();
    const parsed = parseText(`SELECT ${expression}`);
    const query = parsed.ok ? as(parsed.statements[0]?.stmt, 'SelectStmt') : undefined;
    return fold(as(query?.targetList?.[0], 'ResTarget')?.val, this.#variables);
  }

  /** PERFORM is SELECT; `INTO variable` is PL/pgSQL's own and would read as a new table. */
  #staticSql(tokens: readonly Token[]): string {
    const words: string[] = tokens[0]!.text === 'PERFORM' ? ['SELECT'] : [];
    const kept = words.length === 0 ? tokens : tokens.slice(1);
    let skipping = false;
    kept.forEach((token, i) => {
      if (token.text === 'INTO' && !['INSERT', 'MERGE'].includes(kept[i - 1]?.text ?? '')) skipping = true;
      else if (skipping && isBehindInto(kept, i)) skipping = false;
      if (!skipping) words.push(this.#body.slice(token.start, token.end));
    });
    return words.join(' ').replaceAll(' . ', '.');
  }
}

/** Where `:=` or `=` of an assignment or declaration stands; -1 for other statements. */
function assignmentIn(tokens: readonly Token[]): number {
  const [first, second] = tokens;
  if (NO_VARIABLE.has(first!.text)) return -1;
  const isSql = SQL_WORDS.has(first!.text) && second?.text.startsWith(':=') !== true && second?.text !== '=';
  if (isSql) return -1;
  return tokens.findIndex(
    ({ text }, i) => text.startsWith(':=') || text === 'DEFAULT' || (text === '=' && i <= 3),
  );
}

/** A list of targets ends where a word follows that no comma or dot introduces: `INTO STRICT a, b.c FROM t`. */
function isBehindInto(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]!.text;
  if (before === 'INTO' || before === 'STRICT' || before === ',' || before === '.') return false;
  return ![',', '.', 'STRICT'].includes(tokens[at]!.text);
}

function insideBracket(tokens: readonly Token[], from: number): Token[] {
  let depth = 0;
  let end = from;
  for (; end < tokens.length && depth >= 0; end += 1) {
    if (tokens[end]!.text === '(') depth += 1;
    else if (tokens[end]!.text === ')') depth -= 1;
  }
  return tokens.slice(from, depth < 0 ? end - 1 : end);
}
