/**
 * How much larger than its text a parse tree becomes.
 *
 * In `SET (a, b, c) = (SELECT …)` the tree holds the source once for each column, and nested ones multiply: 6 KB of text took
 * 10 s and more than a gigabyte.
 */
import type { Token } from '../lexing/lexer.ts';

/** Tokens that repetition may add: some 4 µs each. */
export const MAX_EXPANSION = 20_000;

/** Tokens that the tree holds more than the text. Row comparisons look the same and are counted too. */
export function expansionOf(tokens: readonly Token[]): number {
  const outer: { commas: number; times: number }[] = [];
  let level = { commas: 0, times: 1 };
  /** Columns of the list that ended just now, then how often what comes next is held. */
  let columns = 0;
  let next = 1;
  let added = 0;
  for (const { type, text } of tokens) {
    if (type === 'comment') continue;
    added += level.times - 1;
    if (added > MAX_EXPANSION) return added;
    if (text === '(') {
      outer.push(level);
      level = { commas: 0, times: level.times * next };
    } else if (text === ')') {
      columns = level.commas + 1;
      level = outer.pop() ?? { commas: 0, times: 1 };
      next = 1;
      continue;
    } else if (text === ',') level.commas += 1;
    next = text === '=' && columns > 0 ? columns : text === 'ROW' ? next : 1;
    columns = 0;
  }
  return added;
}
