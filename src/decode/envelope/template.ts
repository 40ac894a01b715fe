/**
 * The usual message, read fast: records of one server are alike byte for byte but for `properties` and `time`. What lies
 * around these two is parsed once, as a template; after that only they are. A message in which anything else differs is
 * read in full.
 *
 * This gives what JSON.parse would: the pieces of a template are those of a record that did parse, the text between them
 * has to parse as an object by itself, and a text that is a time holds nothing that JSON escapes.
 */
import type { RawRecord } from './envelope.ts';
import { isObject } from './fields.ts';
import { parseText } from './json.ts';
import { readShape, type Shape } from './shape.ts';
import { parseTime } from './time.ts';

/** A record without its two values: `before {…} between time after`. */
interface Template {
  /** From behind the `}` of the properties to the quote in front of the time: here the server is named. */
  between: string;
  after: string;
  /** What the record says beside the two values. */
  shape: Shape;
}

/** What many servers have in common: the start of their records. */
interface Head {
  before: string;
  /** The `}` of the properties and the start of `between`: short, so that it is found fast. */
  anchor: string;
  /** The end of `between`. */
  timeMark: string;
  /** By `between`. */
  templates: Map<string, Template>;
  /** That of the last record: the records of a message are mostly of one server. */
  last: Template;
}

/** JSON knows four blanks only; `\s` would take a byte order mark, too. */
const ENVELOPE = /\{[ \t\r\n]{0,8}"records"[ \t\r\n]{0,8}:[ \t\r\n]{0,8}\[[ \t\r\n]{0,8}/y;
const LIST_END = /^[ \t\r\n]*\][ \t\r\n]*\}[ \t\r\n]*$/;
const RECORD_END = /^[ \t\r\n]*$/;
const COMMA = 0x2c;
const BLANK = 0x20;
const ANCHOR_LENGTH = 6;
const MARK_LENGTH = 8;
const MAX_HEADS = 8;
/** Servers with one head: about 1 MB. */
const MAX_TEMPLATES = 1_024;
/** Pieces longer than those of any record that Azure sends are not worth remembering. */
const MAX_PIECE = 4_096;

/** The one met last in front. What is in here changes speed, never a result. */
const heads: Head[] = [];

/**
 * What may be spent on learning: a message earns 1, and so does each record that was read fast; a template costs 32. So a
 * stream in which no two records are alike costs little more than it does without templates.
 */
let credit = 512;
const PRICE = 32;
const MAX_CREDIT = 1_024;

