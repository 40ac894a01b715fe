/**
 * Builds candidates for a `log_line_prefix` from lines of one server: from connection lines, whose text tells what of the
 * session their prefix prints. What a candidate is worth, `proof.ts` says.
 */
import type { UnexplainedLine } from '../../model/unexplained-line.ts';
import { cutPrefix, outlineOf, type PrintedPrefix } from './fields.ts';
import { literalBetween } from './padding.ts';
import { compilePrefix, valueAt } from './prefix.ts';
import { searchPrefix } from './search.ts';
import { isBackground, levelWord, readWitness, textAfter, type Witness } from './witness.ts';

/** A line that tells what its prefix prints. */
interface Example {
  witness: Witness;
  printed: PrintedPrefix;
}

/** Longest prefix that is looked for, in characters. */
const PREFIX_LENGTH = 1024;
/** Background lines that `%q` is found from. */
const BACKGROUND_SAMPLE = 5;
const TELLING_DISTANCE = 2_000;

/** Candidates, the likeliest first. */
export function inferPrefixes(lines: readonly UnexplainedLine[]): string[] {
  const examples = mostOfOneOutline(examplesOf(lines));
  if (examples.length === 0) return [];
  const letters = lettersOf(examples);
  if (letters === null) return [];
  const formats = variantsOf(letters).flatMap((variant) => {
    const format = formatOf(examples, letters, variant);
    return format === null ? [] : [format];
  });
  return [...new Set(formats)].flatMap((format) => [format, ...stoppingOf(format, lines)]);
}

function examplesOf(lines: readonly UnexplainedLine[]): Example[] {
  const found: Example[] = [];
  /** What other lines of a session say of it, by process id. */
  const applications = new Map<number | null, string>();
  const addresses = new Map<number | null, { host: string | null; port: string | null }>();
  for (const line of lines) {
    const word = levelWord(line);
    if (word !== 'LOG') continue;
    const end = onlyLevel(line.message, word);
    if (end < 0) continue;
    const witness = readWitness(line, textAfter(line.message, end, word));
    if (witness === null) continue;
    if (witness.application !== null) applications.set(line.pid, witness.application);
    const names = [witness.user, witness.database, '[unknown]', applications.get(line.pid) ?? null];
    if (witness.host !== null) addresses.set(line.pid, witness);
    const { host = null, port = null } = addresses.get(line.pid) ?? {};
    const said = { host, port, names: names.filter((name) => name !== null) };
    found.push({ witness, printed: cutPrefix(line, line.message.slice(0, end), said) });
  }
  return found;
}

/** Where the only level word of a message stands; -1 when there is none or another that a client may have written. */
function onlyLevel(message: string, word: string): number {
  const end = message.indexOf(`${word}: `);
  return end > PREFIX_LENGTH || message.includes(`${word}: `, end + 1) ? -1 : end;
}

/** The examples of the commonest outline; where sessions were authorized, of theirs: each field has a value there. */
function mostOfOneOutline(examples: readonly Example[]): Example[] {
  const authorized = examples.filter(({ witness }) => witness.kind === 'authorized');
  const groups = new Map<string, Example[]>();
  for (const example of authorized.length > 0 ? authorized : examples) {
    const outline = outlineOf(example.printed);
    groups.set(outline, [...(groups.get(outline) ?? []), example]);
  }
  const [outline] = [...groups].sort(([, a], [, b]) => b.length - a.length)[0] ?? [''];
  return examples.filter(({ printed }) => outlineOf(printed) === outline);
}

/** The escape of each field; null as long as one can be several. */
function lettersOf(examples: readonly Example[]): string[] | null {
  const { fields, gaps } = examples[0]!.printed;
  const letters: string[] = [];
  for (const [index, { letter }] of fields.entries()) {
    const found =
      letter === '?'
        ? nameAt(examples, index, gaps[index]!)
        : letter === 't'
          ? timeAt(examples, index)
          : letter;
    if (found === null) return null;
    letters.push(found);
  }
  return letters;
}

const LABELS: readonly (readonly [letter: string, label: RegExp])[] = [
  ['u', /(?:user|usr|username|role|login|\bu)\W{0,3}$/i],
  ['d', /(?:db|database|dbname|datname|\bd)\W{0,3}$/i],
  ['a', /(?:app|appname|application|application_name|program|\ba)\W{0,3}$/i],
];

