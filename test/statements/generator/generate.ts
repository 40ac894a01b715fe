/** Statements made from the project's own grammar of PostgreSQL: the same ones on every machine, for the same seed. */
import { Random } from '../../fuzz/random.ts';
import { ALTERATIONS } from './grammar/alterations.ts';
import { CHANGES } from './grammar/changes.ts';
import { CONTROL } from './grammar/control.ts';
import { DEFINITIONS } from './grammar/definitions.ts';
import { EXPRESSIONS } from './grammar/expressions.ts';
import { QUERIES } from './grammar/queries.ts';
import { WORDS } from './grammar/words.ts';
import { type Alternative, compile, type Part } from './rules.ts';

/** One statement. */
export interface GeneratedStatement {
  sql: string;
  /** First major version of PostgreSQL that reads it; 0 where every supported one does. */
  since: number;
}

/** Fewest statements of the corpus, and the seed that makes them. */
const CORPUS_SIZE = 4_000;
const CORPUS_SEED = 3;

/** Rules that begin a statement, in turn: as many queries and changes as anything else. */
const STARTS = [
  ...['query', 'definition', 'change', 'table_actions', 'setting', 'query', 'change', 'copy', 'role_change'],
  ...[
    'query',
    'create_other',
    'change',
    'alteration',
    'privilege',
    'query',
    'transaction',
    'plan',
    'comment',
  ],
  ...[
    'query',
    'create_other',
    'change',
    'alter_other',
    'upkeep',
    'query',
    'change',
    'replication',
    'plan',
    'copy',
  ],
  ...['query', 'create_table', 'query', 'create_routine', 'change', 'alter_object', 'rename', 'drop_other'],
  ...[
    'query',
    'table_actions',
    'create_trigger',
    'query',
    'create_table',
    'create_table',
    'query',
    'table_actions',
  ],
];
/** A statement grows until this many rules were followed in it, then it is brought to an end. */
const MIN_RULES = 15;
const MAX_RULES = 90;

const GRAMMAR = compile({
  ...WORDS,
  ...EXPRESSIONS,
  ...QUERIES,
  ...CHANGES,
  ...DEFINITIONS,
  ...ALTERATIONS,
  ...CONTROL,
});

/** White space and comments as people and programs write them; a single blank stands for most. */
const GAPS = [
  '\n',
  '\n  ',
  '  ',
  '\t',
  '\r\n',
  ' /* <word> */ ',
  ' /* a /* <word> */ b */ ',
  ' -- <word>\n',
  "/* it's */ ",
];

/** The corpus: distinct statements in which every alternative of the grammar is used. */
export function generatedCorpus(): GeneratedStatement[] {
  const generator = new Generator(CORPUS_SEED);
  const statements = new Map<string, GeneratedStatement>();
  while (statements.size < CORPUS_SIZE || generator.unused().length > 0)
    for (let i = 0; i < 100; i += 1) {
      const statement = generator.next();
      statements.set(statement.sql, statement);
    }
  return [...statements.values()];
}

/** Makes one statement after the other. */
export class Generator {
  readonly #random: Random;
  /** How often each alternative was taken: the rare ones are taken first, so that none is left out. */
  readonly #taken = new Map<Alternative | readonly Part[], number>();
  /** Of these, the ones in which every choice was taken. */
  readonly #complete = new Set<Alternative | readonly Part[]>();
  #made = 0;
  #rulesLeft = 0;
  #since = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  next(): GeneratedStatement {
    this.#rulesLeft = MIN_RULES + this.#random.below(MAX_RULES - MIN_RULES);
    this.#since = 0;
    const start = STARTS[this.#made % STARTS.length]!;
    this.#made += 1;
    const body = this.#rule(start).trim();
    const before = this.#random.below(20) === 0 ? this.#special().trimStart() : '';
    const after = this.#random.pick(['', '', '', ';', ' ;', ' -- end', ';\n', ' /* end */;']);
    return { sql: before + body + after, since: this.#since };
  }

  /** Alternatives that no statement has used so far, as they stand in the grammar. */
  unused(): string[] {
    return [...GRAMMAR].flatMap(([name, alternatives]) =>
      alternatives.filter((item) => !this.#used(item)).map(({ source }) => `${name}: ${source}`),
    );
  }

  /** True if the alternative and every choice in it was taken. */
  #used(item: Alternative | readonly Part[]): boolean {
    const parts = 'parts' in item ? item.parts : item;
    if (this.#complete.has(item)) return true;
    const complete =
      this.#taken.has(item) &&
      parts.every((part) => part.type !== 'choice' || part.choices.every((choice) => this.#used(choice)));
    if (complete) this.#complete.add(item);
    return complete;
  }

  #rule(name: string): string {
    const all = GRAMMAR.get(name)!;
    this.#rulesLeft -= 1;
    const lowest = Math.min(...all.map(({ height }) => height));
    const alternative = this.#choose(
      this.#rulesLeft > 0 ? all : all.filter(({ height }) => height === lowest),
    );
    this.#since = Math.max(this.#since, alternative.since);
    return this.#parts(alternative.parts);
  }

  #choose<T extends Alternative | readonly Part[]>(choices: readonly T[]): T {
    const chosen = this.#random.pick(this.#random.below(4) === 0 ? choices : this.#rarest(choices));
    this.#taken.set(chosen, (this.#taken.get(chosen) ?? 0) + 1);
    return chosen;
  }

  /** What has something in it that was never taken; if there is no such thing any more, what was taken least. */
  #rarest<T extends Alternative | readonly Part[]>(choices: readonly T[]): T[] {
    const fresh = choices.filter((choice) => !this.#used(choice));
    if (fresh.length > 0) return fresh;
    const counts = choices.map((choice) => this.#taken.get(choice) ?? 0);
    const least = Math.min(...counts);
    return choices.filter((_, index) => counts[index] === least);
  }

  #parts(parts: readonly Part[]): string {
    return parts.map((part) => this.#part(part)).join('');
  }

  #part(part: Part): string {
    if (part.type === 'text') return part.text;
    if (part.type === 'gap') return this.#random.below(12) === 0 ? this.#special() : ' ';
    if (part.type === 'choice') return this.#parts(this.#choose(part.choices));
    const times = part.list ? this.#random.pick([1, 1, 2, 3]) : 1;
    return Array.from({ length: times }, () => this.#rule(part.name)).join(', ');
  }

  #special(): string {
    return this.#random.pick(GAPS).replace('<word>', this.#rule('word'));
  }
}
