/** Tokens of SQL text: what remains when a text does not parse, and the guard in front of the parser. */
import { CodeUnits } from './code-units.ts';
import { scan, type TokenType } from './scanner.ts';

export interface Token {
  type: TokenType;
  /** UTF-16 offsets into the text. */
  start: number;
  end: number;
  /** Upper-case letters of a word, the operator, the punctuation character; '' for other types. */
  text: string;
  /** False for a string, quoted identifier or block comment that runs to the end of the text. */
  closed: boolean;
}

const codeUnits = new CodeUnits();

/** Tokens of any text, in order; white space is left out. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  scan(text, codeUnits.read(text), (type, start, end, closed) => {
    let name = '';
    if (type === 'word') name = text.slice(start, end).toUpperCase();
    else if (type === 'operator' || type === 'punctuation') name = text.slice(start, end);
    tokens.push({ type, start, end, text: name, closed });
  });
  return tokens;
}
