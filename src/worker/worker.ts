/**
 * The worker: one process that reads the hub, stores, detects and delivers, until it is stopped.
 *
 * Stopping goes along the way of the data: the source first, then what is queued, then detection, then delivery,
 * then the store. A worker that is killed instead goes on from the last commit.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AccessTokens } from '../access/access-tokens.ts';
import { AllowList } from '../alerts/allow-list/allow-list.ts';
import type { OpenChannel } from '../alerts/channels/open.ts';
import type { AlertChange } from '../alerts/lifecycle.ts';
import type { Links } from '../alerts/links.ts';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { EventHubSource, type EventHubSourceOptions } from '../sources/event-hubs.ts';
import { slowestFront } from '../store/positions.ts';
import { Store } from '../store/store.ts';
import { StoreWriter } from '../store/writer.ts';
import { type Control, startControl } from './control.ts';
import { Detection } from './detection.ts';
import { DetectorBook } from './detector-book.ts';
import { type Doors, openDoors } from './doors.ts';
import { startEnriching } from './enriching.ts';
import { createIngestor } from './ingestion.ts';
import type { Ingestor } from './ingestor.ts';
import { LearningAside, startLearning } from './learning.ts';
import { ReadinessBook } from './readiness-book.ts';
import { reportDetectors, reportPrefix, reportSource } from './reporting.ts';
import { countCommit, newStatus, type WorkerStatus } from './status.ts';
import { Telling } from './telling.ts';

/** A detector that runs longer than this is stopped; the others run. */
const DETECTOR_TIMEOUT_MS = 30_000;
/** Between two looks at least. */
const MIN_REST_MS = 100;
/** A partition with messages that brings none for so long does not hold up detection: it is stuck, or another worker's. */
const STANDS_STILL_MS = 60_000;

export interface WorkerOptions {
  config: Config;
  hub: Pick<EventHubSourceOptions, 'address' | 'operationTimeoutMs' | 'balanceIntervalMs'>;
  channels: readonly OpenChannel[];
  /** Makes and reads the links of messages; undefined where none are configured. */
  links?: Links | undefined;
  log: Log;
  /** Ends the wait for a hub that does not answer; `start` then returns and `stop` does the rest. */
  signal?: AbortSignal;
  onAlert?: (change: AlertChange) => void;
}

export class Worker {
  readonly store: Store;
  readonly #source: EventHubSource;
  readonly #ingestor: Ingestor;
  readonly #book: DetectorBook;
  readonly #detection: Detection;
  readonly #learning: LearningAside;
  readonly #readiness: ReadinessBook;
  readonly #telling: Telling;
  readonly #control: Control;
  readonly #doors: Doors;
  readonly #log: Log;
  readonly #status: WorkerStatus;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;

  private constructor(parts: {
    store: Store;
    source: EventHubSource;
    ingestor: Ingestor;
    book: DetectorBook;
    detection: Detection;
    learning: LearningAside;
    readiness: ReadinessBook;
    telling: Telling;
    control: Control;
    doors: Doors;
    log: Log;
    status: WorkerStatus;
    intervalMs: number;
  }) {
    this.store = parts.store;
    this.#source = parts.source;
    this.#ingestor = parts.ingestor;
    this.#book = parts.book;
    this.#detection = parts.detection;
    this.#learning = parts.learning;
    this.#readiness = parts.readiness;
    this.#telling = parts.telling;
    this.#control = parts.control;
    this.#doors = parts.doors;
    this.#log = parts.log;
    this.#status = parts.status;
    this.#loop = this.#detect(parts.intervalMs);
  }

