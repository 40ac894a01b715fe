/** Statements that try to get out of the sandbox: queries over the views, and whatever DuckDB knows, mixed and damaged. */
import type { Random } from '../random.ts';

/** What DuckDB and the store have to offer. */
export interface Vocabulary {
  /** Every function, macro and table function that DuckDB has. */
  functions: readonly string[];
  settings: readonly string[];
  /** Views and tables, of the store and of DuckDB itself. */
  relations: readonly string[];
  columns: readonly string[];
  /** Columns of each view, with their types. */
  views: ReadonlyMap<string, readonly { name: string; type: string }[]>;
  /** What the guard lets through. */
  allowed: readonly string[];
  types: readonly string[];
  /** Paths and addresses that nobody may touch. */
  targets: readonly string[];
}

const KEYWORDS =
  'SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN LATERAL UNION ALL WITH RECURSIVE AS VALUES CASE WHEN THEN END ATTACH COPY TO DESCRIBE SUMMARIZE SHOW PRAGMA CALL SET RESET INSTALL LOAD CREATE TEMP TABLE MACRO INSERT INTO UPDATE DELETE DROP EXPORT IMPORT DATABASE CHECKPOINT EXPLAIN ANALYZE PREPARE EXECUTE USE PIVOT UNPIVOT USING SAMPLE QUALIFY ASOF POSITIONAL'.split(
    ' ',
  );
const OPERATORS = [
  '=',
  '<>',
  '+',
  '||',
  '->',
  '->>',
  '::',
  ':=',
  '~',
  '~~',
  '@>',
  '^@',
  '//',
  '**',
  '<=>',
  '.',
  '..',
  ';',
];

export class Statements {
  readonly #random: Random;
  readonly #words: Vocabulary;

  constructor(random: Random, words: Vocabulary) {
    this.#random = random;
    this.#words = words;
  }

  next(): string {
    const kind = this.#random.below(100);
    if (kind < 25) return this.#plain();
    if (kind < 45) return this.#query(3);
    if (kind < 65) return this.#command();
    if (kind < 85) return this.#damaged(this.#query(2), this.#command());
    if (kind < 95) return this.#soup();
    return this.#extreme();
  }

