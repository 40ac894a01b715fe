/**
 * Answers questions about the catalogs in a process of its own: what clients write is neither parsed nor run beside the writer.
 *
 * One question at a time, with a time limit; a process that takes longer, or dies, is replaced. Answers are small, so they come
 * whole.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { PgvigilError } from '../../errors.ts';
import type { Answer, Description, QueryRequest } from '../../query/query-runner.ts';
import type { Column } from '../../query/result.ts';
import type { Cell } from '../../query/values.ts';
import type { CatalogRunner, CatalogSession, ViewInfo } from './catalog-runner.ts';

const CHILD = new URL(`./catalog-process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
/** From the start of the process to its first answer. */
const START_MS = 60_000;
const QUESTION_MS = 10_000;
/** Questions that wait. */
const MAX_WAITING = 100;
/** JavaScript heap of the process. */
const HEAP_MB = 256;

export type Question =
  | { kind: 'start'; views: readonly ViewInfo[] }
  | { kind: 'describe'; sql: string; session: CatalogSession }
  | { kind: 'run'; request: QueryRequest; session: CatalogSession };

export type Reply =
  | { kind: 'value'; value: null | Description | CatalogTable }
  | { kind: 'error'; code: 'QUERY_REFUSED' | 'QUERY_FAILED'; message: string; hint: string };

/** An answer with all its rows. */
export interface CatalogTable {
  columns: readonly Column[];
  rows: Cell[][];
  cut: 'rows' | 'bytes' | null;
}

export class CatalogHost implements CatalogRunner {
  readonly #views: readonly ViewInfo[];
  #child: ChildProcess | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isClosed = false;

  private constructor(views: readonly ViewInfo[]) {
    this.#views = views;
  }

  /** Resolves when the first process is ready. It does not keep this one alive. */
  static async start(views: readonly ViewInfo[]): Promise<CatalogHost> {
    const host = new CatalogHost(views);
    host.#child = await host.#started();
    return host;
  }

  async describe(sql: string, session: CatalogSession): Promise<Description | null> {
    return (await this.#ask({ kind: 'describe', sql, session })) as Description | null;
  }

  async run(request: QueryRequest, session: CatalogSession): Promise<Answer | null> {
    const table = (await this.#ask({ kind: 'run', request, session })) as CatalogTable | null;
    return table === null ? null : { ...table, rows: from(table.rows), close: () => undefined };
  }

  close(): void {
    this.#isClosed = true;
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  async #ask(question: Question): Promise<unknown> {
    if (this.#waiting >= MAX_WAITING) throw failed('too many questions about the catalogs wait');
    this.#waiting += 1;
    const turn = this.#last.then(() => this.#answer(question));
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #answer(question: Question): Promise<unknown> {
    if (this.#isClosed) throw failed('the server is stopping');
    const child = this.#child ?? (await this.#started());
    this.#child = child;
    const reply = await replyOf(child, question, QUESTION_MS);
    if (reply === null) {
      child.kill('SIGKILL');
      this.#child = null;
      throw failed(`the question took longer than ${QUESTION_MS / 1000} s, or ended its process`);
    }
    if (reply.kind === 'error') throw new PgvigilError(reply.code, reply.message, reply.hint);
    return reply.value;
  }

  async #started(): Promise<ChildProcess> {
    const child = fork(CHILD, {
      env: {},
      execArgv: [...imports(process.execArgv), `--max-old-space-size=${HEAP_MB}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    child.on('error', () => undefined);
    child.unref();
    child.channel?.unref();
    const reply = await replyOf(child, { kind: 'start', views: this.#views }, START_MS);
    if (reply?.kind === 'value' && !this.#isClosed) return child;
    child.kill('SIGKILL');
    throw failed(
      reply?.kind === 'error' ? reply.message : 'the process that answers about catalogs did not start',
    );
  }
}

/** What loads TypeScript here has to load it there too. */
function imports(options: readonly string[]): string[] {
  return options.flatMap((option, index) =>
    option === '--import' ? [option, options[index + 1]!] : option.startsWith('--import=') ? [option] : [],
  );
}

/** Null when the child ends or takes too long. */
function replyOf(child: ChildProcess, question: Question, limitMs: number): Promise<Reply | null> {
  return new Promise((resolve) => {
    const finish = (reply: Reply | null) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(reply);
    };
    const onMessage = (reply: unknown) => finish(reply as Reply);
    const onExit = () => finish(null);
    const timer = setTimeout(onExit, limitMs);
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send(question, (error) => {
      if (error) finish(null);
    });
  });
}

async function* from<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function failed(message: string): PgvigilError {
  return new PgvigilError('QUERY_FAILED', message, 'Try again.');
}
