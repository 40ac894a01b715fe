/** One running query: its columns, and its rows as they are asked for. */
import { type DuckDBConnection, type DuckDBResult, type DuckDBValue, StatementType } from '@duckdb/node-api';
import { messageOf, PgvigilError } from '../errors.ts';
import { type Cell, cellOf } from './values.ts';

export type QueryParameters = DuckDBValue[] | Record<string, DuckDBValue>;

/** How long DuckDB may take to notice an interrupt; inside one function call it notices nothing. */
const GRACE_MS = 2_000;

export interface Column {
  name: string;
  /** DuckDB's name of the type, e.g. `VARCHAR[]`. */
  type: string;
}

/** A result as far as printing goes. */
export interface Rows {
  columns: readonly Column[];
  rows: AsyncIterable<Cell[]>;
}

export interface RunOptions {
  parameters: QueryParameters | undefined;
  /** 0: all. */
  limitRows: number;
  /** Of DuckDB's work, without what the consumer of the rows takes. */
  timeoutMs: number;
  /** Told once when the statement has ended; `stuck`: DuckDB still works on it and cannot be stopped. */
  onEnd: (stuck: boolean) => void;
}

export class QueryResult {
  readonly columns: readonly Column[];
  readonly #execution: Execution;
  readonly #result: DuckDBResult;
  readonly #limitRows: number;
  #cut = false;

  constructor(execution: Execution, result: DuckDBResult, limitRows: number) {
    const names = result.columnNames();
    this.columns = result
      .columnTypes()
      .map((type, index) => ({ name: names[index]!, type: type.toString() }));
    this.#execution = execution;
    this.#result = result;
    this.#limitRows = limitRows;
  }

  /** Rows were left out because of the limit; known once the rows were read. */
  get cut(): boolean {
    return this.#cut;
  }

  /**
   * The rows, to be read once. Nothing is fetched ahead of the reader. Leaving the loop closes the query.
   *
   * @throws PgvigilError QUERY_FAILED
   */
  readonly rows: AsyncIterable<Cell[]> = { [Symbol.asyncIterator]: () => this.#read() };

  async *#read(): AsyncGenerator<Cell[]> {
    try {
      let count = 0;
      for (;;) {
        const chunk = await this.#execution.step(() => this.#result.fetchChunk());
        if (chunk === null || chunk.rowCount === 0) return;
        for (const row of chunk.getRows()) {
          if (this.#limitRows > 0 && count >= this.#limitRows) {
            this.#cut = true;
            return;
          }
          count++;
          yield row.map(cellOf);
        }
      }
    } finally {
      this.close();
    }
  }

  /** Ends the query, read to its end or not. */
  close(): void {
    this.#execution.close();
  }
}

/**
 * Starts one statement on a connection, which is closed with it.
 *
 * @throws PgvigilError QUERY_FAILED, QUERY_REFUSED when it is not exactly one statement that reads
 */
export async function run(
  connection: DuckDBConnection,
  sql: string,
  options: RunOptions,
): Promise<QueryResult> {
  const execution = new Execution(connection, options.timeoutMs, options.onEnd);
  try {
    const result = await execution.step(() => start(connection, sql, options.parameters));
    return new QueryResult(execution, result, options.limitRows);
  } catch (error) {
    execution.close();
    throw error;
  }
}

async function start(
  connection: DuckDBConnection,
  sql: string,
  parameters: QueryParameters | undefined,
): Promise<DuckDBResult> {
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) throw notAQuery();
  const statement = await statements.prepare(0);
  try {
    if (statement.statementType !== StatementType.SELECT) throw notAQuery();
    if (parameters !== undefined) statement.bind(parameters);
    return await statement.stream();
  } finally {
    statement.destroySync();
  }
}

function notAQuery(): PgvigilError {
  return new PgvigilError('QUERY_REFUSED', 'exactly one query that reads is expected', 'Write one SELECT.');
}

/** DuckDB's work for one statement, within a time limit. */
class Execution {
  readonly #connection: DuckDBConnection;
  readonly #timeoutMs: number;
  readonly #onEnd: (stuck: boolean) => void;
  #usedMs = 0;
  #state: 'idle' | 'busy' | 'stuck' | 'closed' = 'idle';

  constructor(connection: DuckDBConnection, timeoutMs: number, onEnd: (stuck: boolean) => void) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#onEnd = onEnd;
  }

  /** Runs a part of the work; interrupts it when the limit is reached, and gives up when that does not help. */
  async step<T>(work: () => Promise<T>): Promise<T> {
    if (this.#state !== 'idle')
      throw new PgvigilError('QUERY_FAILED', 'the query is closed', 'Run it again.');
    this.#state = 'busy';
    const started = performance.now();
    let timer: NodeJS.Timeout | undefined;
    let timedOut = false;
    const limit = new Promise<never>((_, reject) => {
      const giveUp = () => {
        this.#state = 'stuck';
        reject(this.#tooSlow());
      };
      const interrupt = () => {
        timedOut = true;
        this.#connection.interrupt();
        timer = setTimeout(giveUp, GRACE_MS);
      };
      timer = setTimeout(interrupt, Math.max(1, this.#timeoutMs - this.#usedMs));
    });
    try {
      const done = await Promise.race([work(), limit]);
      // A stream that was interrupted ends as one that is whole.
      if (timedOut) throw this.#tooSlow();
      return done;
    } catch (error) {
      throw timedOut ? this.#tooSlow() : failure(error);
    } finally {
      clearTimeout(timer);
      this.#usedMs += performance.now() - started;
      if (this.#state === 'busy') this.#state = 'idle';
    }
  }

  close(): void {
    if (this.#state === 'closed') return;
    const stuck = this.#state === 'stuck';
    if (this.#state === 'busy') this.#connection.interrupt();
    this.#state = 'closed';
    this.#connection.closeSync();
    this.#onEnd(stuck);
  }

  #tooSlow(): PgvigilError {
    return new PgvigilError(
      'QUERY_FAILED',
      `the query took longer than ${this.#timeoutMs / 1000} s and was stopped`,
      'Narrow it, for example with WHERE event_time > now() - INTERVAL 1 DAY.',
    );
  }
}

function failure(error: unknown): PgvigilError {
  if (error instanceof PgvigilError) return error;
  return new PgvigilError(
    'QUERY_FAILED',
    messageOf(error),
    '`DESCRIBE activity` shows the columns of a view and `SHOW TABLES` all views.',
    error,
  );
}
