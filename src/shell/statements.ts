/** Finds the statements in what was typed so far. */
import { type Token, tokensOf } from '../query/sql-tokens.ts';

/** What the end of a text stands in: nothing, a statement, or a quote or comment without its end. */
export type Open = 'nothing' | 'statement' | 'string' | 'quoted name' | 'dollar string' | 'block comment';

export interface Split {
  /** Whole statements, each with what stands before it and its semicolon. */
  statements: string[];
  /** What follows the last semicolon. The statements and this, joined, are the text. */
  rest: string;
  open: Open;
}

export function splitStatements(text: string): Split {
  const statements: string[] = [];
  let start = 0;
  let open: Open = 'nothing';
  for (const token of tokensOf(text)) {
    if (token.kind === 'semicolon') {
      statements.push(text.slice(start, token.end));
      start = token.end;
      open = 'nothing';
    } else {
      open = openAfter(token, open);
    }
  }
  return { statements, rest: text.slice(start), open };
}

function openAfter(token: Token, before: Open): Open {
  if (token.open) return token.kind as Open;
  return isSpace(token) ? before : 'statement';
}

function isSpace({ kind }: Token): boolean {
  return kind === 'space' || kind === 'line comment' || kind === 'block comment';
}

/** True for a text that asks for nothing: spaces, comments, semicolons. */
export function isBlank(text: string): boolean {
  return tokensOf(text).every((token) => !token.open && (isSpace(token) || token.kind === 'semicolon'));
}

/**
 * A text on one line, to be typed again: line breaks become spaces, `--` comments go. Null where that would change it:
 * a quote or comment that goes over a line break, or has no end.
 */
export function onOneLine(text: string): string | null {
  let line = '';
  for (const token of tokensOf(text)) {
    const piece = text.slice(token.start, token.end);
    if (token.kind === 'line comment') continue;
    if (token.kind === 'space') line += /^[ \t]+$/.test(piece) ? piece : ' ';
    else if (token.open || /[\n\r]/.test(piece)) return null;
    else line += piece;
  }
  return line.trimEnd();
}
