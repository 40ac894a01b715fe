/** Where a sandbox gets the data from: states that the worker hands out, or the file itself where there is no worker. */
import { rm } from 'node:fs/promises';
import type { PgvigilError } from '../../errors.ts';
import { databasePath } from '../../store/database.ts';
import { findWorker, requestSnapshot } from '../control-client.ts';

export interface State {
  /** Of a database to open read-only. */
  path: string;
  /** What is to be said where the database turns out to be locked. */
  lockedBy?: PgvigilError;
}

export interface States {
  /** Whoever has a state keeps a worker from starting: it is to be given back at once. */
  readonly exclusive: boolean;
  /** @param maxAgeMs how much older than now it may be */
  take(maxAgeMs: number): Promise<State>;
  giveBack(path: string): Promise<void>;
}

/** The states of a data folder, as another process sees it. A worker may come and go meanwhile. */
export function statesOf(dataDir: string): States {
  return {
    exclusive: true,
    take: async () => {
      const worker = await findWorker(dataDir);
      if (worker === null) return { path: databasePath(dataDir) };
      try {
        return { path: await requestSnapshot(dataDir, worker) };
      } catch (error) {
        // A `worker.json` may outlive its worker, and its pid belong to another process by now: then nobody holds the file.
        return { path: databasePath(dataDir), lockedBy: error as PgvigilError };
      }
    },
    giveBack: async (path) => {
      if (path !== databasePath(dataDir)) await removeSnapshot(path);
    },
  };
}

/** Gives back the names of a state that the worker handed out: of the copy and of its write-ahead log. */
export async function removeSnapshot(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.wal`, { force: true });
}