/** Which name a field is: what the texts say, and where they leave a choice, its label. */
function nameAt(examples: readonly Example[], index: number, gap: string): string | null {
  let possible = ['u', 'd', 'a'];
  for (const { witness, printed } of examples) {
    const { value } = printed.fields[index]!;
    if (witness.kind === 'received') continue;
    possible = possible.filter((letter) => {
      if (letter === 'u') return value === witness.user;
      if (letter === 'd') return value === witness.database;
      return witness.kind !== 'authorized' || value === '[unknown]';
    });
  }
  if (possible.length === 1) return possible[0]!;
  const labelled = LABELS.find(([letter, label]) => possible.includes(letter) && label.test(gap));
  return labelled?.[0] ?? null;
}

/** `t` for the time of the line, `s` for the start of its session: two lines of a session differ in it, or do not. */
function timeAt(examples: readonly Example[], index: number): 't' | 's' {
  const firsts = new Map<number | null, PrintedPrefix>();
  for (const { printed } of examples) {
    const first = firsts.get(printed.pid);
    if (first === undefined) firsts.set(printed.pid, printed);
    else if (Math.abs(printed.eventTime - first.eventTime) >= TELLING_DISTANCE)
      return printed.fields[index]!.value === first.fields[index]!.value ? 's' : 't';
  }
  return 't';
}

/** What the examples leave open. */
interface Variant {
  /** Escapes for the numbers, in order; null: numbers that never differ are literal. */
  numbers: readonly string[] | null;
  /** Blanks beside a padded field that are literal, at most. */
  blanks: number;
}

/** Escapes that print a number; which one is of no consequence, but only `%Q` may be negative, and none stands twice. */
const NUMBERS = ['Q', 'l', 'x', 'P'];

/** The literal ones first: a candidate that explains as much is preferred to a later one. */
function variantsOf(letters: readonly string[]): Variant[] {
  const count = Math.min(letters.filter((letter) => letter === '#').length, NUMBERS.length);
  const orders = NUMBERS.slice(0, count).map((_, at) => {
    const others = NUMBERS.slice(1);
    return [...others.slice(0, at), 'Q', ...others.slice(at)];
  });
  return [null, ...orders].flatMap((numbers) => [1, 0].map((blanks) => ({ numbers, blanks })));
}

function formatOf(examples: readonly Example[], letters: readonly string[], variant: Variant): string | null {
  const prints = examples.map(({ printed }) => printed);
  const { fields } = prints[0]!;
  const numbers = [...(variant.numbers ?? NUMBERS)];
  const escapes = letters.map((letter, index) => {
    if (letter !== '#') return letter;
    const isConstant = prints.every((printed) => printed.fields[index]!.value === fields[index]!.value);
    return isConstant && variant.numbers === null ? null : (numbers.shift() ?? null);
  });
  const widths = new Array<number>(escapes.length).fill(0);
  const literals: string[] = [];
  for (let index = 0; index <= escapes.length; index++) {
    const literal = literalBetween(prints, index, widths, variant.blanks);
    if (literal === null) return null;
    literals.push(literalOf(literal));
  }
  const printed = escapes.map((letter, index) => {
    const width = widths[index] === 0 ? '' : `${widths[index]}`;
    return `${letter === null ? literalOf(fields[index]!.value) : `%${width}${letter}`}${literals[index + 1]}`;
  });
  return literals[0] + printed.join('');
}

function literalOf(text: string): string {
  return text.replaceAll('%', '%%');
}

/** The format with `%q` where background lines stop, if they do. */
function stoppingOf(format: string, lines: readonly UnexplainedLine[]): string[] {
  const background = lines.filter(isBackground).slice(0, BACKGROUND_SAMPLE);
  if (background.length === 0 || background.every((line) => explains(format, line))) return [];
  const found: string[] = [];
  for (let at = 0; at < format.length; at++) {
    // Not within an escape.
    if (/%-?\d*$/.test(format.slice(Math.max(0, at - 5), at).replaceAll('%%', ''))) continue;
    const stopping = `${format.slice(0, at)}%q${format.slice(at)}`;
    if (background.every((line) => explains(stopping, line))) found.push(stopping);
  }
  return found.slice(0, 1);
}

/** True when the format fits a background line, whose names and command tag are empty. */
function explains(format: string, line: UnexplainedLine): boolean {
  const word = levelWord(line);
  const pattern = compilePrefix(format);
  const readings = word === null ? null : searchPrefix(pattern, line.message, word);
  if (readings === null) return false;
  const reading = readings.reading(readings.ends);
  const empty = [pattern.user, pattern.database, pattern.application, pattern.slots.i ?? -1];
  return empty.every((slot) => !valueAt(line.message, reading, slot));
}
