/** SQL without its data: what may leave the house. */
import { type Token, tokenize } from '../lexing/lexer.ts';

const LITERALS = new Set<Token['type']>(['string', 'number']);

/**
 * Replaces every literal that is still there by the next free `$n`. libpg-query's normalize leaves literals of utility
 * statements alone (COPY … PROGRAM 'x', OPTIONS (password 'x'), COMMENT … IS 'x', PREPARE).
 */
export function maskLiterals(text: string): string {
  const tokens = tokenize(text);
  let next = 1;
  for (const { type, start, end } of tokens)
    if (type === 'parameter') next = Math.max(next, Number(text.slice(start + 1, end)) + 1);
  return replaced(text, tokens, ({ type }) => (LITERALS.has(type) ? `$${next++}` : null)).trim();
}

/** The text with the words of its comments taken out. */
export function emptyComments(text: string): string {
  return replaced(text, tokenize(text), ({ type, start }) => {
    if (type !== 'comment') return null;
    return text.startsWith('--', start) ? '--' : '/* */';
  });
}

/** The text with blanks in place of each comment; everything else stays where it is. */
export function withoutComments(text: string, tokens: readonly Token[]): string {
  return replaced(text, tokens, ({ type, start, end }) =>
    type === 'comment' ? ' '.repeat(end - start) : null,
  );
}

/** The text with other texts in place of some tokens; null leaves one as it is. */
function replaced(
  text: string,
  tokens: readonly Token[],
  replacementOf: (token: Token) => string | null,
): string {
  let out = '';
  let copied = 0;
  for (const token of tokens) {
    const replacement = replacementOf(token);
    if (replacement === null) continue;
    out += text.slice(copied, token.start) + replacement;
    copied = token.end;
  }
  return out + text.slice(copied);
}
