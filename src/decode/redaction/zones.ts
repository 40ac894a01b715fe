/**
 * Where the string literals of a text begin and end, read from its beginning as PostgreSQL reads SQL. A secret's name
 * inside a literal has its value inside the same literal, or in other literals; never in the SQL between them.
 */
import { isEscaped, matchEnd, type Span } from './literal.ts';

/** The content of a literal. */
interface Zone extends Span {
  /** In double quotes or in dollar quotes; not in single quotes. */
  kind: 'single' | 'double' | 'dollar';
  /** With a backslash before what is not meant as it stands. */
  escapes: boolean;
  /** False where the quotes cannot be those of SQL, and so do not tell what is inside of a literal. */
  trusted: boolean;
  /** The part of the same literal on the next line. */
  next: Zone | null;
  /** The dollar-quoted body that it stands in. */
  body: Zone | null;
}

/** The zones of a text in ascending order; those inside a dollar-quoted body follow it. */
export type Zones = readonly Zone[];

const TOKEN = /\\|'|"|--[^\r\n]*|\/\*|\$(?:[a-z_\x80-\uffff][\w\x80-\uffff]{0,62})?\$/gi;
const COMMENT_MARK = /\/\*|\*\//g;
const PLAIN_QUOTE = /''?/g;
const ESCAPED_QUOTE = /\\[\s\S]|''?/g;
/** SQL continues a literal, with its escapes, behind a line break. */
const CONTINUATION = /[ \t\f\v]*[\r\n](?:\s|--[^\r\n]*[\r\n])*'/y;
const ESCAPE_PREFIX = /(?:^|[^\w$\x80-\uffff])e$/i;
const CONTRACTION = /[a-z]'(?:s|t|re|ve|ll|d|m)(?![\w'])/iy;
/**
 * What SQL never has between two literals: a word that is none of these, as in `'alter role x password 'secret''`, where
 * somebody forgot to double the quotes.
 */
const SQUEEZED =
  /^(?!(?:and|as|at|between|case|collate|csv|delimiter|desc|else|encoding|end|escape|except|fetch|for|from|group|having|header|ilike|in|intersect|is|isnull|like|limit|not|notnull|null|offset|or|order|overlaps|quote|returning|select|similar|then|to|union|using|values|when|where|window|with)(?![\w\x80-\uffff]))[\w\x80-\uffff][^\s'(),;]{0,511}$/i;
const WORD = /[\w$\x80-\uffff]/;
const AFTER_LITERAL = /[\s),;:|]|^$/;

/** Dollar-quoted bodies inside each other, deeper than which they are not told apart. */
const MOST_BODIES = 3;
/** Beginnings of bodies without an end, in one body, after which no more are looked for: each search reads all of it. */
const MOST_UNCLOSED = 16;

/** The zones of a text. Linear. */
export function readZones(text: string): Zones {
  const zones: Zone[] = [];
  scan(zones, text, 0, null);
  return zones;
}

/**
 * Of the spans that were read behind a name, what may be blanked: none reaches over the end of the literal around it, and
 * none begins where a literal ends.
 * @param zones those of `text`
 * @param at index of the name
 */
export function confine(text: string, zones: Zones, at: number, spans: readonly Span[]): Span[] {
  const around = zoneAt(zones, at);
  if (around === undefined) return spans.filter(({ start }) => !isBehindLiteral(text, zones, start));
  if (around.kind === 'double' || !around.trusted) return [...spans];
  const confined: Span[] = [];
  for (const span of spans) {
    const kept = confineSpan(text, zones, around, span);
    const last = confined.at(-1);
    if (kept === null || (last !== undefined && (kept.start < last.end || kept.start === last.start)))
      continue;
    confined.push(kept);
  }
  return confined;
}

/** True where the quote before `at` closes a literal, and so does not begin a value. */
function isBehindLiteral(text: string, zones: Zones, at: number): boolean {
  if (text[at - 1] !== "'") return false;
  const closed = zoneAt(zones, at - 1);
  return closed?.kind === 'single' && closed.trusted && closed.end === at - 1;
}

function confineSpan(text: string, zones: Zones, around: Zone, { start, end }: Span): Span | null {
  if (start < around.end) {
    const from = behindPair(text, around, start);
    const to = end < around.end ? behindPair(text, around, end) : around.end;
    return from < around.end ? { start: from, end: Math.max(from, to) } : null;
  }
  // The closing quote was taken for an opening one.
  if (start === around.end + 1 && around.next !== null)
    return { start: around.next.start, end: around.next.end };
  const other = zoneAt(zones, start);
  if (other === undefined || other === around || other === around.body) return null;
  return other.kind === 'single'
    ? { start: other.start, end: other.end }
    : { start, end: Math.min(end, other.end) };
}

