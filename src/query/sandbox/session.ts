/** The child's side: one database, one query at a time. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { messageOf, PgvigilError } from '../../errors.ts';
import { openForReading } from '../../store/database.ts';
import { describe } from '../describe.ts';
import { allowedFunctions, publicViews, vet } from '../guard.ts';
import { type QueryResult, run } from '../result.ts';
import type { Cell } from '../values.ts';
import { MAX_ROW_BYTES, type Request } from './protocol.ts';

/** Rows and bytes that one answer holds, about. */
const BATCH_ROWS = 1_000;
const BATCH_BYTES = 256 * 1024;
const AGAIN_MS = 20;

type Run = Extract<Request, { do: 'run' }>;

/** The query that runs. */
interface Running {
  result: QueryResult;
  rows: AsyncIterator<Cell[]>;
  limitBytes: number;
  bytes: number;
}

export class Session {
  readonly #memoryMb: number;
  #instance: DuckDBInstance | null = null;
  /** Of that database. */
  #views: readonly string[] = [];
  /** Of a query that is being prepared: what can be interrupted. */
  #starting: DuckDBConnection | null = null;
  #running: Running | null = null;
  #stuck = false;
  #interrupting: NodeJS.Timeout | undefined;

  /** @param memoryMb what DuckDB may use */
  constructor(memoryMb: number) {
    this.#memoryMb = memoryMb;
  }

  /** The answer to a request, as JSON text. Never rejects. */
  async answer(request: Request): Promise<string> {
    try {
      return await this.#do(request);
    } catch (error) {
      await this.#end();
      const shown = this.#interrupting === undefined ? error : failed('the query was cancelled');
      return JSON.stringify({ error: errorOf(shown), last: this.#stuck });
    }
  }

  /** DuckDB works on and cannot be stopped, inside one call of a function: only the end of the process ends that. */
  get stuck(): boolean {
    return this.#stuck;
  }

  /** Ends what runs, also in the midst of it; until the request `end` has its turn. */
  interrupt(): void {
    const once = () => {
      this.#starting?.interrupt();
      this.#running?.result.close();
    };
    once();
    // DuckDB forgets an interrupt that comes before it has begun.
    this.#interrupting ??= setInterval(once, AGAIN_MS);
  }

  async #do(request: Request): Promise<string> {
    switch (request.do) {
      case 'open':
        await this.#leave();
        this.#instance = await openForReading(request.dataDir, request.path, this.#memoryMb);
        await this.#readViews(this.#instance);
        return DONE;
      case 'describe':
        return this.#describe(request.sql);
      case 'run':
        return this.#run(request);
      case 'next':
        return this.#next();
      case 'end':
        clearInterval(this.#interrupting);
        this.#interrupting = undefined;
        await this.#end();
        return DONE;
      case 'leave':
        await this.#leave();
        return DONE;
    }
  }

  async #readViews(instance: DuckDBInstance): Promise<void> {
    const connection = await instance.connect();
    try {
      this.#views = await publicViews(connection);
    } finally {
      connection.closeSync();
    }
  }

  async #describe(sql: string): Promise<string> {
    const connection = await this.#vetted(sql);
    try {
      return JSON.stringify(await describe(connection, sql));
    } finally {
      connection.closeSync();
    }
  }

  async #run({ sql, parameters, limitRows, limitBytes, timeoutMs }: Run): Promise<string> {
    await this.#end();
    const connection = await this.#vetted(sql);
    this.#starting = connection;
    try {
      const result = await run(connection, sql, {
        parameters: parameters as never,
        limitRows,
        timeoutMs,
        onEnd: (stuck) => {
          this.#stuck ||= stuck;
        },
      });
      this.#running = { result, rows: result.rows[Symbol.asyncIterator](), limitBytes, bytes: 0 };
      return JSON.stringify({ columns: result.columns });
    } finally {
      this.#starting = null;
    }
  }

  /** A connection, once the text was found to be one query over the views. */
  async #vetted(sql: string): Promise<DuckDBConnection> {
    if (this.#instance === null) throw failed('no database is open');
    const connection = await this.#instance.connect();
    this.#starting = connection;
    try {
      await vet(connection, sql, allowedFunctions(), this.#views);
      return connection;
    } catch (error) {
      connection.closeSync();
      throw error;
    } finally {
      this.#starting = null;
    }
  }

  async #next(): Promise<string> {
    const running = this.#running;
    if (running === null) throw failed('no query runs');
    const rows: string[] = [];
    let batch = 0;
    while (rows.length < BATCH_ROWS && batch < BATCH_BYTES) {
      const next = await running.rows.next();
      if (next.done === true) return this.#last(rows, running.result.cut ? 'rows' : 'whole');
      const row = JSON.stringify(next.value);
      const bytes = Buffer.byteLength(row);
      if (running.limitBytes > 0 && running.bytes + bytes > running.limitBytes)
        return this.#last(rows, 'bytes');
      if (bytes > MAX_ROW_BYTES) throw failed(`a row is larger than ${MAX_ROW_BYTES >> 20} MB`);
      running.bytes += bytes;
      batch += bytes;
      rows.push(row);
    }
    return `{"rows":[${rows.join(',')}]}`;
  }

  async #last(rows: readonly string[], end: string): Promise<string> {
    await this.#end();
    return `{"rows":[${rows.join(',')}],"end":"${end}"}`;
  }

  async #end(): Promise<void> {
    this.#running?.result.close();
    this.#running = null;
  }

  async #leave(): Promise<void> {
    await this.#end();
    this.#instance?.closeSync();
    this.#instance = null;
  }
}

const DONE = '{"done":true}';

function failed(error: unknown): PgvigilError {
  return new PgvigilError('QUERY_FAILED', messageOf(error), '`SHOW TABLES` lists the views.', error);
}

function errorOf(error: unknown): { code: string; message: string; hint: string } {
  if (error instanceof PgvigilError) return { code: error.code, message: error.message, hint: error.hint };
  return {
    code: 'INTERNAL',
    message: messageOf(error),
    hint: 'This is a defect of pgvigil. Please report it.',
  };
}
