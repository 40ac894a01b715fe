/**
 * PostgreSQL 18's own parser (libpg-query, WebAssembly), with limits around it.
 *
 * - V8's optimising compiler gives the recursive functions of this module stack frames of up to 100 KB: once they are
 *   hot, the fingerprint of eight nested queries overflows the stack. V8 is therefore told to keep its baseline code
 *   (about a quarter slower, thousands of levels).
 * - What still drives it into RangeError or a trap costs the instance stack and memory for good, so the instance is
 *   replaced at once by a spare one, and a new spare is made. `nesting.ts` keeps this from happening at all.
 */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { RawStmt } from 'libpg-query';
import { type Token, tokenize } from '../lexing/lexer.ts';
import { expansionOf, MAX_EXPANSION } from './expansion.ts';
import { emptyComments, maskLiterals, withoutComments } from './literals.ts';
import { longestOperatorRun, MAX_NESTING, MAX_OPERATOR_RUN, nestingOf } from './nesting.ts';

type PgQuery = typeof import('libpg-query');

export type ParsedText =
  /** `text`: what was parsed, for `fingerprintOf` and `normalizedOf`. */
  | { ok: true; statements: RawStmt[]; text: string }
  /** `exhausted`: the parser gave up for lack of resources; false: the text is not SQL. */
  | { ok: false; exhausted: boolean };

let current: PgQuery | null = null;
let spare: PgQuery | null = null;

/** Loads the parser, once per process. Everything else in this room is synchronous and needs it. */
export async function loadParser(): Promise<void> {
  // Read when WebAssembly is compiled; nothing else in this process depends on its speed.
  setFlagsFromString('--liftoff-only');
  current ??= await freshInstance();
  spare ??= await freshInstance();
}

/**
 * Parse tree of a text, or why there is none. Never throws. The text holds no NUL and is at most `MAX_TEXT` long.
 *
 * libpg-query refuses comments that the server takes, between the words of `NOT IN` for instance, so a text with comments gets
 * a second chance without them.
 */
export function parseText(text: string, tokens: readonly Token[] = tokenize(text)): ParsedText {
  const isTooMuch =
    nestingOf(tokens) > MAX_NESTING ||
    longestOperatorRun(text, tokens) > MAX_OPERATOR_RUN ||
    expansionOf(tokens) > MAX_EXPANSION;
  if (isTooMuch) return { ok: false, exhausted: true };
  const parsed = parseOnce(text);
  const comments = tokens.filter(({ type }) => type === 'comment');
  const isHopeless = comments.length === 0 || comments.some(({ closed }) => !closed);
  return parsed.ok || parsed.exhausted || isHopeless ? parsed : parseOnce(withoutComments(text, tokens));
}

function parseOnce(text: string): ParsedText {
  if (text === '') return { ok: true, statements: [], text };
  const { value, exhausted } = call((pg) => pg.parseSync(text).stmts ?? []);
  return value === null ? { ok: false, exhausted } : { ok: true, statements: value, text };
}

/** 16 hex digits, the same for texts that differ in literals only; null if it cannot be had. Give it only what parsed. */
export function fingerprintOf(text: string): string | null {
  // On some errors the library returns the message in place of a fingerprint.
  const { value } = call((pg) => pg.fingerprintSync(text));
  return value !== null && /^[0-9a-f]{16}$/.test(value) ? value : null;
}

/** The text with `$n` for every literal and without the words of comments; null if it cannot be had. Give it only what parsed. */
export function normalizedOf(text: string): string | null {
  // With some comments the library takes the wrong places for those of literals.
  const { value } = call((pg) => pg.normalizeSync(emptyComments(text)));
  return value === null ? null : maskLiterals(value);
}

/**
 * What PostgreSQL's PL/pgSQL compiler makes of a CREATE FUNCTION or DO; null where it refuses. Give it only what
 * `plpgsql/limits.ts` lets through.
 */
export function plpgsqlTree(createFunctionText: string): object | null {
  return call((pg) => pg.parsePlPgSQLSync(createFunctionText)).value;
}

interface CallResult<T> {
  value: T | null;
  exhausted: boolean;
}

function call<T>(use: (pg: PgQuery) => T): CallResult<T> {
  if (current === null) throw new Error('loadParser() has not finished');
  try {
    return { value: use(current), exhausted: false };
  } catch (error) {
    const trapped = /^(?:RangeError|RuntimeError)$/.test((error as Error).name);
    if (trapped) replaceInstance();
    // `memory exhausted` is Bison's own bound on its stack; it leaves the instance in order.
    return {
      value: null,
      exhausted: trapped || /^(?:memory exhausted|stack depth)/.test((error as Error).message),
    };
  }
}

function replaceInstance(): void {
  // Without a spare the instance at hand goes on: it stands some 200 traps.
  if (spare === null) return;
  current = spare;
  spare = null;
  freshInstance().then(
    (instance) => {
      spare = instance;
    },
    () => undefined,
  );
}

/** libpg-query keeps one WebAssembly instance per load of its module, so a new instance is a new load. */
async function freshInstance(): Promise<PgQuery> {
  const load = createRequire(import.meta.url);
  const folder = dirname(load.resolve('libpg-query')) + sep;
  for (const path of Object.keys(load.cache)) if (path.startsWith(folder)) delete load.cache[path];
  const instance = load('libpg-query') as PgQuery;
  await instance.loadModule();
  return instance;
}
