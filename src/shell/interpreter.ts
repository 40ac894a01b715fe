/** Takes lines, finds statements and commands in them, and runs these. Knows nothing of keyboards. */
import { PgvigilError } from '../errors.ts';
import { AnswerFile, formatOfName, rowCount } from '../query/answer-file.ts';
import { formatRows } from '../query/formats.ts';
import { requireParameters, usedParameters } from '../query/parameters.ts';
import type { Answer } from '../query/query-runner.ts';
import { DEFAULT_LIMIT_ROWS } from '../query/query-runner.ts';
import type { QuerySession, View } from '../query/query-session.ts';
import type { Cell } from '../query/values.ts';
import { type ElapsedLine, endedBy } from './elapsed.ts';
import { type Hands, runMetaCommand } from './meta-commands.ts';
import type { Screen } from './screen.ts';
import type { Settings } from './settings.ts';
import { readSqlFile } from './sql-file.ts';
import { isBlank, type Open, splitStatements } from './statements.ts';

/** Files that include each other end here. */
const MAX_INCLUDES = 16;

const PROMPTS: Record<Open, string> = {
  nothing: 'pgvigil=> ',
  statement: 'pgvigil-> ',
  string: "pgvigil'> ",
  'quoted name': 'pgvigil"> ',
  'dollar string': 'pgvigil$> ',
  'block comment': 'pgvigil*> ',
};

/** Words that people type who look for the way out or for help. */
const WORDS: Readonly<Record<string, string>> = { exit: '\\q', quit: '\\q', help: '\\?' };

/** The person has ended what ran. */
export class Cancelled extends Error {}

export interface InterpreterOptions {
  session: QuerySession;
  views: readonly View[];
  settings: Settings;
  screen: Screen;
  elapsed: ElapsedLine;
  note: (text: string) => void;
  /** Told of each statement or command that was typed, before it runs. */
  onEntry: (text: string) => Promise<void>;
}

export class Interpreter implements Hands {
  settings: Settings;
  readonly views: readonly View[];
  readonly #options: InterpreterOptions;
  #pending = '';
  #open: Open = 'nothing';
  #running: AbortController | null = null;
  #includes = 0;
  #ended = false;

  constructor(options: InterpreterOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.views = options.views;
  }

  get prompt(): string {
    return PROMPTS[this.#open];
  }

  /** What was typed of a statement that has no end yet. */
  get pending(): string {
    return this.#pending;
  }

  /** Somebody has asked for the end. */
  get ended(): boolean {
    return this.#ended;
  }

  get width(): number | null {
    return this.#options.screen.width;
  }

  /**
   * Takes one typed line.
   *
   * @returns what it completes, to be run; null when more has to come. It throws PgvigilError or Cancelled, and the
   *   statements behind one that failed do not run.
   */
  take(line: string): (() => Promise<void>) | null {
    const word = this.#open === 'nothing' ? WORDS[line.trim().replace(/;$/, '').toLowerCase()] : undefined;
    const inText = this.#open !== 'nothing' && this.#open !== 'statement';
    if (word !== undefined || (!inText && line.trimStart().startsWith('\\'))) {
      return async () => {
        await this.#typed(line);
        await runMetaCommand(this, word ?? line);
      };
    }
    const text = this.#pending === '' ? line : `${this.#pending}\n${line}`;
    const { statements, rest, open } = splitStatements(text);
    // A space behind a semicolon is not the space that keeps a statement out of the history.
    this.#pending = open === 'nothing' ? '' : statements.length > 0 ? rest.trimStart() : rest;
    this.#open = open;
    const whole = statements.join('');
    if (isBlank(whole)) return null;
    return async () => {
      await this.#typed(open === 'nothing' ? text : whole);
      for (const statement of statements) await this.#run(statement);
    };
  }

  /** Forgets a statement that has no end yet. */
  reset(): void {
    this.#pending = '';
    this.#open = 'nothing';
  }

  /** Ends the query that runs. */
  cancel(): void {
    this.#running?.abort();
  }

  // Arrows, as commands take them out of their object.
  show = async (text: string): Promise<void> => {
    const pieces = (async function* () {
      yield* text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    })();
    await this.#options.screen.show(pieces, this.settings.pager);
  };

  note = (text: string): void => this.#options.note(text);

  quit = (): void => {
    this.#ended = true;
  };

  include = async (path: string): Promise<void> => {
    const lines = (await readSqlFile(path)).split(/\r?\n/);
    if (this.#includes === MAX_INCLUDES)
      throw new PgvigilError('USAGE', 'files include each other without end', 'Look for \\i in them.');
    const [pending, open] = [this.#pending, this.#open];
    this.reset();
    this.#includes++;
    try {
      for (const line of lines) {
        if (!this.#ended) await this.take(line)?.();
      }
      await this.#run(this.#pending); // the last statement of a file needs no semicolon
    } finally {
      this.#includes--;
      [this.#pending, this.#open] = [pending, open];
    }
  };

  /** What stands in a file was not typed. */
  async #typed(text: string): Promise<void> {
    if (this.#includes === 0) await this.#options.onEntry(text);
  }

  async #run(statement: string): Promise<void> {
    if (isBlank(statement)) return;
    const sql = statement.trim();
    requireParameters(sql, this.settings.parameters, (name) => `Give it one: \\set ${name} value`);
    const running = new AbortController();
    this.#running = running;
    this.#options.elapsed.start();
    try {
      await this.#answer(sql, running.signal);
    } catch (error) {
      throw running.signal.aborted ? new Cancelled() : error;
    } finally {
      this.#options.elapsed.end();
      this.#running = null;
    }
  }

  async #answer(sql: string, signal: AbortSignal): Promise<void> {
    const { output, limitRows, timeoutMs, parameters, timing } = this.settings;
    const format = output === null ? this.settings.format : (formatOfName(output) ?? this.settings.format);
    const file = output === null ? null : await AnswerFile.at(output, { format, force: false });
    const limit = limitRows ?? (file === null ? DEFAULT_LIMIT_ROWS : 0);
    const used = usedParameters(sql, parameters);
    const started = performance.now();
    const request = { sql, parameters: used, limitRows: limit, limitBytes: 0, timeoutMs };
    const answer = await this.#options.session.run(request, signal);
    let took = 0;
    const timed = untilEnd(answer, () => {
      took = performance.now() - started;
    });
    try {
      if (file === null) await this.#present({ columns: answer.columns, rows: timed });
      else await this.#keep(await file.write({ columns: answer.columns, rows: timed }), output!);
      if (answer.cut !== null) this.note(`Only the first ${limit} rows are there; \\limit 0 gives all.`);
    } finally {
      answer.close();
    }
    if (timing) this.note(`Time: ${Math.round(took)} ms`);
  }

  async #present(rows: Pick<Answer, 'columns' | 'rows'>): Promise<void> {
    const { format, expanded, pager } = this.settings;
    const { screen, elapsed } = this.#options;
    const pieces = formatRows(rows, format, { terminalWidth: screen.width, expanded });
    await screen.show(endedBy(elapsed, pieces), pager);
  }

  async #keep(count: number, path: string): Promise<void> {
    this.settings = { ...this.settings, output: null };
    this.#options.elapsed.end();
    this.note(`${rowCount(count)} written to ${path}.`);
  }
}

async function* untilEnd({ rows }: Answer, onEnd: () => void): AsyncGenerator<Cell[]> {
  try {
    yield* rows;
  } finally {
    onEnd();
  }
}
