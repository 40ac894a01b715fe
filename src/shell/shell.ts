/** The shell at a terminal: reads keys, shows prompts, and leaves what is typed to the interpreter. */
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { errorText } from '../error-text.ts';
import { printable } from '../printable.ts';
import type { QuerySession } from '../query/query-session.ts';
import { VERSION } from '../version.ts';
import { type Completion, completeSql } from './completion.ts';
import { ElapsedLine } from './elapsed.ts';
import { type History, MAX_ENTRIES } from './history.ts';
import { Cancelled, Interpreter } from './interpreter.ts';
import { META_COMMANDS } from './meta-commands.ts';
import { type Output, Screen } from './screen.ts';
import type { Settings } from './settings.ts';

export type Keyboard = Readable & { setRawMode?: (raw: boolean) => unknown };

export interface ShellOptions {
  session: QuerySession;
  settings: Settings;
  history: History;
  dataDir: string;
  env: Readonly<Record<string, string | undefined>>;
  input: Keyboard;
  output: Output;
  err: NodeJS.WritableStream & { isTTY?: boolean };
}

/**
 * Answers what is typed until it is enough.
 *
 * @throws PgvigilError DATA_* when there is nothing to ask
 */
export async function runShell(options: ShellOptions): Promise<void> {
  const views = await options.session.views();
  const shell = new Shell(options, views);
  await shell.run();
}

class Shell {
  readonly #options: ShellOptions;
  readonly #readline: Interface;
  readonly #interpreter: Interpreter;
  /** The lines that readline offers, its own array. */
  #offered: string[] = [];
  readonly #waiting: string[] = [];
  #work: Promise<void> = Promise.resolve();
  #working = false;
  #closed = false;

  constructor(options: ShellOptions, views: Interpreter['views']) {
    const { session, settings, history, env, input, output, err } = options;
    this.#options = options;
    this.#interpreter = new Interpreter({
      session,
      views,
      settings,
      screen: new Screen({ output, env, handOver: (work) => this.#handOver(work) }),
      elapsed: new ElapsedLine(err),
      note: (text) => err.write(`${printable(text)}\n`),
      onEntry: (text) => this.#remember(text),
    });
    this.#readline = createInterface({
      input,
      output,
      terminal: true,
      history: [...history.entries],
      historySize: MAX_ENTRIES,
      completer: (line: string) => this.#complete(line),
    });
  }

  async run(): Promise<void> {
    const { output, err, history, dataDir } = this.#options;
    output.write(`pgvigil ${VERSION}: SQL over ${printable(dataDir)}. \\? lists the commands, \\q ends.\n`);
    if (history.problem !== null)
      err.write(`What you type is not kept for the next time: ${printable(history.problem)}\n`);
    const closed = new Promise<void>((resolve) => this.#readline.once('close', resolve));
    this.#readline.on('line', (line) => this.#take(line));
    this.#readline.on('SIGINT', () => this.#interrupt());
    // Whole statements are offered again, not their lines: see #remember.
    this.#readline.on('history', (lines: string[]) => {
      lines.splice(0, lines.length, ...history.entries);
      this.#offered = lines;
    });
    this.#prompt();
    await closed;
    this.#closed = true;
    await this.#work;
    if (!this.#interpreter.ended) output.write('\n');
  }

  /** Lines that are typed while something runs wait for its end. */
  #take(line: string): void {
    if (this.#working) this.#waiting.push(line);
    else this.#begin(line);
  }

  /** A line that completes nothing has its prompt at once, so that a text that is pasted looks as if it was typed. */
  #begin(line: string): void {
    const work = this.#interpreter.take(line);
    if (work === null) {
      this.#prompt();
    } else {
      this.#readline.setPrompt('');
      this.#working = true;
      this.#work = this.#run(work);
    }
  }

  async #run(work: () => Promise<void>): Promise<void> {
    for (let next: (() => Promise<void>) | null = work; next !== null; next = this.#next()) {
      try {
        await next();
      } catch (error) {
        this.#options.err.write(
          error instanceof Cancelled ? 'Cancelled.\n' : errorText(error, this.#interpreter.width),
        );
      }
      if (this.#interpreter.ended) return this.#readline.close();
    }
    this.#working = false;
    if (!this.#closed) this.#prompt();
  }

  #next(): (() => Promise<void>) | null {
    for (let line = this.#waiting.shift(); line !== undefined; line = this.#waiting.shift()) {
      const work = this.#interpreter.take(line);
      if (work !== null) return work;
    }
    return null;
  }

  #prompt(): void {
    this.#readline.setPrompt(this.#interpreter.prompt);
    this.#readline.prompt(true);
  }

  /** Ends what runs and forgets what waits for it, or clears what was typed. */
  #interrupt(): void {
    if (this.#working) {
      this.#waiting.length = 0;
      this.#interpreter.cancel();
      return;
    }
    this.#interpreter.reset();
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
    this.#options.output.write('^C\n');
    this.#prompt();
  }

  async #remember(text: string): Promise<void> {
    const { history } = this.#options;
    await history.add(text);
    this.#offered.splice(0, this.#offered.length, ...history.entries);
  }

  #complete(line: string): [string[], string] {
    const { candidates, word } = /^\s*\\/.test(line) ? this.#completeCommand(line) : this.#completeSql(line);
    return [candidates, word];
  }

  #completeSql(line: string): Completion {
    const { pending, settings, views } = this.#interpreter;
    const typed = {
      before: pending === '' ? line : `${pending}\n${line}`,
      after: this.#readline.line.slice(this.#readline.cursor),
    };
    return completeSql(typed, { views, parameters: Object.keys(settings.parameters) });
  }

  #completeCommand(line: string): Completion {
    const [, name = '', space = '', argument = ''] = /^\s*\\(\S*)(\s*)(.*)$/.exec(line) ?? [];
    if (space === '') {
      const names = META_COMMANDS.map(({ names }) => `\\${names[0]}`);
      return { candidates: names.filter((one) => one.startsWith(`\\${name}`)), word: `\\${name}` };
    }
    const choices =
      META_COMMANDS.find(({ names }) => names.includes(name))?.choices?.(this.#interpreter) ?? [];
    return { candidates: choices.filter((one) => one.startsWith(argument)), word: argument };
  }

  /** The keyboard belongs to a pager for a while, and Ctrl-C too. */
  async #handOver(work: () => Promise<void>): Promise<void> {
    const { input } = this.#options;
    const ignore = () => undefined;
    this.#readline.pause();
    input.setRawMode?.(false);
    process.on('SIGINT', ignore);
    try {
      await work();
    } finally {
      process.off('SIGINT', ignore);
      input.setRawMode?.(true);
      this.#readline.resume();
    }
  }
}
