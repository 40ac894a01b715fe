/** Reads a data folder, whether a worker writes it or not, and never writes. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { PgvigilError } from '../errors.ts';
import { openForReading } from '../store/database.ts';
import { findWorker, requestSnapshot } from './control-client.ts';
import { vet } from './guard.ts';
import { type QueryParameters, type QueryResult, run } from './result.ts';
import { removeSnapshot } from './sandbox/states.ts';

/** Limits of ad-hoc SQL where the caller names none. */
export const DEFAULT_LIMIT_ROWS = 10_000;
export const DEFAULT_TIMEOUT_MS = 60_000;

export interface QueryOptions {
  parameters?: QueryParameters;
  /** Rows at most; 0: all. */
  limitRows?: number;
  /** Milliseconds of DuckDB's work, without what the consumer of the rows takes. */
  timeoutMs?: number;
}

/**
 * Opens the database of a data folder read-only: a fresh copy from the running worker, or the file itself.
 *
 * @throws PgvigilError DATA_MISSING, DATA_LOCKED, DATA_TOO_NEW, DATA_DAMAGED, WORKER_UNREACHABLE
 */
export async function openReader(dataDir: string): Promise<Reader> {
  const worker = await findWorker(dataDir);
  if (worker === null) return new Reader(await openForReading(dataDir), null);
  let snapshot: string;
  try {
    snapshot = await requestSnapshot(dataDir, worker);
  } catch (unreachable) {
    return new Reader(await openUnlessHeld(dataDir, unreachable), null);
  }
  try {
    return new Reader(await openForReading(dataDir, snapshot), snapshot);
  } catch (error) {
    await removeSnapshot(snapshot);
    throw error;
  }
}

/** A `worker.json` may outlive its worker, and its pid belong to another process by now: then nobody holds the file. */
async function openUnlessHeld(dataDir: string, unreachable: unknown): Promise<DuckDBInstance> {
  try {
    return await openForReading(dataDir);
  } catch (error) {
    throw error instanceof PgvigilError && error.code === 'DATA_LOCKED' ? unreachable : error;
  }
}

type Check = (connection: DuckDBConnection, sql: string) => Promise<void>;

export class Reader {
  readonly #instance: DuckDBInstance;
  readonly #snapshot: string | null;
  readonly #open = new Set<QueryResult>();
  readonly #starting = new Set<DuckDBConnection>();
  #stuck = false;
  #closed = false;

  /** @param snapshot file to delete on closing; null when the database itself is open */
  constructor(instance: DuckDBInstance, snapshot: string | null) {
    this.#instance = instance;
    this.#snapshot = snapshot;
  }

  /**
   * Runs SQL that somebody typed: one query over the public views.
   *
   * @throws PgvigilError QUERY_REFUSED, QUERY_FAILED; the rows may throw QUERY_FAILED too
   */
  async query(sql: string, options: QueryOptions = {}): Promise<QueryResult> {
    return this.#start(sql, options, vet);
  }

  /** Runs SQL of pgvigil itself, over all tables and without a row limit. */
  async trusted(sql: string, parameters?: QueryParameters): Promise<QueryResult> {
    const unchecked = async () => undefined;
    return this.#start(sql, { limitRows: 0, ...(parameters && { parameters }) }, unchecked);
  }

  /** A connection for work that takes long. The caller closes it, before he closes the reader. */
  async connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /**
   * A statement runs on that DuckDB could not stop, inside one call of a function. Node waits for it at exit, even
   * in `process.exit`: a command that does not want to must end itself by a signal.
   */
  get stuck(): boolean {
    return this.#stuck;
  }

  /** Ends what runs and deletes the copy of the database. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#starting) connection.interrupt();
    for (const result of this.#open) result.close();
    this.#instance.closeSync();
    if (this.#snapshot !== null) await removeSnapshot(this.#snapshot);
  }

  async #start(sql: string, options: QueryOptions, check: Check): Promise<QueryResult> {
    const connection = await this.#instance.connect();
    let result: QueryResult | undefined;
    this.#starting.add(connection);
    try {
      await checked(connection, sql, check);
      result = await run(connection, sql, {
        parameters: options.parameters,
        limitRows: options.limitRows ?? DEFAULT_LIMIT_ROWS,
        timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        onEnd: (stuck) => {
          if (result !== undefined) this.#open.delete(result);
          this.#stuck ||= stuck;
        },
      });
    } finally {
      this.#starting.delete(connection);
    }
    this.#open.add(result);
    if (this.#closed) result.close();
    return result;
  }
}

async function checked(connection: DuckDBConnection, sql: string, check: Check): Promise<void> {
  try {
    await check(connection, sql);
  } catch (error) {
    connection.closeSync();
    throw error;
  }
}
