/**
 * Secrets that only their place in a list gives away: the arguments of a function that takes keys, the values of an
 * INSERT under a column that is called like a secret.
 */
import { FORMAT_PLACE, formatArguments, matchEnd, quotedValue, type Span, skipBlank } from './literal.ts';
import { confine, readZones, type Zones } from './zones.ts';

/** How far a list goes on, apart from what its literals hold, in characters. */
const LIST_REACH = 1024;

/** Brackets inside brackets, deeper than which a list is not worth the time. */
const MOST_BRACKETS = 16;

/** What a literal can begin with. */
const LITERAL_START = /['$enu]/i;

/**
 * The literals of a bracketed list, at any depth.
 * @param open index of the opening bracket
 * @param isWanted whether the literals of the n-th element, from 0, are wanted at this depth, from 1
 * @returns `end` is the index behind the closing bracket, or `open` where the search gave up
 */
export function listLiterals(
  text: string,
  open: number,
  isWanted: (element: number, depth: number) => boolean,
): { spans: Span[]; end: number } {
  const spans: Span[] = [];
  let reach = open + LIST_REACH;
  let depth = 0;
  let element = 0;
  let at = open;
  let isWord = false;
  while (at < Math.min(reach, text.length) && depth <= MOST_BRACKETS) {
    const char = text[at]!;
    if (char === '(') depth++;
    else if (char === ')') {
      depth--;
      if (depth === 0) return { spans, end: at + 1 };
    } else if (char === ',' && depth === 1) element++;
    else if (char === '%' && isWanted(element, depth)) {
      const place = matchEnd(FORMAT_PLACE, text, at);
      const built = place > 0 ? formatArguments(text, place) : [];
      if (built.length > 0) return { spans: [...spans, ...built], end: built.at(-1)!.end };
    } else if (!isWord && LITERAL_START.test(char)) {
      const found = quotedValue(text, at);
      const last = found.at(-1);
      if (last !== undefined) {
        if (isWanted(element, depth)) spans.push(...found);
        const close = char === '$' ? text.indexOf('$', last.end + 1) : last.end;
        reach += Math.max(close, last.end) - at;
        at = Math.max(close, last.end);
      }
      while (text[at] === "'" && text[at + 1] === "'") at++;
    }
    isWord = /\w/.test(text[at] ?? '');
    at++;
  }
  return { spans, end: open };
}

/** `account_add('account', 'key'`, `account_add(account_options('account', 'key'))`: all but the first argument. */
export function laterArguments(text: string, at: number): Span[] {
  const open = skipBlank(text, at);
  return text[open] === '('
    ? listLiterals(text, open, (element, depth) => element > 0 || depth > 1).spans
    : [];
}

/** Columns and, behind them, the bracket of the values: `(a, b) VALUES (`, `SET (a, b) = (`, `Key (a, b)=(`. */
const COLUMNS =
  /(key\s)?\(([^()]{1,4096})\)\s*(?:overriding\s+\w{1,20}\s+value\s*)?(?:values|=)\s*(?:row\s*)?(?=\()/gi;

/** The values that stand under a column which `isSecret`, in every row of the list. */
export function columnValues(text: string, isSecret: (column: string) => boolean): Span[] {
  const spans: Span[] = [];
  let zones: Zones | null = null;
  const columns = new RegExp(COLUMNS);
  for (let found = columns.exec(text); found !== null; found = columns.exec(text)) {
    if (!isSecret(found[2]!)) continue;
    const wanted = found[2]!.split(',').map(isSecret);
    const open = columns.lastIndex;
    zones ??= readZones(text);
    if (found[1] !== undefined) {
      // DETAIL of a unique violation: values without quotes.
      const close = text.indexOf(')', open);
      const values = { start: open + 1, end: close < 0 ? text.length : close };
      spans.push(...confine(text, zones, open, [values]));
      continue;
    }
    let row = listLiterals(text, open, (element) => wanted[element] ?? true);
    spans.push(...confine(text, zones, open, row.spans));
    for (let next = nextRow(text, row.end); next > 0; next = nextRow(text, row.end)) {
      row = listLiterals(text, next, (element) => wanted[element] ?? true);
      spans.push(...confine(text, zones, open, row.spans));
    }
    columns.lastIndex = Math.max(columns.lastIndex, row.end);
  }
  return spans;
}

/** Index of the bracket that opens the next row of VALUES, or -1. */
function nextRow(text: string, at: number): number {
  const comma = skipBlank(text, at);
  if (text[comma] !== ',') return -1;
  const open = skipBlank(text, comma + 1);
  return text[open] === '(' ? open : -1;
}
