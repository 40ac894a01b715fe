/**
 * What may be given to PostgreSQL's PL/pgSQL compiler, told from the tokens of the body.
 *
 * Measured with libpg-query 18.1.5 on Node 20: no body exhausts its stack. Bison gives up in order at 1,104 blocks of
 * the worst kind (BEGIN inside EXCEPTION) and at 9,984 brackets; an error costs 16 bytes. Looking up a name takes time by
 * the number of names, so these are bounded too: without a bound 64 KB of declarations took 0.3 s.
 */
import type { Token } from '../lexing/lexer.ts';
import { longestOperatorRun, MAX_NESTING, MAX_OPERATOR_RUN, nestingOf } from '../parser/nesting.ts';
import { piecesOf } from './pieces.ts';

/** Compiling takes 4 ms a thousand tokens, and a statement has 250 ms in all. 64 KB of ordinary code have 11,000. */
const MAX_TOKENS = 12_000;
/** Half of what the compiler stands at the worst. */
const MAX_BLOCKS = 500;
/** Variables and cursors. */
const MAX_DECLARED = 1_000;
/** Dots between names: each may be a field of a record. */
const MAX_FIELDS = 2_000;

const OPENS_BLOCK = new Set(['BEGIN', 'IF', 'CASE', 'LOOP', 'FOR', 'FOREACH', 'WHILE']);
/** Behind these a statement begins. `>>` ends a label. */
const BEFORE_STATEMENT = new Set([';', 'BEGIN', 'THEN', 'ELSE', 'LOOP', '>>']);

export function isCompilable(body: string, tokens: readonly Token[]): boolean {
  return (
    tokens.length <= MAX_TOKENS &&
    !printsTree(tokens) &&
    deepestBlock(tokens) <= MAX_BLOCKS &&
    longestOperatorRun(body, tokens) <= MAX_OPERATOR_RUN &&
    isWithinNames(tokens) &&
    piecesOf(tokens).every((piece) => nestingOf(piece) <= MAX_NESTING)
  );
}

/** `#option dump` makes the compiler write the tree, with texts of the body, to the standard output of this process. */
function printsTree(tokens: readonly Token[]): boolean {
  let before = '';
  for (const { type, text } of tokens) {
    if (type === 'comment') continue;
    if (text === 'OPTION' && before.endsWith('#')) return true;
    before = text;
  }
  return false;
}

function deepestBlock(tokens: readonly Token[]): number {
  let depth = 0;
  let deepest = 0;
  let before = ';';
  for (const { type, text } of tokens) {
    if (type === 'comment') continue;
    if (BEFORE_STATEMENT.has(before)) {
      if (OPENS_BLOCK.has(text)) depth += 1;
      else if (text === 'END') depth = Math.max(0, depth - 1);
      deepest = Math.max(deepest, depth);
    }
    before = text;
  }
  return deepest;
}

function isWithinNames(tokens: readonly Token[]): boolean {
  let declaring = false;
  let declared = 0;
  let fields = 0;
  for (const { text } of tokens) {
    if (text === 'DECLARE') declaring = true;
    else if (text === 'BEGIN') declaring = false;
    else if (text === ';' && declaring) declared += 1;
    else if (text === '.') fields += 1;
  }
  return declared <= MAX_DECLARED && fields <= MAX_FIELDS;
}
