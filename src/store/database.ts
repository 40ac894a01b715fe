/**
 * Opens the one DuckDB file of a data folder and puts names to what can go wrong.
 *
 * DuckDB's file lock is per process: opening a file twice in one process is not refused and corrupts it. Only
 * `Store` opens files for writing, and only once.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { messageOf, PgvigilError } from '../errors.ts';

/** The database file inside a data folder. */
export function databasePath(dataDir: string): string {
  return join(dataDir, 'pgvigil.duckdb');
}

/** Settings of every instance: nothing is downloaded, nothing is read but the database. */
export const CLOSED_SETTINGS = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
};

/** Times are stored in UTC without zone; comparing one with now() must not depend on where the machine stands. */
const UTC = "SET GLOBAL TimeZone = 'UTC'";

export interface OpenedDatabase {
  instance: DuckDBInstance;
  /** Where a write-ahead log that could not be replayed was put; null in the ordinary case. */
  damagedWal: string | null;
}

/**
 * Opens the database for writing and creates folder and file where they are missing, for the owner only.
 *
 * A write-ahead log that cannot be replayed is moved aside: rows and positions commit together, so the store
 * only goes back to its last checkpoint and the source is read again from there.
 *
 * @throws PgvigilError DATA_LOCKED, DATA_TOO_NEW, DATA_DAMAGED, STORE_WRITE
 */
export async function openForWriting(dataDir: string, now: () => number): Promise<OpenedDatabase> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new PgvigilError(
      'STORE_WRITE',
      `cannot create the data folder ${dataDir}: ${messageOf(error)}`,
      'Choose a folder that you may write with --data or PGVIGIL_DATA.',
      error,
    );
  }
  const file = databasePath(dataDir);
  try {
    return { instance: await create(file), damagedWal: null };
  } catch (error) {
    if (!isWalFailure(error) || !existsSync(`${file}.wal`)) throw openError(dataDir, error);
  }
  const damagedWal = `${file}.wal.damaged-${new Date(now()).toISOString().replaceAll(':', '')}`;
  await rename(`${file}.wal`, damagedWal);
  try {
    return { instance: await create(file), damagedWal };
  } catch (error) {
    throw openError(dataDir, error);
  }
}

async function create(file: string): Promise<DuckDBInstance> {
  const instance = await patiently(() => DuckDBInstance.create(file, { ...CLOSED_SETTINGS, threads: '2' }));
  await chmod(file, 0o600);
  const connection = await instance.connect();
  await connection.run(UTC);
  connection.closeSync();
  return instance;
}

/**
 * Opens a database file read-only, with no way out of it: no other file, no network, no spill to disk, and no
 * setting can be changed any more.
 *
 * @param memoryMb what DuckDB may use, in MiB
 *
 * @throws PgvigilError DATA_MISSING, DATA_LOCKED, DATA_TOO_NEW, DATA_DAMAGED
 */
export async function openForReading(
  dataDir: string,
  file = databasePath(dataDir),
  memoryMb = 2_048,
): Promise<DuckDBInstance> {
  if (!existsSync(file)) {
    throw new PgvigilError(
      'DATA_MISSING',
      `${dataDir} holds no pgvigil data`,
      'Name the data folder with --data or PGVIGIL_DATA, or fill one with `pgvigil backfill` or `pgvigil run`.',
    );
  }
  try {
    const instance = await patiently(() =>
      DuckDBInstance.create(file, { ...CLOSED_SETTINGS, access_mode: 'READ_ONLY' }),
    );
    const connection = await instance.connect();
    await connection.run(UTC);
    // The order counts: with external access off, temp_directory can no longer be changed.
    await connection.run("SET temp_directory = ''");
    await connection.run(`SET memory_limit = '${memoryMb}MiB'`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
    connection.closeSync();
    return instance;
  } catch (error) {
    throw openError(dataDir, error);
  }
}

const LOCK_PATIENCE_MS = 3_000;
const LOCK_POLL_MS = 100;

/** Waits a little for a lock: a query that reads the file, or a worker that ends, is gone in a moment. */
async function patiently(create: () => Promise<DuckDBInstance>): Promise<DuckDBInstance> {
  for (let waited = 0; ; waited += LOCK_POLL_MS) {
    try {
      return await create();
    } catch (error) {
      if (!isLocked(error) || waited >= LOCK_PATIENCE_MS) throw error;
      await sleep(LOCK_POLL_MS);
    }
  }
}

function isLocked(error: unknown): boolean {
  return /could not set lock/i.test(messageOf(error));
}

function isWalFailure(error: unknown): boolean {
  return /\bWAL\b/i.test(messageOf(error));
}

function openError(dataDir: string, error: unknown): PgvigilError {
  const text = messageOf(error);
  if (isLocked(error)) {
    return new PgvigilError(
      'DATA_LOCKED',
      `another process is using ${dataDir}`,
      'Stop the other `pgvigil run` or `pgvigil backfill`, or use another folder with --data.',
      error,
    );
  }
  if (/version number|newer version|storage version/i.test(text)) {
    return new PgvigilError(
      'DATA_TOO_NEW',
      `${dataDir} was written by another version of DuckDB`,
      'Use the pgvigil version that wrote it, or start with a new data folder and backfill it.',
      error,
    );
  }
  if (/permission denied|read-only file system|no space left/i.test(text)) {
    return new PgvigilError(
      'STORE_WRITE',
      `cannot write ${dataDir}: ${text}`,
      'Free space or mend the permissions of the folder.',
      error,
    );
  }
  return new PgvigilError(
    'DATA_DAMAGED',
    `the database in ${dataDir} cannot be opened: ${text}`,
    'Move the folder aside and start with an empty one: the hub still holds what its retention keeps, and archives can be backfilled.',
    error,
  );
}
