/** Cuts the prefix of a line into fields, by what is known of the line, and the literal gaps between them. */
import type { UnexplainedLine } from '../../model/unexplained-line.ts';
import { SHAPED } from './escapes.ts';

/** A prefix as printed: gap, field, gap, …, gap. */
export interface PrintedPrefix {
  pid: number | null;
  eventTime: number;
  fields: PrintedField[];
  /** One more than fields. */
  gaps: string[];
}

export interface PrintedField {
  /** Letter of the escape; `?` for a name, `#` for a number of unknown meaning. */
  letter: string;
  value: string;
}

/** What the line's text says of its session. */
export interface SaidOfSession {
  names: readonly string[];
  host: string | null;
  port: string | null;
}

/** Names that the field may have that a process title can show while it authenticates. */
const TITLES = ['authentication', 'initializing', 'startup'];

/** Longest difference between a time in the prefix and that of its line, milliseconds. */
const TIME_RANGE = 3_600_000;

/** Cuts `prefix`, the message up to its level. */
export function cutPrefix(line: UnexplainedLine, prefix: string, said: SaidOfSession): PrintedPrefix {
  const printed: PrintedPrefix = { pid: line.pid, eventTime: line.eventTime, fields: [], gaps: [] };
  let gap = 0;
  for (let at = 0; at < prefix.length; ) {
    const field = fieldAt(line, prefix, at, said);
    if (field === null) {
      at++;
      continue;
    }
    printed.gaps.push(prefix.slice(gap, at));
    printed.fields.push(field);
    at += field.value.length;
    gap = at;
  }
  printed.gaps.push(prefix.slice(gap));
  return printed;
}

/** Two prefixes with the same outline are of one format: the same fields, and gaps that differ in padding only. */
export function outlineOf({ fields, gaps }: PrintedPrefix): string {
  return JSON.stringify([fields.map(({ letter }) => letter), gaps.map((gap) => gap.trim())]);
}

function fieldAt(line: UnexplainedLine, text: string, at: number, said: SaidOfSession): PrintedField | null {
  const scanned = (letter: string): PrintedField | null => {
    const end = SHAPED[letter]!(text, at);
    return end > at ? { letter, value: text.slice(at, end) } : null;
  };
  const word = (letter: string, value: string): PrintedField | null =>
    value !== '' && text.startsWith(value, at) && isApart(text, at, at + value.length)
      ? { letter, value }
      : null;
  const { host, port } = said;
  const remote = host === null ? '' : port === null ? host : `${host}(${port})`;
  for (const name of said.names) {
    // A role may be called `app`, as is the label of an escape.
    const found = text[at + name.length] === '=' ? null : word('?', name);
    if (found !== null) return found;
  }
  const known =
    scanned('m') ??
    scanned('t') ??
    (port === null ? null : word('r', remote)) ??
    (host === null ? null : word('h', host)) ??
    sessionAt(line, scanned('c')) ??
    epochAt(line, scanned('n')) ??
    (line.pid === null ? null : word('p', `${line.pid}`)) ??
    (line.sqlstate === null ? null : word('e', line.sqlstate)) ??
    (line.backendType === null ? null : word('b', line.backendType));
  if (known !== null) return known;
  for (const title of TITLES) {
    const found = word('i', title);
    if (found !== null) return found;
  }
  return otherAt(text, at);
}

/** Fields that only their shape tells: addresses, virtual transactions, numbers. */
function otherAt(text: string, at: number): PrintedField | null {
  for (const [letter, shape] of SHAPES) {
    shape.lastIndex = at;
    const value = shape.exec(text)?.[0];
    if (value !== undefined && isApart(text, at, at + value.length)) return { letter, value };
  }
  return null;
}

const SHAPES: readonly (readonly [letter: string, shape: RegExp])[] = [
  ['r', /(?:\d{1,3}\.){3}\d{1,3}\(\d{1,5}\)/y],
  ['L', /(?:\d{1,3}\.){3}\d{1,3}|\[local\]|\[none\]/y],
  ['v', /\d{1,10}\/\d{1,10}(?![-.\d])/y],
  ['#', /-?\d{1,20}/y],
];

/** True when the piece is no part of a longer word or number. */
function isApart(text: string, from: number, to: number): boolean {
  const isWord = (at: number): boolean => /\w/.test(text.charAt(at));
  const before = from > 0 && isWord(from - 1) && isWord(from);
  return !before && !(isWord(to - 1) && isWord(to));
}

function sessionAt({ pid }: UnexplainedLine, field: PrintedField | null): PrintedField | null {
  if (field === null || pid === null) return null;
  return Number.parseInt(field.value.slice(field.value.indexOf('.') + 1), 16) === pid ? field : null;
}

function epochAt({ eventTime }: UnexplainedLine, field: PrintedField | null): PrintedField | null {
  return field !== null && Math.abs(Number(field.value) * 1000 - eventTime) < TIME_RANGE ? field : null;
}
