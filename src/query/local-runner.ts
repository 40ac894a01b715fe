/** Answers questions in this process, each from a state of its own. */
import { PgvigilError } from '../errors.ts';
import { readViews } from './catalog.ts';
import type { Answer, QueryRequest } from './query-runner.ts';
import type { QuerySession, View } from './query-session.ts';
import { openReader, type Reader } from './reader.ts';
import type { Column, QueryParameters, QueryResult } from './result.ts';
import type { Cell } from './values.ts';

/** Time to print the error before a process ends itself. */
const REPORT_MS = 200;

/** Questions about a data folder, beside a running worker or without one. */
export function openSession(dataDir: string): QuerySession {
  return new LocalSession(dataDir);
}

class LocalSession implements QuerySession {
  readonly #dataDir: string;
  readonly #ends = new Set<() => Promise<void>>();
  #stuck = false;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async views(): Promise<readonly View[]> {
    const { reader, end } = await this.#open();
    try {
      return await readViews(reader);
    } finally {
      await end();
    }
  }

  async run(request: QueryRequest, signal?: AbortSignal): Promise<Answer> {
    const { reader, end } = await this.#open();
    const cancel = () => void end();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      signal?.throwIfAborted();
      const result = await reader.query(request.sql, {
        ...(request.parameters && { parameters: request.parameters as QueryParameters }),
        limitRows: request.limitRows,
        timeoutMs: request.timeoutMs,
      });
      return new LocalAnswer(result, request.limitBytes, signal, end);
    } catch (error) {
      await end();
      throw signal?.aborted ? cancelled() : error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#ends].map((end) => end()));
    // Inside one call of a function DuckDB hears no interrupt, and Node would wait for it at exit.
    if (this.#stuck) setTimeout(() => process.kill(process.pid, 'SIGKILL'), REPORT_MS);
  }

  /** A reader, and what closes it once, however often it is asked to. */
  async #open(): Promise<{ reader: Reader; end: () => Promise<void> }> {
    const reader = await openReader(this.#dataDir);
    let ending: Promise<void> | undefined;
    const end = () => {
      ending ??= reader.close().then(() => {
        this.#stuck ||= reader.stuck;
        this.#ends.delete(end);
      });
      return ending;
    };
    this.#ends.add(end);
    return { reader, end };
  }
}

class LocalAnswer implements Answer {
  readonly columns: readonly Column[];
  readonly rows: AsyncIterable<Cell[]>;
  readonly #result: QueryResult;
  readonly #end: () => Promise<void>;
  #full = false;

  constructor(
    result: QueryResult,
    limitBytes: number,
    signal: AbortSignal | undefined,
    end: () => Promise<void>,
  ) {
    this.columns = result.columns;
    this.rows = { [Symbol.asyncIterator]: () => this.#read(limitBytes, signal) };
    this.#result = result;
    this.#end = end;
  }

  get cut(): Answer['cut'] {
    if (this.#full) return 'bytes';
    return this.#result.cut ? 'rows' : null;
  }

  close(): void {
    void this.#end();
  }

  async *#read(limitBytes: number, signal: AbortSignal | undefined): AsyncGenerator<Cell[]> {
    let bytes = 0;
    try {
      for await (const row of this.#result.rows) {
        if (limitBytes > 0) bytes += Buffer.byteLength(JSON.stringify(row));
        this.#full = bytes > limitBytes;
        if (this.#full) return;
        yield row;
      }
    } catch (error) {
      throw signal?.aborted ? cancelled() : error;
    } finally {
      await this.#end();
    }
  }
}

function cancelled(): PgvigilError {
  return new PgvigilError('QUERY_FAILED', 'the query was cancelled', 'Run it again.');
}
