/**
 * What a text would ask of PostgreSQL's scanner and parser, told from its tokens alone.
 *
 * The parser's WebAssembly code recurses over the parse tree and throws RangeError when the stack is used up; each such
 * error leaks memory and stack for good. So the depth of the tree is bounded beforehand.
 */
import type { Token } from '../lexing/lexer.ts';
import { isOperatorCode } from '../lexing/scanner.ts';

/**
 * Half of what the worst shape stands (391 nested `WITH x AS (INSERT …)`, each two units; 898 times NOT, each one),
 * measured with libpg-query 18.1.5 on Node 20.
 */
export const MAX_NESTING = 400;

const OPENS = new Set(['(', '[', 'CASE']);
const CLOSES = new Set([')', ']', 'END']);
/** Words and characters behind which a new expression begins. */
const ENDS_EXPRESSION = new Set(
  ', AND OR WHEN THEN ELSE SELECT FROM WHERE SET ON VALUES GROUP ORDER HAVING LIMIT OFFSET RETURNING'.split(
    ' ',
  ),
);
/** What makes the tree one level deeper without a bracket, besides operators. */
const CHAINS_EXPRESSION = new Set(['NOT', 'IS', 'COLLATE', 'AT', 'ISNULL', 'NOTNULL', 'OPERATOR']);
const CHAINS_QUERY = new Set(['UNION', 'INTERSECT', 'EXCEPT', 'JOIN']);

/**
 * Longest run of operator characters that is scanned. PostgreSQL's scanner takes a run whole and gives it back piece by
 * piece where comments begin in it, so that 60,000 characters of empty comments took it 4 s.
 */
export const MAX_OPERATOR_RUN = 1_000;

/** Greatest nesting of the text: two for a bracket or CASE, one for an operator, set operation or join. */
export function nestingOf(tokens: readonly Token[]): number {
  const outer: { depth: number; expression: number; query: number }[] = [];
  let level = { depth: 0, expression: 0, query: 0 };
  let greatest = 0;
  for (const token of tokens) {
    const name = token.text;
    if (token.type === 'operator') level.expression += operatorsIn(name);
    else if (name === '') continue;
    else if (OPENS.has(name)) {
      outer.push(level);
      level = { depth: level.depth + level.expression + level.query + 2, expression: 0, query: 0 };
    } else if (CLOSES.has(name)) level = outer.pop() ?? level;
    else if (ENDS_EXPRESSION.has(name)) level.expression = 0;
    else if (CHAINS_EXPRESSION.has(name)) level.expression += 1;
    else if (CHAINS_QUERY.has(name)) level.query += 1;
    else if (name === ';') level = { depth: outer.length === 0 ? 0 : level.depth, expression: 0, query: 0 };
    greatest = Math.max(greatest, level.depth + level.expression + level.query);
  }
  return greatest;
}

/** Length of the longest run of operator characters outside of strings and quoted names; comments count. */
export function longestOperatorRun(text: string, tokens: readonly Token[]): number {
  let longest = 0;
  let run = 0;
  let end = 0;
  for (const token of tokens) {
    if (token.start > end) run = 0;
    end = token.end;
    if (token.type !== 'comment') {
      run = token.type === 'operator' ? run + token.text.length : 0;
      longest = Math.max(longest, run);
      continue;
    }
    for (let at = token.start; at < token.end; at += 1) {
      run = isOperatorCode(text.charCodeAt(at)) ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
  }
  return longest;
}

/** A run of + and - is that many prefix operators, also at the end of a longer run. */
function operatorsIn(run: string): number {
  let signs = 0;
  while (signs < run.length && '+-'.includes(run[run.length - 1 - signs]!)) signs += 1;
  return signs === run.length ? signs : signs + 1;
}
