/**
 * Parses statements in a thread of its own, each for a limited time.
 *
 * A text that takes longer, or under which the thread dies, is judged by its tokens and flagged `parser_failed`; the thread is
 * replaced and goes on with the next one.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { type Reading, readWithoutParser } from './features.ts';
import type { Progress } from './parser-thread.ts';
import type { StatementText } from './statement-text.ts';

export interface ParserOptions {
  /** For one text, in milliseconds. */
  timeLimitMs?: number;
  /** Told of every text that the parser could not take, with the reason. */
  onFailure?: (reason: string, text: StatementText) => void;
}

export const DEFAULT_TIME_LIMIT_MS = 250;
/** Texts that are under way at a time. When one of them fails the others are parsed again. */
const BATCH = 64;
/** JavaScript heap of the thread: a text of 64 Ki characters needs less than a tenth. */
const MAX_HEAP_MB = 512;
const NANOSECONDS = 1_000_000;
const THREAD = new URL(`./parser-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

interface Thread {
  worker: Worker;
  progress: Progress;
}

/** Where a batch ended early. */
interface Failure {
  index: number;
  reason: string;
}

export class ParserHost {
  readonly #timeLimitMs: number;
  readonly #onFailure: NonNullable<ParserOptions['onFailure']>;
  #thread: Thread | null = null;
  #last: Promise<unknown> = Promise.resolve();

  private constructor({ timeLimitMs = DEFAULT_TIME_LIMIT_MS, onFailure = () => undefined }: ParserOptions) {
    this.#timeLimitMs = timeLimitMs;
    this.#onFailure = onFailure;
  }

  /** Resolves when the parser is loaded. An idle host does not keep the process alive. */
  static async start(options: ParserOptions = {}): Promise<ParserHost> {
    const host = new ParserHost(options);
    await host.#startThread();
    return host;
  }

  /** What is found in each text, in order. Never rejects for what is in them. */
  async read(texts: readonly StatementText[]): Promise<Reading[]> {
    const readings: Reading[] = [];
    for (let at = 0; at < texts.length; at += BATCH) {
      const turn = this.#last.then(() => this.#readBatch(texts.slice(at, at + BATCH)));
      this.#last = turn.catch(() => undefined);
      readings.push(...(await turn));
    }
    return readings;
  }

  /** Waits for what is under way, and ends the thread. */
  async close(): Promise<void> {
    await this.#last;
    await this.#dropThread();
  }

  async #readBatch(texts: readonly StatementText[]): Promise<Reading[]> {
    const answer = await this.#ask(texts);
    if (Array.isArray(answer)) return answer;
    await this.#dropThread();
    const culprit = texts[answer.index]!;
    this.#onFailure(answer.reason, culprit);
    // What comes before was parsed already, and is again: the thread took it along.
    const before = answer.index === 0 ? [] : await this.#readBatch(texts.slice(0, answer.index));
    const after =
      answer.index === texts.length - 1 ? [] : await this.#readBatch(texts.slice(answer.index + 1));
    return [...before, readWithoutParser(culprit), ...after];
  }

  async #ask(texts: readonly StatementText[]): Promise<Reading[] | Failure> {
    let thread: Thread;
    try {
      thread = this.#thread ?? (await this.#startThread());
    } catch (error) {
      return { index: 0, reason: messageOf(error) };
    }
    const { worker, progress } = thread;
    Atomics.store(progress, 1, 0n);
    const ending = new AbortController();
    try {
      worker.ref();
      worker.postMessage(texts);
      return await Promise.race([
        answerOf(worker, progress, ending.signal),
        this.#limit(progress, ending.signal),
      ]);
    } finally {
      ending.abort();
      worker.unref();
    }
  }

  /** Resolves when a text has been under way for too long. A thread that is between two texts has time. */
  async #limit(progress: Progress, signal: AbortSignal): Promise<Failure> {
    for (let left = this.#timeLimitMs; left > 0; ) {
      await sleep(left, undefined, { signal });
      const started = Atomics.load(progress, 0);
      const elapsed = started === 0n ? 0 : Number(process.hrtime.bigint() - started) / NANOSECONDS;
      left = this.#timeLimitMs - elapsed;
    }
    return failure(progress, `took longer than ${this.#timeLimitMs} ms to parse`);
  }

  async #startThread(): Promise<Thread> {
    const thread = await startThread();
    this.#thread = thread;
    // One that ends while it has nothing to do is missed at the next text, and harms nobody until then.
    thread.worker.on('error', () => undefined);
    thread.worker.once('exit', () => {
      if (this.#thread === thread) this.#thread = null;
    });
    return thread;
  }

  async #dropThread(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.worker.terminate();
  }
}

/** Resolves with what the thread answers, or with how it ended. */
function answerOf(worker: Worker, progress: Progress, signal: AbortSignal): Promise<Reading[] | Failure> {
  return Promise.race([
    once(worker, 'message', { signal }).then(([readings]) => readings as Reading[]),
    once(worker, 'exit', { signal }).then(([code]) =>
      failure(progress, `the thread ended with code ${code}`),
    ),
  ]).catch((error) => failure(progress, messageOf(error)));
}

function failure(progress: Progress, reason: string): Failure {
  return { index: Number(Atomics.load(progress, 1)), reason };
}

async function startThread(): Promise<Thread> {
  const progress: Progress = new BigInt64Array(new SharedArrayBuffer(16));
  const worker = new Worker(THREAD, {
    workerData: progress,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  // Rejects when the thread fails before it is ready.
  await once(worker, 'message');
  worker.unref();
  return { worker, progress };
}
