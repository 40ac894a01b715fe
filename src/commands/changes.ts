/** Changes of what is stored, by the running worker or, where none runs, in the store itself. */
import { existsSync } from 'node:fs';
import type { Config } from '../config.ts';
import { PgvigilError } from '../errors.ts';
import { findWorker, type WorkerFile } from '../query/control-client.ts';
import { databasePath } from '../store/database.ts';
import { Store } from '../store/store.ts';

/**
 * @param asked asks the running worker
 * @param directly makes the change in the store
 * @throws PgvigilError DATA_*, WORKER_UNREACHABLE, and what speaks against the change
 */
export async function changeStored<T>(
  config: Config,
  asked: (worker: WorkerFile) => Promise<T>,
  directly: (store: Store) => Promise<T>,
): Promise<T> {
  const worker = await findWorker(config.data);
  if (worker === null) return inStore(config, directly);
  try {
    return await asked(worker);
  } catch (error) {
    if (!(error instanceof PgvigilError) || error.code !== 'WORKER_UNREACHABLE') throw error;
    // A worker.json may outlive its worker: then nobody holds the file.
    return await inStore(config, directly).catch((second: unknown) => {
      throw second instanceof PgvigilError && second.code === 'DATA_LOCKED' ? error : second;
    });
  }
}

async function inStore<T>(config: Config, directly: (store: Store) => Promise<T>): Promise<T> {
  // Opening would create it: an entry in a folder that was mistyped changes nothing.
  if (!existsSync(databasePath(config.data))) {
    throw new PgvigilError(
      'DATA_MISSING',
      `${config.data} holds no pgvigil data`,
      'Name the data folder with --data or PGVIGIL_DATA, or start `pgvigil run` first.',
    );
  }
  const store = await Store.open(config.data);
  try {
    return await directly(store);
  } finally {
    await store.close();
  }
}
