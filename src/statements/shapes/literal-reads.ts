/**
 * Which literals of a text its features depend on.
 *
 * The constants of the parse tree get values that note when they are read. So whatever an extractor looks at, now or in
 * a later version, becomes part of what tells two statements apart; nobody has to remember to say so.
 */
import type { A_Const, RawStmt } from 'libpg-query';
import { visitor } from '../ast.ts';
import { type ConstantValue, WatchedValue } from '../watched-value.ts';
import { COMMENT, contentOf, OpenTokens } from './open-tokens.ts';

const WHITE_SPACE = new Set(' \t\n\r\f\v');
const VALUES = ['sval', 'ival', 'fval', 'bsval'] as const;

interface Watching {
  text: string;
  open: OpenTokens;
  /** Open literals, by where the parser says that their constant begins, in bytes. */
  places: Map<number, number>;
  /** Literals that no constant of the tree was found for. */
  unseen: Set<number>;
  read: Set<number>;
}

const watchConstants = visitor<Watching>([{ A_Const: watchConstant }]);

/** Numbers of all open tokens of a text. */
export function openNumbers(text: string): number[] {
  return [...Array(openTokens(text).count).keys()];
}

/**
 * Watches the constants of a tree.
 *
 * @param text what was parsed
 * @returns a function that tells, afterwards, which open literals matter: those that were read, and those that are no
 * constants of the tree (COPY's file, DO's body, the 24 of `float(24)`). Numbers of the text's open tokens, ascending.
 */
export function watchLiterals(statements: readonly RawStmt[], text: string): () => number[] {
  const open = openTokens(text);
  const unseen = new Set(literalsOf(open));
  if (unseen.size === 0) return () => [];
  const watching = { text, open, places: placesOf(text, open), unseen, read: new Set<number>() };
  for (const { stmt } of statements) if (stmt !== undefined) watchConstants(stmt, watching);
  return () => [...watching.unseen, ...watching.read].sort((a, b) => a - b);
}

function openTokens(text: string): OpenTokens {
  const open = new OpenTokens();
  open.read(text);
  return open;
}

function literalsOf({ count, kinds }: OpenTokens): number[] {
  return [...Array(count).keys()].filter((number) => kinds[number] !== COMMENT);
}

function watchConstant(constant: A_Const, { text, open, places, unseen, read }: Watching): void {
  const number = places.get(constant.location ?? -1);
  const name = VALUES.find((key) => constant[key] !== undefined);
  if (number === undefined || name === undefined) return;
  const value = constant[name] as ConstantValue;
  // PostgreSQL joins 'a' and, on the next line, 'b': then the constant is more than the literal that was looked at.
  const isPlain = value.sval === contentOf(text, open.starts[number]!, open.ends[number]!);
  unseen.delete(number);
  constant[name] = new WatchedValue(value, isPlain, () => read.add(number));
}

/** A constant begins with its literal, or with the sign before it. */
function placesOf(text: string, open: OpenTokens): Map<number, number> {
  const places = new Map<number, number>();
  let bytes = 0;
  let counted = 0;
  for (const number of literalsOf(open)) {
    const start = open.starts[number]!;
    bytes += Buffer.byteLength(text.slice(counted, start));
    counted = start;
    places.set(bytes, number);
    let sign = start - 1;
    while (sign >= 0 && WHITE_SPACE.has(text[sign]!)) sign -= 1;
    if (text[sign] === '-') places.set(bytes - (start - sign), number);
  }
  return places;
}
