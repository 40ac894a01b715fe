/** Reads a data folder, whether a worker writes it or not, and never writes. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { PgvigilError } from '../errors.ts';
import { openForReading } from '../store/database.ts';
import { findWorker, requestSnapshot } from './control-client.ts';
import { DEFAULT_TIMEOUT_MS } from './query-runner.ts';
import { type QueryParameters, type QueryResult, run } from './result.ts';
import { removeSnapshot } from './sandbox/states.ts';

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

export class Reader {
  readonly #instance: DuckDBInstance;
  readonly #snapshot: string | null;
  readonly #open = new Set<QueryResult>();
  readonly #starting = new Set<DuckDBConnection>();
  #closed = false;

  /** @param snapshot file to delete on closing; null when the database itself is open */
  constructor(instance: DuckDBInstance, snapshot: string | null) {
    this.#instance = instance;
    this.#snapshot = snapshot;
  }

  /** Runs SQL of pgvigil itself, over all tables. What somebody typed runs in a sandbox instead. */
  async trusted(sql: string, parameters?: QueryParameters): Promise<QueryResult> {
    const connection = await this.#instance.connect();
    let result: QueryResult | undefined;
    this.#starting.add(connection);
    try {
      result = await run(connection, sql, {
        parameters,
        limitRows: 0,
        timeoutMs: DEFAULT_TIMEOUT_MS,
        onEnd: () => {
          if (result !== undefined) this.#open.delete(result);
        },
      });
    } finally {
      this.#starting.delete(connection);
    }
    this.#open.add(result);
    if (this.#closed) result.close();
    return result;
  }

  /** A connection for work that takes long. The caller closes it, before he closes the reader. */
  async connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /** Ends what runs and deletes the copy of the database. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#starting) connection.interrupt();
    for (const result of this.#open) result.close();
    this.#instance.closeSync();
    if (this.#snapshot !== null) await removeSnapshot(this.#snapshot);
  }
}
