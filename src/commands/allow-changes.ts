/** Changes of the allow-list. */
import { AllowList } from '../alerts/allow-list/allow-list.ts';
import type { AllowRequest } from '../alerts/allow-list/request.ts';
import type { Config } from '../config.ts';
import type { AllowKind } from '../model/allow-entry.ts';
import { requestAllowChange } from '../query/control-client.ts';
import type { Store } from '../store/store.ts';
import { changeStored } from './changes.ts';

/** @returns id of the new entry. @throws PgvigilError USAGE, NOT_FOUND, DATA_*, WORKER_UNREACHABLE */
export function addEntry(config: Config, entry: AllowRequest): Promise<string> {
  return changeStored(
    config,
    (worker) => requestAllowChange(worker, { action: 'add', entry }),
    async (store) => (await allowList(config, store).add(entry)).entryId,
  );
}

/** @returns id of the removed entry. @throws PgvigilError NOT_FOUND, DATA_*, WORKER_UNREACHABLE */
export function removeEntry(config: Config, kind: AllowKind, id: string, author: string): Promise<string> {
  return changeStored(
    config,
    (worker) => requestAllowChange(worker, { action: 'remove', kind, id, author }),
    (store) => allowList(config, store).remove(kind, id, author),
  );
}

function allowList(config: Config, store: Store): AllowList {
  return new AllowList(store, config.detection.detectorFolders);
}