  /**
   * Starts everything and returns once the hub has answered.
   *
   * @throws PgvigilError DATA_*, CONFIG_INVALID, SOURCE_REFUSED
   */
  static async start(options: WorkerOptions): Promise<Worker> {
    const { config, log } = options;
    const store = await Store.open(config.data, {
      walRecovered: (path) =>
        log.warn(
          { path },
          'the write-ahead log was damaged and is set aside; reading again from the last checkpoint',
        ),
    });
    const cleanup: (() => Promise<unknown>)[] = [() => store.close()];
    try {
      const writer = await StoreWriter.create(store);
      const book = await DetectorBook.open(store, config.detection, {
        onReload: (armed) => {
          detection.replaceDetectors(armed);
          reportDetectors(log, status, book);
          log.info({ detectors: armed.length }, 'detector files changed and are read anew');
        },
        onTrouble: (error) => log.error({ error }, 'detector files changed; the detectors stay as they were'),
      });

      const status = newStatus(Date.now());
      reportDetectors(log, status, book);
      const ingestor = await createIngestor(store, writer, [config.logLinePrefix].flat(), config.ingest, {
        onPrefix: (found, restored) => reportPrefix(log, found, restored),
        onParserFailure: (reason, length) =>
          log.warn({ reason, length }, 'a statement was too much for the parser; see the flag parser_failed'),
        onRestored: (rejects) => log.info({ rejects }, 'earlier rejects could be decoded by now'),
        onCommit: (result, bytes) => {
          countCommit(status, result, bytes);
          if (result.rejects > 0)
            log.warn({ rejects: result.rejects }, 'records could not be decoded; see the view rejects');
          if (result.missing > 0)
            log.warn(
              { messages: result.missing },
              'messages aged out of the hub before they were read; see the view gaps',
            );
          log.debug({ ...result }, 'stored');
        },
        onRefused: (error, retryInMs) => {
          status.storeError = error;
          log.error({ error, retryInMs }, 'the store refuses to write; sources wait');
        },
      });
      cleanup.unshift(() => ingestor.stop());

      const source = new EventHubSource({
        ...options.hub,
        consumerGroup: config.eventHub?.consumerGroup ?? '$Default',
        startPosition: config.eventHub?.startPosition ?? 'earliest',
        ingest: (messages) => ingestor.ingest(messages, true),
        position: (name, partition) => writer.position(name, partition),
        onEvent: (event) => reportSource(log, event),
      });
      cleanup.unshift(() => source.close());

      const learning = new LearningAside(
        await startLearning(store, config.detection.baselines, (error) =>
          log.error(
            { error },
            'baselines could not be learned; it is tried again within a quarter of an hour',
          ),
        ),
      );
      cleanup.unshift(() => learning.stop());

      const telling = new Telling({
        store,
        config,
        channels: options.channels,
        links: options.links,
        source,
        log,
      });
      cleanup.unshift(() => telling.stop());
      const detection = new Detection({
        store,
        detectors: book.armed,
        notifier: telling.notifier,
        latenessMs: config.detection.latenessMs,
        timeoutMs: DETECTOR_TIMEOUT_MS,
        caps: config.detection.maxAlertsPerHour,
        now: Date.now,
        slowest: () =>
          slowestFront(store, source.source, source.behind(), {
            before: Date.now() - STANDS_STILL_MS,
            began: status.startedAt,
          }),
        onAlert: (change) => {
          if (change.change !== 'grown') {
            const { detector, severity, server, summary } = change.alert;
            log.info({ detector, severity, server, summary }, `alert ${change.change}`);
          }
          options.onAlert?.(change);
        },
        onFailure: (detector, error) =>
          log.error({ detector: detector.id, error }, 'a detector failed; the others run'),
        enrich: await startEnriching(store, config, (error) =>
          log.error({ error }, 'addresses could not be looked up; it is tried again at the next look'),
        ),
        learn: learning.learn,
      });
      const readiness = new ReadinessBook({
        store,
        config,
        onFailure: (error) =>
          log.error(
            { error },
            'what detectors can see could not be judged; it is tried again in ten minutes',
          ),
      });
      readiness.start();
      cleanup.unshift(() => readiness.stop());
      const tokens = new AccessTokens(store);
      const control = await startControl({
        dataDir: config.data,
        port: config.control.port,
        store,
        status: () => ({ ...status, lag: source.lag() }),
        allowList: new AllowList(store, config.detection.detectorFolders),
        desk: telling.desk,
        tokens,
      });
      cleanup.unshift(() => control.close());
      const doors = await openDoors({
        ...{ config, store, snapshots: control.snapshots, tokens, log, desk: telling.desk },
        status: async () => ({ ...status, lag: source.lag() }),
      });
      cleanup.unshift(() => doors.close());
      await telling.start();
      options.signal?.addEventListener('abort', () => void source.close());
      await source.start();
      status.source = source.source;
      const intervalMs = config.detection.intervalMs;
      return new Worker({
        store,
        source,
        ingestor,
        book,
        detection,
        learning,
        readiness,
        telling,
        control,
        doors,
        log,
        status,
        intervalMs,
      });
    } catch (error) {
      for (const undo of cleanup) await undo();
      throw error;
    }
  }

  status(): WorkerStatus {
    return { ...this.#status, lag: this.#source.lag() };
  }

  /** Waits until nothing is due in the outbox, or the deadline. */
  async flush(deadlineMs: number): Promise<void> {
    await this.#telling.flush(deadlineMs);
  }

  /** Stops cleanly: what was taken is stored, attempts under way are recorded. */
  async stop(): Promise<void> {
    await this.#source.close();
    await this.#ingestor.stop();
    this.#stop.abort();
    await this.#loop;
    await this.#learning.stop();
    await this.#readiness.stop();
    await this.#telling.stop();
    await this.#doors.close();
    await this.#control.close();
    await this.store.close();
  }

  async #detect(intervalMs: number): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const began = performance.now();
      await this.#book.refresh();
      try {
        await this.#detection.tick();
      } catch (error) {
        this.#log.error({ error: messageOf(error) }, 'detection failed; it is tried again');
      }
      // From begin to begin; one that takes longer leaves a breath to those who store.
      const rest = Math.max(MIN_REST_MS, intervalMs - (performance.now() - began));
      await sleep(rest, undefined, { signal }).catch(() => undefined);
    }
  }
}