/** The shapes of all records of a message; null when one of them is not as known. */
export function readTemplated(text: string): Shape[] | null {
  const listStart = skip(ENVELOPE, text, 0);
  const shapes: Shape[] = [];
  let at = readRecord(text, Math.max(listStart, 0), shapes);
  while (at >= 0 && listStart >= 0 && text.charCodeAt(at) === COMMA)
    at = readRecord(text, text.charCodeAt(at + 1) === BLANK ? at + 2 : at + 1, shapes);
  if (at < 0 || at + 16 < text.length) return null;
  if (!(listStart < 0 ? RECORD_END : LIST_END).test(text.slice(at))) return null;
  credit = Math.min(credit + shapes.length, MAX_CREDIT);
  return shapes;
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** Adds the shape of the record at `at` and returns where it ends; -1 when no template fits. */
function readRecord(text: string, at: number, shapes: Shape[]): number {
  const head = headAt(text, at);
  if (head === null) return -1;
  const start = at + head.before.length;
  const end = text.indexOf(head.anchor, start) + 1;
  const template = end === 0 ? undefined : templateAt(head, text, end);
  if (template === undefined) return -1;
  const timeStart = end + template.between.length;
  const timeEnd = text.indexOf('"', timeStart);
  if (timeEnd < 0 || !isAt(text, timeEnd, template.after)) return -1;
  const azureTime = parseTime(text.slice(timeStart, timeEnd));
  const properties = azureTime === null ? null : parseObject(text.slice(start, end));
  if (properties === null) return -1;
  const { category, server, isServerGroup } = template.shape;
  shapes.push({ category, server, azureTime, isServerGroup, properties, log: null });
  return timeEnd + template.after.length;
}

function headAt(text: string, at: number): Head | null {
  for (let index = 0; index < heads.length; index++) {
    const head = heads[index]!;
    if (!isAt(text, at, head.before)) continue;
    if (index > 0) heads.unshift(...heads.splice(index, 1));
    return head;
  }
  return null;
}

/** The template whose `between` stands at `at`. */
function templateAt(head: Head, text: string, at: number): Template | undefined {
  if (isAt(text, at, head.last.between)) return head.last;
  const mark = text.indexOf(head.timeMark, at);
  const known = mark < 0 ? undefined : head.templates.get(text.slice(at, mark + head.timeMark.length));
  if (known !== undefined) head.last = known;
  return known;
}

/** `startsWith` at a place, but compared as memory: a third of the time for texts of some hundred characters. */
function isAt(text: string, at: number, part: string): boolean {
  return text.slice(at, at + part.length) === part;
}

function parseObject(text: string): RawRecord | null {
  const value = parseText(text);
  return isObject(value) ? value : null;
}

/** Remembers what lies around `properties` and `time` of the first record of a message that did parse. */
export function learnTemplate(text: string): void {
  credit++;
  if (credit < PRICE) return;
  credit -= PRICE;
  const found = findTemplate(text, Math.max(skip(ENVELOPE, text, 0), 0));
  if (found === null) return;
  const { before, template } = found;
  const { between } = template;
  const anchor = `}${between}`.slice(0, ANCHOR_LENGTH);
  const timeMark = between.slice(-MARK_LENGTH);
  const known = heads.find(
    (head) => head.before === before && head.anchor === anchor && head.timeMark === timeMark,
  );
  if (known === undefined) {
    heads.unshift({ before, anchor, timeMark, templates: new Map([[between, template]]), last: template });
    if (heads.length > MAX_HEADS) heads.pop();
    return;
  }
  if (known.templates.size >= MAX_TEMPLATES) known.templates.clear();
  known.templates.set(between, template);
  known.last = template;
}

const PROPERTIES = /"properties"[ \t\r\n]{0,8}:[ \t\r\n]{0,8}(?=\{)/g;
const TIME = /"time"[ \t\r\n]{0,8}:[ \t\r\n]{0,8}"/g;

/** Null for a record of another form: a category that is kept as it came, the time in front, names that stand twice. */
function findTemplate(text: string, start: number): { before: string; template: Template } | null {
  const propertiesStart = endOfNext(PROPERTIES, text, start);
  const propertiesEnd = propertiesStart < 0 ? -1 : objectEnd(text, propertiesStart);
  const timeStart = propertiesEnd < 0 ? -1 : endOfNext(TIME, text, propertiesEnd);
  const timeEnd = timeStart < 0 ? -1 : text.indexOf('"', timeStart);
  const end = timeEnd < 0 ? -1 : objectEnd(text, start);
  if (end < timeEnd || end < 0) return null;
  const [before, between, after] = [
    text.slice(start, propertiesStart),
    text.slice(propertiesEnd, timeStart),
    text.slice(timeEnd, end),
  ].map(ownText) as [string, string, string];
  if (Math.max(before.length, between.length, after.length) > MAX_PIECE) return null;
  const probe = parseObject(`${before}{"probe":true}${between}probe${after}`);
  const { properties, time } = probe ?? {};
  if (probe === null || !isObject(properties) || properties.probe !== true || time !== 'probe') return null;
  // A record with a list `records` would be taken for an envelope.
  if (Array.isArray(probe.records)) return null;
  const shape = readShape(probe);
  if (shape.category !== 'PostgreSQLLogs' || shape.server === null) return null;
  return { before, template: { between, after, shape } };
}

function endOfNext(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** A copy, because a part of a text keeps all of it in memory. */
function ownText(part: string): string {
  return Buffer.from(part).toString();
}

/** Where the object that begins at `start` ends, in a text that did parse; -1 when it does not end soon. */
function objectEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      at = stringEnd(text, at + 1);
      if (at < 0) return -1;
    } else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1;
  }
  return -1;
}

/** The quote that closes a string. */
function stringEnd(text: string, start: number): number {
  let at = text.indexOf('"', start);
  while (at >= 0 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at;
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first--;
  return (at - first) % 2 === 1;
}
