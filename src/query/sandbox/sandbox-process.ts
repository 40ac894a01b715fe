/** The parent's side of one child: asks it, and kills it when it does not answer in time. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { PgvigilError } from '../../errors.ts';
import { linesOf } from './lines.ts';
import { failureShape, MAX_LINE_BYTES, type Request } from './protocol.ts';

const SCRIPT = fileURLToPath(
  new URL(`./child.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);
/** JavaScript's heap: rows are turned into JSON a batch at a time. */
const HEAP_MB = 384;

/** How the sources' own loader of TypeScript is passed on; an installed pgvigil has none. */
function loaderOptions(): string[] {
  return process.execArgv.flatMap((option, index, all) => {
    if (/^--import=/.test(option)) return [option];
    return option === '--import' ? [option, all[index + 1]!] : [];
  });
}

interface Waiting {
  resolve(line: string): void;
  reject(error: Error): void;
}

export class SandboxProcess {
  readonly #child: ChildProcess;
  readonly #waiting: Waiting[] = [];
  #ended: PgvigilError | null = null;
  #killed: string | null = null;

  /** @param memoryMb what DuckDB may use there; the process takes up to 512 MB more */
  constructor(memoryMb: number) {
    this.#child = spawn(
      process.execPath,
      [...loaderOptions(), `--max-old-space-size=${HEAP_MB}`, SCRIPT, String(memoryMb)],
      { stdio: ['pipe', 'ignore', 'ignore', 'pipe'], env: { TZ: 'UTC' } },
    );
    this.#child.unref();
    this.#child.on('error', () => this.#end());
    this.#child.on('exit', () => this.#end());
    this.#child.stdin!.on('error', () => undefined); // it has ended: `exit` says so
    (this.#child.stdin as unknown as { unref?(): void }).unref?.();
    (this.#answers as unknown as { unref?(): void }).unref?.();
    void this.#listen();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** It has ended, or will in a moment. */
  get isGone(): boolean {
    return this.#ended !== null || this.#killed !== null;
  }

  get #answers(): Readable {
    return this.#child.stdio[3] as Readable;
  }

  /**
   * @param withinMs milliseconds after which the child is killed
   * @throws PgvigilError what the child says, or QUERY_FAILED when it died or did not answer in time
   */
  async ask<T>(request: Request, answer: z.ZodType<T>, withinMs: number): Promise<T> {
    if (this.#ended !== null) throw this.#ended;
    const line = await this.#send(request, withinMs);
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = null;
    }
    const failure = failureShape.safeParse(value);
    if (failure.success) {
      const { code, message, hint } = failure.data.error;
      if (failure.data.last === true) this.kill(message);
      throw new PgvigilError(code, message, hint);
    }
    const parsed = answer.safeParse(value);
    if (parsed.success) return parsed.data;
    this.kill('it answered with something else than was asked for');
    throw failed('the query process answered with something else than was asked for');
  }

  /** Ends the process at once. @param why what the requests under way are told */
  kill(why: string): void {
    this.#killed ??= why;
    this.#child.kill('SIGKILL');
  }

  async #send(request: Request, withinMs: number): Promise<string> {
    const timer = setTimeout(() => this.kill('it did not answer in time'), withinMs);
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#waiting.push({ resolve, reject });
        (this.#child.stdin as Writable).write(`${JSON.stringify(request)}\n`);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async #listen(): Promise<void> {
    try {
      for await (const line of linesOf(this.#answers, MAX_LINE_BYTES)) {
        const next = this.#waiting.shift();
        if (next === undefined) return this.kill('it spoke without being asked');
        next.resolve(line);
      }
    } catch {
      this.kill('its answer was too long');
    }
  }

  #end(): void {
    this.#ended ??= failed(
      `the query was stopped: ${this.#killed ?? 'its process ended, most likely for lack of memory'}`,
    );
    // Answers that have been written are read first.
    setImmediate(() => {
      for (const { reject } of this.#waiting.splice(0)) reject(this.#ended!);
    });
  }
}

function failed(message: string): PgvigilError {
  return new PgvigilError(
    'QUERY_FAILED',
    message,
    'Narrow it, for example with WHERE event_time > now() - INTERVAL 1 DAY.',
  );
}
