/**
 * The store of a data folder: the only room that writes DuckDB.
 *
 * All writes go through `transaction`, one at a time on one connection. Reads run beside them on a connection
 * of their own and see the last commit.
 */
import { closeSync, openSync } from 'node:fs';
import {
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { PgvigilError } from '../errors.ts';
import { databasePath, openForWriting } from './database.ts';
import { migrate } from './migrations.ts';
import { Mutex } from './mutex.ts';

export type Row = Record<string, unknown>;
export type Parameters = Record<string, DuckDBValue>;

/** DuckDB's vector size: the largest chunk an appender takes. */
const CHUNK_ROWS = 2048;

/**
 * DuckDB answers the COMMIT of a transaction that has failed by rolling back, without an error; any other
 * statement tells. Both at once, so that nothing can come between.
 */
const COMMIT = 'SELECT 1; COMMIT';

/** What a piece of work may do inside one transaction. */
export class Transaction {
  readonly #connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** Rows of a query, values as DuckDB's JavaScript forms (bigint, string, boolean, list values). */
  async rows<T extends Row>(sql: string, parameters?: Parameters): Promise<T[]> {
    return readRows<T>(this.#connection, sql, parameters);
  }

  async run(sql: string, parameters?: Parameters): Promise<void> {
    await this.#connection.run(sql, parameters);
  }

  /** Appends rows to a table of the schema `store`; each row holds a value for every column, in order. */
  async append(table: string, rows: readonly (readonly DuckDBValue[])[]): Promise<void> {
    if (rows.length === 0) return;
    const appender = await this.#connection.createAppender(table, 'store');
    try {
      const types: DuckDBType[] = [];
      for (let column = 0; column < appender.columnCount; column++) types.push(appender.columnType(column));
      for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
        const chunk = DuckDBDataChunk.create(types);
        chunk.setRows(rows.slice(start, start + CHUNK_ROWS));
        appender.appendDataChunk(chunk);
      }
      appender.flushSync();
    } catch (error) {
      // What it still holds it would write when it is collected: into whatever transaction is open by then.
      appender.clear();
      throw error;
    } finally {
      appender.closeSync();
    }
  }
}

async function readRows<T extends Row>(
  connection: DuckDBConnection,
  sql: string,
  parameters?: Parameters,
): Promise<T[]> {
  // Not streamed: the next query on the same connection would cut a stream short without an error.
  const reader = await connection.runAndReadAll(sql, parameters);
  return reader.getRowObjectsJS() as unknown as T[];
}

export interface StoreEvents {
  /** A write-ahead log could not be replayed and was moved to `path`; reading resumes from the last checkpoint. */
  walRecovered?(path: string): void;
}

/** What a store consists of on disk. */
export interface StoreFiles {
  /** Of the database file. Not to be closed. */
  descriptor: number;
  /** Path of the write-ahead log; there is no such file when it is empty. */
  log: string;
}

export class Store {
  readonly dataDir: string;
  readonly #instance: DuckDBInstance;
  readonly #writer: DuckDBConnection;
  readonly #reader: DuckDBConnection;
  /**
   * Own descriptor of the database file, for snapshots. POSIX drops all locks that a process holds on a file as
   * soon as it closes any descriptor of it, so this one is closed after DuckDB's and no other is ever opened.
   */
  readonly #descriptor: number;
  readonly #mutex = new Mutex();
  /** Reads under way: closing a connection under one of them would end the process. */
  readonly #reading = new Set<Promise<unknown>>();
  readonly #beforeClose: (() => Promise<void>)[] = [];
  #commits = 0;
  #closed = false;

  private constructor(
    dataDir: string,
    instance: DuckDBInstance,
    writer: DuckDBConnection,
    reader: DuckDBConnection,
  ) {
    this.dataDir = dataDir;
    this.#instance = instance;
    this.#writer = writer;
    this.#reader = reader;
    this.#descriptor = openSync(databasePath(dataDir), 'r');
  }

  /**
   * Opens the data folder for writing, creating what is missing.
   *
   * @throws PgvigilError DATA_LOCKED, DATA_TOO_NEW, DATA_DAMAGED, STORE_WRITE
   */
  static async open(dataDir: string, events: StoreEvents = {}, now: () => number = Date.now): Promise<Store> {
    const { instance, damagedWal } = await openForWriting(dataDir, now);
    const writer = await instance.connect();
    try {
      await migrate(writer);
    } catch (error) {
      writer.closeSync();
      instance.closeSync();
      throw error;
    }
    if (damagedWal !== null) events.walRecovered?.(damagedWal);
    return new Store(dataDir, instance, writer, await instance.connect());
  }

  /** Number of commits since opening: tells whether anything changed. */
  get commits(): number {
    return this.#commits;
  }

  /** Rows of a query over the last committed state. */
  async rows<T extends Row>(sql: string, parameters?: Parameters): Promise<T[]> {
    this.#mustBeOpen();
    const reading = readRows<T>(this.#reader, sql, parameters);
    this.#reading.add(reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(reading);
    }
  }

  /** A further connection for long reads (detectors); the caller closes it. */
  async connect(): Promise<DuckDBConnection> {
    this.#mustBeOpen();
    return this.#instance.connect();
  }

  /** Runs `work` when the store is about to close: whoever keeps a connection lets it go. */
  beforeClose(work: () => Promise<void>): void {
    this.#beforeClose.push(work);
  }

  /** Runs `work` in one transaction; all of it is stored, or nothing. */
  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#mutex.run(async () => {
      this.#mustBeOpen();
      await this.#writer.run('BEGIN');
      let result: T;
      try {
        result = await work(new Transaction(this.#writer));
        await this.#writer.run(COMMIT);
      } catch (error) {
        await this.#writer.run('ROLLBACK').catch(() => undefined); // a failed COMMIT has rolled back already
        throw error;
      }
      this.#commits++;
      return result;
    });
  }

  /**
   * Runs `work` while nothing writes: the file and its log lie still, to be copied for readers in other processes. Writers
   * wait for it.
   */
  async still<T>(work: (files: StoreFiles) => Promise<T>): Promise<T> {
    return this.#mutex.run(async () => {
      this.#mustBeOpen();
      return work({ descriptor: this.#descriptor, log: `${databasePath(this.dataDir)}.wal` });
    });
  }

  /** Waits for what is under way, writes the log into the file and closes it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const work of this.#beforeClose) await work();
    await Promise.allSettled(this.#reading);
    await this.#mutex.run(async () => {
      this.#reader.closeSync();
      this.#writer.closeSync();
      this.#instance.closeSync();
      closeSync(this.#descriptor);
    });
  }

  #mustBeOpen(): void {
    if (!this.#closed) return;
    throw new PgvigilError(
      'INTERNAL',
      'the store is closed',
      'This is a defect of pgvigil. Please report it.',
    );
  }
}
