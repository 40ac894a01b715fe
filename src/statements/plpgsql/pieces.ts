/** A body cut into its statements and the heads of its blocks, by its tokens. */
import type { Token } from '../lexing/lexer.ts';

const BLOCK_WORDS = new Set(['BEGIN', 'THEN', 'ELSE', 'LOOP', 'DECLARE']);

/** Tokens between semicolons and the words that open a block; comments and labels are left out. */
export function piecesOf(tokens: readonly Token[]): Token[][] {
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
    else if (token.text === ';' || (depth === 0 && opensBlock(token, piece))) {
      cut();
      continue;
    }
    piece.push(token);
    // `<<name>>` stands before a statement.
    if (piece.length === 3 && piece[0]!.text === '<<' && token.text === '>>') piece = [];
  }
  cut();
  return pieces;
}

/** THEN of MERGE opens nothing. */
function opensBlock({ text }: Token, before: readonly Token[]): boolean {
  return BLOCK_WORDS.has(text) && !(text === 'THEN' && before[0]?.text === 'MERGE');
}
