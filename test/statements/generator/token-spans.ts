/** The tokens of a text as PostgreSQL's own scanner and as our lexer find them, in terms that both can be held to. */
import { type ScanToken, scanSync } from 'libpg-query';
import { tokenize } from '../../../src/statements/lexing/lexer.ts';

/** A stretch of a text. */
export interface Span {
  type: 'string' | 'number' | 'parameter' | 'quoted' | 'comment' | 'word' | 'signs';
  start: number;
  end: number;
}

/** Token numbers of PostgreSQL 18's scanner; the library names only some. */
const TYPES: Readonly<Record<number, Span['type']>> = {
  ...{ 260: 'number', 266: 'number' },
  ...{ 261: 'string', 262: 'string', 263: 'string', 264: 'string' },
  ...{ 259: 'quoted', 267: 'parameter', 275: 'comment', 276: 'comment' },
};
const NCHAR = 538;

/** The scanner's tokens, or the beginning of its complaint. `loadModule()` must be done. */
export function scan(text: string): ScanToken[] | string {
  try {
    return scanSync(text).tokens;
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

/** Offsets in UTF-8 to offsets in UTF-16. */
function unitOffsets(text: string): Map<number, number> {
  const offsets = new Map<number, number>();
  let byte = 0;
  let unit = 0;
  for (const character of text) {
    offsets.set(byte, unit);
    byte += Buffer.byteLength(character);
    unit += character.length;
  }
  return offsets.set(byte, unit);
}

/** Tokens of the scanner as spans. */
export function scannedSpans(text: string, tokens: readonly ScanToken[]): Span[] {
  const offsets = unitOffsets(text);
  const spans: Span[] = [];
  let national = false;
  for (const token of tokens) {
    const start = offsets.get(token.start)!;
    const end = offsets.get(token.end)!;
    const before = spans.at(-1);
    const type = TYPES[token.tokenType] ?? shapeOf(text[start]!);
    if (national && type === 'string' && before!.end === start) Object.assign(before!, { type, end });
    else add(spans, { type, start, end });
    national = token.tokenType === NCHAR && end - start === 1;
  }
  return spans;
}

function shapeOf(first: string): Span['type'] {
  if (first === '"') return 'quoted';
  return /[A-Za-z_\u0080-\uffff]/.test(first) ? 'word' : 'signs';
}

/** Tokens of the lexer as spans; strings that PostgreSQL takes for one are joined. */
export function lexedSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const { type, start, end } of tokenize(text)) {
    const before = spans.at(-1);
    if (before !== undefined && type === 'string' && continues(text, before, start)) before.end = end;
    else add(spans, { type: type === 'operator' || type === 'punctuation' ? 'signs' : type, start, end });
  }
  return spans;
}

function continues(text: string, before: Span, start: number): boolean {
  return (
    before.type === 'string' &&
    text[start] === "'" &&
    text[before.end - 1] === "'" &&
    /^[ \t\n\r\f\v]*[\n\r][ \t\n\r\f\v]*$/.test(text.slice(before.end, start))
  );
}

/** Signs without a blank between them are one span, however each side parts them. */
function add(spans: Span[], span: Span): void {
  const before = spans.at(-1);
  if (span.type === 'signs' && before?.type === 'signs' && before.end === span.start) before.end = span.end;
  else spans.push(span);
}
