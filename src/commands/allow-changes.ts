/** Changes of the allow-list, by the running worker or, where none runs, in the store itself. */
import { existsSync } from 'node:fs';
import { AllowList } from '../alerts/allow-list/allow-list.ts';
import type { AllowRequest } from '../alerts/allow-list/request.ts';
import type { Config } from '../config.ts';
import { PgvigilError } from '../errors.ts';
import type { AllowKind } from '../model/allow-entry.ts';
import { findWorker, requestAllowChange } from '../query/control-client.ts';
import { databasePath } from '../store/database.ts';
import { Store } from '../store/store.ts';

/** @returns id of the new entry. @throws PgvigilError USAGE, NOT_FOUND, DATA_*, WORKER_UNREACHABLE */
export function addEntry(config: Config, entry: AllowRequest): Promise<string> {
  return change(config, { action: 'add', entry }, async (allowList) => (await allowList.add(entry)).entryId);
}

/** @returns id of the removed entry. @throws PgvigilError NOT_FOUND, DATA_*, WORKER_UNREACHABLE */
export function removeEntry(config: Config, kind: AllowKind, id: string, author: string): Promise<string> {
  return change(config, { action: 'remove', kind, id, author }, (allowList) =>
    allowList.remove(kind, id, author),
  );
}

async function change(
  config: Config,
  asked: object,
  directly: (allowList: AllowList) => Promise<string>,
): Promise<string> {
  const worker = await findWorker(config.data);
  if (worker === null) return inStore(config, directly);
  try {
    return await requestAllowChange(worker, asked);
  } catch (error) {
    if (!(error instanceof PgvigilError) || error.code !== 'WORKER_UNREACHABLE') throw error;
    // A worker.json may outlive its worker: then nobody holds the file.
    return await inStore(config, directly).catch((second: unknown) => {
      throw second instanceof PgvigilError && second.code === 'DATA_LOCKED' ? error : second;
    });
  }
}

async function inStore(config: Config, directly: (allowList: AllowList) => Promise<string>): Promise<string> {
  // Opening would create it: an entry in a folder that was mistyped allows nothing.
  if (!existsSync(databasePath(config.data))) {
    throw new PgvigilError(
      'DATA_MISSING',
      `${config.data} holds no pgvigil data`,
      'Name the data folder with --data or PGVIGIL_DATA, or start `pgvigil run` first.',
    );
  }
  const store = await Store.open(config.data);
  try {
    return await directly(new AllowList(store, config.detection.detectorFolders));
  } finally {
    await store.close();
  }
}
