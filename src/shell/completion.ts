/** What the Tab key offers in a statement. */
import { allowedFunctions } from '../query/guard.ts';
import type { View } from '../query/query-session.ts';
import { type Token, tokensOf } from '../query/sql-tokens.ts';
import { KEYWORDS } from './keywords.ts';
import { splitStatements } from './statements.ts';

export interface Completion {
  /** What may stand in place of `word`, best first. */
  candidates: string[];
  /** What was typed of it. */
  word: string;
}

export interface Typed {
  /** The statement up to the cursor. */
  before: string;
  /** What stands behind the cursor. */
  after: string;
}

/** What can be asked about. */
export interface Vocabulary {
  views: readonly View[];
  /** Names of parameters that have a value. */
  parameters: readonly string[];
}

const NONE: Completion = { candidates: [], word: '' };

/** Words behind which a view is named. */
const BEFORE_VIEW = new Set(['from', 'join', 'describe', 'summarize']);

/** Words that end the list of views behind FROM. */
const BEHIND_VIEWS = new Set([
  'select',
  'where',
  'group',
  'order',
  'having',
  'qualify',
  'window',
  'on',
  'using',
  'limit',
]);

/** A name that needs no quotes. */
const PLAIN = /^[a-z_][a-z0-9_]*$/;

export function completeSql({ before, after }: Typed, vocabulary: Vocabulary): Completion {
  const statement = splitStatements(before).rest;
  const tokens = tokensOf(statement);
  const last = tokens.at(-1);
  if (last?.open || last?.kind === 'line comment') return NONE;
  const typed = last?.kind === 'word' || last?.kind === 'parameter' ? last : undefined;
  const word = typed === undefined ? '' : statement.slice(typed.start, typed.end);
  if (typed?.kind === 'parameter') return parameters(word, vocabulary);
  const lead = tokens.slice(0, typed === undefined ? undefined : -1).filter(isMeaningful);
  const words = lead.map(({ start, end }) => statement.slice(start, end).toLowerCase());
  const named = namedViews(statement + after.split(';')[0], vocabulary.views);
  const offered = offers(words, word, named, vocabulary.views);
  return { candidates: matching(offered, word), word };
}

function isMeaningful({ kind }: Token): boolean {
  return kind !== 'space' && kind !== 'line comment' && kind !== 'block comment';
}

function parameters(word: string, vocabulary: Vocabulary): Completion {
  const names = vocabulary.parameters.map((name) => `$${name}`);
  return { candidates: names.filter((name) => name.startsWith(word)), word };
}

/** What may come behind `words`, best first. */
function offers(
  words: readonly string[],
  word: string,
  named: ReadonlyMap<string, View>,
  views: readonly View[],
): string[] {
  if (words.at(-1) === '.') return columnsOf([named.get(words.at(-2) ?? '')]);
  if (expectsView(words)) return views.map(({ name }) => name);
  const columns = columnsOf(named.values());
  if (word === '') return columns;
  return [
    ...columns,
    ...views.map(({ name }) => name),
    ...KEYWORDS.map((keyword) => keyword.toLowerCase()),
    ...allowedFunctions(),
    ...(named.size === 0 ? columnsOf(views) : []),
  ];
}

function expectsView(words: readonly string[]): boolean {
  const previous = words.at(-1) ?? '';
  if (previous !== ',') return BEFORE_VIEW.has(previous);
  const clause = words.findLast((word) => BEFORE_VIEW.has(word) || BEHIND_VIEWS.has(word));
  return clause === 'from';
}

function columnsOf(views: Iterable<View | undefined>): string[] {
  return [...views].flatMap((view) => view?.columns.map(({ name }) => name) ?? []);
}

/** The views that a statement speaks of, by their names and by what it calls them. */
function namedViews(statement: string, views: readonly View[]): Map<string, View> {
  const byName = new Map(views.map((view) => [view.name, view]));
  const keywords = new Set(KEYWORDS);
  const words = tokensOf(statement)
    .filter(isMeaningful)
    .map((token) => (token.kind === 'word' ? statement.slice(token.start, token.end).toLowerCase() : ''));
  const named = new Map<string, View>();
  for (const [index, word] of words.entries()) {
    const view = byName.get(word);
    if (view === undefined) continue;
    named.set(word, view);
    const alias = words[words[index + 1] === 'as' ? index + 2 : index + 1] ?? '';
    if (alias !== '' && !keywords.has(alias.toUpperCase())) named.set(alias, view);
  }
  return named;
}

/** Those that begin with the word, each once, in capital letters if the word is. */
function matching(offered: readonly string[], word: string): string[] {
  const folded = word.toLowerCase();
  const found = [...new Set(offered)].filter((one) => PLAIN.test(one) && one.startsWith(folded));
  const capital = word !== folded && word === word.toUpperCase();
  return capital ? found.map((one) => one.toUpperCase()) : found;
}