/** `at`, or the index behind the doubled quote of the literal that `at` would tear apart. */
function behindPair(text: string, zone: Zone, at: number): number {
  if (zone.kind !== 'single' || text[at] !== "'") return at;
  let first = at;
  while (first > zone.start && text[first - 1] === "'") first--;
  const isEscape = zone.escapes && isEscaped(text, first, zone.start);
  return (at - first - (isEscape ? 1 : 0)) % 2 === 1 ? at + 1 : at;
}

/** The innermost zone around `at`, where a zone includes its end. */
function zoneAt(zones: Zones, at: number): Zone | undefined {
  let low = 0;
  let high = zones.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (zones[middle]!.start <= at) low = middle + 1;
    else high = middle;
  }
  for (let zone = zones[low - 1]; zone; zone = zone.body ?? undefined) if (at <= zone.end) return zone;
  return undefined;
}

/** Adds the zones of `text`, which begins at `offset` of the whole; a body is read as SQL of its own. */
function scan(zones: Zone[], text: string, offset: number, body: Zone | null): void {
  const tokens = new RegExp(TOKEN);
  const singles: Zone[] = [];
  let isSql = true;
  let unclosed = 0;
  const add = (kind: Zone['kind'], start: number, end: number, escapes = false): Zone => {
    const [from, to] = [offset + start, offset + end];
    const zone: Zone = { kind, start: from, end: to, escapes, trusted: true, next: null, body };
    zones.push(zone);
    return zone;
  };
  for (let found = tokens.exec(text); found !== null; found = tokens.exec(text)) {
    const token = found[0];
    const start = tokens.lastIndex;
    const before = text.slice(Math.max(0, found.index - 2), found.index);
    if (token === '\\') isSql = false;
    else if (token === '/*') tokens.lastIndex = commentEnd(text, start);
    else if (token === '"') {
      const close = endOr(text, text.indexOf('"', start));
      add('double', start, close);
      tokens.lastIndex = close + 1;
    } else if (token[0] === '$') {
      if (depthOf(body) >= MOST_BODIES || unclosed > MOST_UNCLOSED || WORD.test(before.slice(-1))) continue;
      const closing = text.indexOf(token, start);
      if (closing < 0) unclosed += 1;
      // Inside of a body it may be the end of something else.
      if (closing < 0 && body !== null) continue;
      const close = endOr(text, closing);
      scan(zones, text.slice(start, close), offset + start, add('dollar', start, close));
      tokens.lastIndex = close + token.length;
    } else if (token === "'") {
      const gap = text.slice((singles.at(-1)?.end ?? offset + start) - offset + 1, found.index);
      if (gap.length < 512 && SQUEEZED.test(gap)) isSql = false;
      const escapes = ESCAPE_PREFIX.test(before);
      let last: Zone | null = null;
      for (let open = start; open > 0; open = matchEnd(CONTINUATION, text, tokens.lastIndex)) {
        const close = closingQuote(text, open, escapes);
        const zone = add('single', open, close, escapes);
        singles.push(zone);
        if (last !== null) last.next = zone;
        last = zone;
        tokens.lastIndex = close + 1;
      }
      const isApostrophe = matchEnd(CONTRACTION, text, found.index - 1) > 0;
      if (isApostrophe && !AFTER_LITERAL.test(text.charAt(tokens.lastIndex))) isSql = false;
    }
  }
  // Nor does SQL end in a literal without an end.
  if (singles.at(-1)?.end === offset + text.length) isSql = false;
  for (const zone of singles) zone.trusted = isSql;
}

function depthOf(zone: Zone | null): number {
  let depth = 0;
  for (let around = zone; around !== null; around = around.body) depth++;
  return depth;
}

function endOr(text: string, found: number): number {
  return found < 0 ? text.length : found;
}

/** Index of the quote that closes the literal whose content begins at `start`. */
function closingQuote(text: string, start: number, escapes: boolean): number {
  const quote = new RegExp(escapes ? ESCAPED_QUOTE : PLAIN_QUOTE);
  quote.lastIndex = start;
  for (let found = quote.exec(text); found !== null; found = quote.exec(text))
    if (found[0] === "'") return found.index;
  return text.length;
}

/** Index behind a comment, which may hold others. */
function commentEnd(text: string, start: number): number {
  const marks = new RegExp(COMMENT_MARK);
  marks.lastIndex = start;
  let depth = 1;
  for (let found = marks.exec(text); found !== null; found = marks.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}
