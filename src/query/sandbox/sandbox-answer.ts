/** The rows of a query that runs in a sandbox, asked for batch by batch. */
import { PgvigilError } from '../../errors.ts';
import type { Answer } from '../query-runner.ts';
import type { Column } from '../result.ts';
import type { Cell } from '../values.ts';
import { doneShape, rowsShape } from './protocol.ts';
import type { SandboxProcess } from './sandbox-process.ts';

/** After DuckDB was interrupted, until the process is killed. */
export const END_MS = 5_000;

export class SandboxAnswer implements Answer {
  readonly columns: readonly Column[];
  readonly #process: SandboxProcess;
  readonly #patienceMs: number;
  readonly #release: () => void;
  #cut: 'rows' | 'bytes' | null = null;
  /** What whoever reads on after the end is told. */
  #why = new PgvigilError('QUERY_FAILED', 'the query is closed', 'Run it again.');
  /** Since when nobody has asked for rows; null: somebody waits for some. */
  #restsSince: number | null = performance.now();
  #state: 'open' | 'ended' | 'closed' = 'open';

  /** @param release told once when the process is free again */
  constructor(columns: readonly Column[], process: SandboxProcess, patienceMs: number, release: () => void) {
    this.columns = columns;
    this.#process = process;
    this.#patienceMs = patienceMs;
    this.#release = release;
  }

  get cut(): 'rows' | 'bytes' | null {
    return this.#cut;
  }

  /** Milliseconds for which nobody has asked for rows. */
  get restsMs(): number {
    return this.#restsSince === null ? 0 : performance.now() - this.#restsSince;
  }

  readonly rows: AsyncIterable<Cell[]> = { [Symbol.asyncIterator]: () => this.#read() };

  async *#read(): AsyncGenerator<Cell[]> {
    try {
      while (this.#state === 'open') {
        this.#restsSince = null;
        const { rows, end } = await this.#process.ask({ do: 'next' }, rowsShape, this.#patienceMs);
        if (end !== undefined) {
          this.#cut = end === 'whole' ? null : end;
          this.#finish();
        }
        for (const row of rows) {
          this.#restsSince = performance.now();
          yield row;
        }
      }
      if (this.#state === 'closed') throw this.#why;
    } catch (error) {
      if (this.#state === 'open') this.#finish(); // the child has ended it
      throw error;
    } finally {
      this.close();
    }
  }

  /** Ends the query; whoever reads its rows is told. */
  cancel(why = cancelled()): void {
    this.#why = why;
    this.close();
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    this.#process
      .ask({ do: 'end' }, doneShape, END_MS)
      .catch(() => undefined) // it did not hear, and was killed
      .finally(() => this.#release());
  }

  #finish(): void {
    this.#state = 'ended';
    this.#release();
  }
}

export function cancelled(): PgvigilError {
  return new PgvigilError('QUERY_FAILED', 'the query was cancelled', 'Run it again.');
}
