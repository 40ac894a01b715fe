/** Keeps the table behind the view `readiness`: what each detector can see of each server, judged anew from time to time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { listValue } from '@duckdb/node-api';
import type { Config } from '../config.ts';
import { loadDetectors } from '../detect/detector.ts';
import { EnrichmentFiles } from '../enrichment/enrichment-files.ts';
import { messageOf } from '../errors.ts';
import { run } from '../query/result.ts';
import { readDaysLeft, readObservations, type TrustedReader } from '../readiness/read.ts';
import { judgeAll, type Readiness, surroundings } from '../readiness/readiness.ts';
import { timestamp } from '../store/rows.ts';
import type { Row, Store } from '../store/store.ts';

/** It changes with days and settings, and over a long history it takes seconds to look. */
const INTERVAL_MS = 10 * 60_000;
/** What was read before the start is there at once; what comes with it shall be seen, too. */
const FIRST_MS = 15_000;
const TIMEOUT_MS = 120_000;

type Settings = Parameters<typeof EnrichmentFiles.open>[0] & Pick<Config, 'networks' | 'detection'>;

export interface ReadinessBookOptions {
  store: Store;
  config: Settings;
  onFailure: (error: string) => void;
  /** Milliseconds since 1970. */
  now?: () => number;
}

export class ReadinessBook {
  readonly #options: ReadinessBookOptions;
  readonly #now: () => number;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ReadinessBookOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Judges from time to time until `stop`. An error is told, and the next look comes as ever. */
  start(): void {
    this.#loop = this.#repeat();
  }

  /** Waits for a look that is under way. To be called before the store is closed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  /** Judges once. What is as it was is not written again. */
  async refresh(): Promise<void> {
    const { store, config } = this.#options;
    const { detectors } = await loadDetectors(config.detection.detectorFolders);
    const { status } = await EnrichmentFiles.open(config);
    const now = this.#now();
    const around = surroundings(config, status, await readDaysLeft(this.#reader), now);
    const observations = await readObservations(this.#reader);
    const judged = judgeAll(detectors, config.detection.modes, observations, around);
    const stored = await store.rows<StoredReadiness>('SELECT * FROM store.readiness');
    const known = new Map(stored.map((row) => [keyOf(row), row]));
    if (judged.length === stored.length && judged.every((row) => isSame(row, known.get(keyOf(row))))) return;
    const rows = judged.map((row) => {
      const before = known.get(keyOf(row));
      const since = before?.state === row.state ? before.since.getTime() : now;
      const { server, detector, name, mode, state, reason, actions } = row;
      return [server, detector, name, mode, state, reason, listValue(actions), timestamp(since)];
    });
    await store.transaction(async (transaction) => {
      await transaction.run('DELETE FROM store.readiness');
      await transaction.append('readiness', rows);
    });
  }

  /** Each query on a connection of its own, which ends with it: nobody who writes or judges waits. */
  get #reader(): TrustedReader {
    const limits = { parameters: undefined, limitRows: 0, timeoutMs: TIMEOUT_MS, onEnd: () => undefined };
    return { trusted: async (sql) => run(await this.#options.store.connect(), sql, limits) };
  }

  async #repeat(): Promise<void> {
    const { signal } = this.#stop;
    for (let wait = FIRST_MS; ; wait = INTERVAL_MS) {
      await sleep(wait, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.refresh();
      } catch (error) {
        this.#options.onFailure(messageOf(error));
      }
    }
  }
}

interface StoredReadiness extends Row, Omit<Readiness, 'mode' | 'state'> {
  mode: string;
  state: string;
  since: Date;
}

const keyOf = ({ server, detector }: Pick<Readiness, 'server' | 'detector'>) => `${server}\n${detector}`;

function isSame(row: Readiness, before: StoredReadiness | undefined): boolean {
  return (
    before !== undefined &&
    before.mode === row.mode &&
    before.state === row.state &&
    before.reason === row.reason &&
    before.actions.join('\n') === row.actions.join('\n')
  );
}
