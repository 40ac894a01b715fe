/** SQL without its data: what may leave the house. */
import { type Token, tokenize } from './lexer.ts';

const LITERALS = new Set<Token['type']>(['string', 'number']);

/**
 * Replaces every literal that is still there by the next free `$n` and empties comments. libpg-query's normalize leaves
 * literals of utility statements alone (COPY … PROGRAM 'x', OPTIONS (password 'x'), COMMENT … IS 'x', PREPARE).
 */
export function maskLiterals(text: string): string {
  const tokens = tokenize(text);
  let next = 1;
  for (const { type, start, end } of tokens)
    if (type === 'parameter') next = Math.max(next, Number(text.slice(start + 1, end)) + 1);
  let out = '';
  let copied = 0;
  for (const token of tokens) {
    const replacement = maskOf(token, text, () => next++);
    if (replacement === null) continue;
    out += text.slice(copied, token.start) + replacement;
    copied = token.end;
  }
  return (out + text.slice(copied)).trim();
}

function maskOf(token: Token, text: string, nextNumber: () => number): string | null {
  if (LITERALS.has(token.type)) return `$${nextNumber()}`;
  if (token.type !== 'comment') return null;
  return text.startsWith('--', token.start) ? '--' : '/* */';
}

/** The text with blanks in place of each comment; everything else stays where it is. */
export function withoutComments(text: string, tokens: readonly Token[]): string {
  let out = '';
  let copied = 0;
  for (const { type, start, end } of tokens) {
    if (type !== 'comment') continue;
    out += text.slice(copied, start) + ' '.repeat(end - start);
    copied = end;
  }
  return out + text.slice(copied);
}
