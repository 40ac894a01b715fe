/**
 * SQL inside a PL/pgSQL body: static statements, and the text of EXECUTE as far as it can be put together.
 *
 * libpg-query can compile PL/pgSQL, but refuses a body for every type or loop variable it does not know. This reader works
 * on tokens and takes what it can.
 */
import { as } from './ast.ts';
import { fold } from './folding.ts';
import { type Token, tokenize } from './lexer.ts';
import { parseText } from './parser.ts';

/** Pieces of a body that are looked at. */
const MAX_PIECES = 1_000;
const BLOCK_WORDS = new Set(['BEGIN', 'THEN', 'ELSE', 'LOOP', 'DECLARE']);
const ENDS_DYNAMIC = new Set(['USING', 'INTO', 'LOOP']);
const SQL_WORDS = new Set(
  'SELECT INSERT UPDATE DELETE MERGE WITH COPY GRANT REVOKE CREATE ALTER DROP TRUNCATE LOAD SET CALL LOCK PERFORM'.split(
    ' ',
  ),
);

export interface BodySql {
  /** SQL texts in the order of the body; parts that are not known read `_`. */
  statements: string[];
  /** The body runs dynamic SQL. */
  dynamic: boolean;
}

export function readPlpgsql(body: string): BodySql {
  const variables = new Map<string, string>();
  const found: BodySql = { statements: [], dynamic: false };
  for (const tokens of split(tokenize(body)).slice(0, MAX_PIECES)) {
    const execute = tokens.findIndex(({ text }) => text === 'EXECUTE');
    const assignment = tokens.findIndex(isAssignment);
    if (execute >= 0 && !isTriggerExecute(tokens[execute + 1])) {
      found.dynamic = true;
      const expression = tokens.slice(execute + 1, endOfDynamic(tokens, execute + 1));
      found.statements.push(foldText(sourceOf(body, expression), variables));
    } else if (assignment > 0) {
      const name = body.slice(tokens[0]!.start, tokens[0]!.end).toLowerCase();
      variables.set(name, foldText(sourceOf(body, tokens.slice(assignment + 1)), variables));
      found.statements.push(...queriesOf(body, tokens.slice(assignment + 1)));
    } else if (SQL_WORDS.has(tokens[0]?.text ?? '')) {
      found.statements.push(staticSql(body, tokens));
    } else {
      found.statements.push(...queriesOf(body, tokens));
    }
  }
  return found;
}

/** Statements of the body: pieces between semicolons and the words that open a block. */
function split(tokens: readonly Token[]): Token[][] {
  const pieces: Token[][] = [];
  let piece: Token[] = [];
  let depth = 0;
  const cut = (): void => {
    if (piece.length > 0) pieces.push(piece);
    piece = [];
    depth = 0;
  };
  for (const token of tokens) {
    if (token.type === 'comment') continue;
    const expression = token.text === 'CASE' && piece.length > 0;
    if (token.text === '(' || expression) depth += 1;
    else if (depth > 0 && (token.text === ')' || token.text === 'END')) depth -= 1;
    else if (token.text === ';' || (depth === 0 && BLOCK_WORDS.has(token.text))) {
      cut();
      continue;
    }
    piece.push(token);
  }
  cut();
  return pieces;
}

function isAssignment(token: Token, index: number): boolean {
  if (token.text.startsWith(':=') || token.text === 'DEFAULT') return true;
  return token.text === '=' && index === 1;
}

/** `EXECUTE FUNCTION f()` in CREATE TRIGGER is no dynamic SQL. */
function isTriggerExecute(next: Token | undefined): boolean {
  return next === undefined || next.text === 'FUNCTION' || next.text === 'PROCEDURE';
}

function endOfDynamic(tokens: readonly Token[], from: number): number {
  const end = tokens.findIndex(({ text }, i) => i >= from && ENDS_DYNAMIC.has(text));
  return end < 0 ? tokens.length : end;
}

/** Queries inside an expression (`IF EXISTS (SELECT …)`, `x := (SELECT …)`) or a loop (`FOR r IN SELECT …`). */
function queriesOf(body: string, tokens: readonly Token[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < tokens.length; i += 1) {
    if (tokens[i]!.text !== 'SELECT' && tokens[i]!.text !== 'WITH') continue;
    let depth = 0;
    let end = i;
    for (; end < tokens.length && depth >= 0; end += 1) {
      if (tokens[end]!.text === '(') depth += 1;
      else if (tokens[end]!.text === ')') depth -= 1;
    }
    found.push(sourceOf(body, tokens.slice(i, depth < 0 ? end - 1 : end)));
    i = end;
  }
  return found;
}

function sourceOf(body: string, tokens: readonly Token[]): string {
  return tokens.length === 0 ? '' : body.slice(tokens[0]!.start, tokens.at(-1)!.end);
}

function foldText(expression: string, variables: ReadonlyMap<string, string>): string {
  const parsed = parseText(`SELECT ${expression}`);
  const query = parsed.ok ? as(parsed.statements[0]?.stmt, 'SelectStmt') : undefined;
  return fold(as(query?.targetList?.[0], 'ResTarget')?.val, variables);
}

/** PERFORM is SELECT; `INTO variable` is PL/pgSQL's own and would read as a new table. */
function staticSql(body: string, tokens: readonly Token[]): string {
  const words: string[] = tokens[0]!.text === 'PERFORM' ? ['SELECT'] : [];
  const kept = words.length === 0 ? tokens : tokens.slice(1);
  let skipping = false;
  kept.forEach((token, i) => {
    if (token.text === 'INTO' && !['INSERT', 'MERGE'].includes(kept[i - 1]?.text ?? '')) skipping = true;
    else if (skipping && ['FROM', 'WHERE', 'VALUES', 'USING'].includes(token.text)) skipping = false;
    if (!skipping) words.push(body.slice(token.start, token.end));
  });
  return words.join(' ').replaceAll(' . ', '.');
}
