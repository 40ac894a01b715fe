/** Makes redacted text parse again: what stands where a literal was becomes a literal. */
import type { Token } from '../lexing/lexer.ts';

const MARK = '<REDACTED>';

/** Texts to try in turn: the first that parses counts. */
export interface Restored {
  candidates: string[];
  /** pgaudit cut the text at this place: the options that followed are unknown. */
  tailRedacted: boolean;
}

/**
 * Turns each `<REDACTED>` outside of strings, quoted names and comments into `'<REDACTED>'`. pgaudit also cuts where
 * `password` is only part of a name (`CREATE ROLE password <REDACTED>`), so the text without the mark is a candidate.
 */
export function restoreMarks(text: string, tokens: readonly Token[]): Restored {
  if (!text.includes(MARK)) return { candidates: [text], tailRedacted: false };
  const covered = tokens.filter(({ type }) => type === 'string' || type === 'quoted' || type === 'comment');
  let next = 0;
  let out = '';
  let copied = 0;
  let last = -1;
  for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + MARK.length)) {
    while (next < covered.length && covered[next]!.end <= at) next += 1;
    const inside = next < covered.length && covered[next]!.start <= at;
    if (inside) continue;
    out += `${text.slice(copied, at)}'${MARK}'`;
    copied = at + MARK.length;
    last = at;
  }
  if (last < 0) return { candidates: [text], tailRedacted: false };
  const tailRedacted = text.trimEnd().length === last + MARK.length;
  const restored = out + text.slice(copied);
  if (!tailRedacted) return { candidates: [restored], tailRedacted };
  const head = restored
    .trimEnd()
    .slice(0, -MARK.length - 2)
    .trimEnd();
  return { candidates: [restored, head, head.replace(/\bpassword$/i, '')], tailRedacted };
}