  /** One that should be answered: of the columns of a view, with functions that are allowed. */
  #plain(): string {
    const [view, columns] = this.#random.pick([...this.#words.views]);
    const column = () => this.#random.pick(columns);
    const term = () => {
      const { name, type } = column();
      if (type === 'VARCHAR')
        return this.#random.pick([
          name,
          `upper(${name})`,
          `length(${name})`,
          `${name} || '/'`,
          `md5(${name})`,
        ]);
      if (/INT|DOUBLE/.test(type))
        return this.#random.pick([name, `${name} % 7`, `-${name}`, `sum(${name}) OVER ()`]);
      if (type === 'TIMESTAMP')
        return this.#random.pick([name, `date_trunc('hour', ${name})`, `epoch(${name})`]);
      if (type.endsWith('[]')) return this.#random.pick([name, `len(${name})`, `list_sort(${name})`]);
      return this.#random.pick([name, `${this.#random.pick(this.#words.allowed)}(${name})`]);
    };
    const filter = `${column().name} IS ${this.#random.pick(['', 'NOT '])}NULL`;
    return this.#one([
      () => `SELECT ${term()}, ${term()} FROM ${view} WHERE ${filter} LIMIT 20`,
      () => `SELECT ${term()} AS a, count(*) FROM ${view} GROUP BY ALL ORDER BY ALL`,
      () => `WITH c AS (SELECT ${term()} AS a FROM ${view}) SELECT a FROM c JOIN ${view} ON true LIMIT 5`,
      () => `SELECT ${this.#random.pick(this.#words.allowed)}(${term()}) FROM ${view}`,
      () => `${this.#random.pick(['DESCRIBE', 'SUMMARIZE', 'FROM', 'TABLE'])} ${view}`,
    ]);
  }

  #query(depth: number): string {
    const { relations } = this.#words;
    const from = this.#one([
      () => this.#random.pick(relations),
      () => `(${depth > 0 ? this.#query(depth - 1) : 'SELECT 1 AS x'}) AS q`,
      () => `${this.#call(depth)}`,
      () => `'${this.#random.pick(this.#words.targets)}'`,
      () =>
        `${this.#random.pick(relations)} a JOIN ${this.#random.pick(relations)} b USING (${this.#column()})`,
      () => `range(${this.#random.below(2_000)})`,
    ]);
    const chosen = Array.from({ length: 1 + this.#random.below(3) }, () => this.#expression(depth)).join(
      ', ',
    );
    const query = `SELECT ${this.#random.pick(['', '', 'DISTINCT '])}${chosen} FROM ${from}${this.#one([
      () => '',
      () => ` WHERE ${this.#expression(depth)}`,
      () => ' GROUP BY ALL',
      () => ` ORDER BY ${this.#expression(1)} LIMIT ${this.#expression(0)}`,
      () => ` QUALIFY row_number() OVER (ORDER BY ${this.#column()}) < 3`,
    ])}`;
    return this.#one([
      () => query,
      () => query,
      () => `WITH ${this.#random.pick(['c', 'activity', 'records'])} AS (${query}) SELECT * FROM c`,
      () => `${query} UNION ALL SELECT ${this.#expression(1)}`,
      () => `FROM (${query})`,
      () => `${this.#random.pick(['DESCRIBE', 'SUMMARIZE', 'SHOW', 'EXPLAIN', 'EXPLAIN ANALYZE'])} ${query}`,
    ]);
  }

  #expression(depth: number): string {
    if (depth <= 0) return this.#random.pick([this.#column(), this.#literal(), '*', '$1', 'NULL']);
    return this.#one([
      () => this.#column(),
      () => this.#literal(),
      () => this.#call(depth - 1),
      () => this.#call(depth - 1),
      () => `(${this.#query(depth - 2)})`,
      () => `${this.#expression(depth - 1)} ${this.#random.pick(OPERATORS)} ${this.#expression(depth - 1)}`,
      () => `CAST(${this.#expression(depth - 1)} AS ${this.#random.pick(this.#words.types)})`,
      () => `list_transform([1, 2], x -> ${this.#call(depth - 1)})`,
      () => `[${this.#expression(depth - 1)} FOR x IN range(3)]`,
      () => `COLUMNS(c -> ${this.#expression(depth - 1)})`,
      () => `${this.#call(depth - 1)} OVER (PARTITION BY ${this.#column()})`,
    ]);
  }

  #call(depth: number): string {
    const schema = this.#random.pick(['', '', '', '', 'main.', 'system.main.', 'pg_catalog.', '"main".']);
    const values = Array.from({ length: this.#random.below(4) }, () => this.#expression(depth - 1));
    const named = this.#random.pick([
      '',
      '',
      '',
      `storage_path = '${this.#random.pick(this.#words.targets)}'`,
    ]);
    return `${schema}${this.#random.pick(this.#words.functions)}(${[...values, named].filter(Boolean).join(', ')})`;
  }

  #command(): string {
    const target = `'${this.#random.pick(this.#words.targets)}'`;
    const relation = this.#random.pick(this.#words.relations);
    const setting = this.#random.pick(this.#words.settings);
    return this.#one([
      () => `COPY (${this.#query(1)}) TO ${target}`,
      () => `COPY ${relation} FROM ${target}`,
      () => `ATTACH ${target} AS x`,
      () => `INSTALL ${this.#random.pick(['httpfs', 'sqlite', target])}`,
      () => `LOAD ${target}`,
      () => `SET ${this.#random.pick(['', 'GLOBAL ', 'SESSION '])}${setting} = ${this.#literal()}`,
      () => `RESET ${setting}`,
      () => `PRAGMA ${setting} = ${this.#literal()}`,
      () => `CALL ${this.#call(1)}`,
      () =>
        `CREATE ${this.#random.pick(['TEMP TABLE', 'VIEW', 'MACRO', 'TABLE', 'SECRET'])} x AS ${this.#query(1)}`,
      () => `INSERT INTO ${relation} ${this.#query(1)}`,
      () => `DELETE FROM ${relation}`,
      () => `DROP ${this.#random.pick(['TABLE', 'VIEW'])} ${relation}`,
      () => `EXPORT DATABASE ${target}`,
      () => `${this.#query(1)}; ${this.#random.pick(['', this.#query(0)])}`,
      () => `SELECT * FROM query('${this.#query(0).replaceAll("'", "''")}')`,
      () => `PREPARE p AS ${this.#query(1)}; EXECUTE p`,
      () => `FORCE CHECKPOINT; VACUUM; USE ${relation}`,
    ]);
  }

  /** Pieces of both, cut anywhere between words and put together. */
  #damaged(left: string, right: string): string {
    const words = [...left.split(/\b/), ...right.split(/\b/)];
    for (let change = 1 + this.#random.below(6); change > 0; change--) {
      const at = this.#random.below(words.length);
      const other = this.#random.below(words.length);
      const kind = this.#random.below(4);
      if (kind === 0) words.splice(at, 1);
      else if (kind === 1) words.splice(at, 0, words[other]!);
      else if (kind === 2) [words[at], words[other]] = [words[other]!, words[at]!];
      else
        words.splice(
          at,
          0,
          this.#random.pick(["'", '"', '$$', '/*', '*/', '--', '\n', '\0', '(', ')', ';', 'ı', '\u2028']),
        );
    }
    return words.join('');
  }

  #soup(): string {
    const word = () =>
      this.#one([
        () => this.#random.pick(KEYWORDS),
        () => this.#random.pick(KEYWORDS),
        () => this.#random.pick(OPERATORS),
        () => this.#random.pick(this.#words.relations),
        () => this.#call(0),
        () => this.#literal(),
        () => this.#random.pick(['(', ')', ',', '*', '[', ']', '{', '}']),
      ]);
    return `SELECT ${Array.from({ length: 2 + this.#random.below(15) }, word).join(' ')}`;
  }

  #extreme(): string {
    const many = 50 + this.#random.below(2_000);
    return this.#one([
      () => `SELECT ${'('.repeat(many)}1${')'.repeat(many)}`,
      () => `SELECT ${'['.repeat(many)}1${']'.repeat(many)}`,
      () => `SELECT ${Array.from({ length: many }, () => this.#literal()).join(' + ')}`,
      () => `SELECT 1 ${'UNION ALL SELECT 1 '.repeat(many)}`,
      () => `${'SELECT * FROM ('.repeat(many % 300)}SELECT 1${')'.repeat(many % 300)}`,
      () => `SELECT '${'\ud800\u0000\u202e'.repeat(many)}'`,
      () => `WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r LIMIT ${many}`,
      () => `SELECT list(${this.#expression(1)}) FROM range(${many}), range(${many})`,
    ]);
  }

  #column(): string {
    return this.#random.pick(this.#words.columns);
  }

  #literal(): string {
    return this.#one([
      () => String(this.#random.below(1_000)),
      () => '-9223372036854775808',
      () => '1e308',
      () => `'${this.#random.pick(this.#words.targets)}'`,
      () => `'${this.#random.pick(this.#words.relations)}'`,
      () => "TIMESTAMP '2026-01-01'",
      () => "INTERVAL '1 day'",
      () => "'\\x00'::BLOB",
      () => `{'a': ${this.#random.below(9)}}`,
      () => 'true',
    ]);
  }

  #one(choices: readonly (() => string)[]): string {
    return this.#random.pick(choices)();
  }
}
