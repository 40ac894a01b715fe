/** Brings histories into a store and judges them in event time. Nobody is told of what is found: it is about the past. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { FoundPrefix } from '../decode/prefix/finder.ts';
import type { RefusedDetector } from '../detect/detector.ts';
import type { History, HistoryBatch, HistoryEvent } from '../sources/history.ts';
import type { Store } from '../store/store.ts';
import { StoreWriter } from '../store/writer.ts';
import { armDetectors } from '../worker/arming.ts';
import { Detection } from '../worker/detection.ts';
import { startEnriching } from '../worker/enriching.ts';
import { createIngestor } from '../worker/ingestion.ts';
import type { Ingestor } from '../worker/ingestor.ts';
import { startLearning } from '../worker/learning.ts';
import type { OpenedHistory } from './histories.ts';

/** A whole day of history is judged at once, which may take longer than a tick of the worker. */
const DETECTOR_TIMEOUT_MS = 600_000;

export interface Totals {
  records: number;
  rejects: number;
  /** Records of which another source had brought a copy. */
  copies: number;
  alerts: number;
}

export interface BackfillEvents {
  onBatch: (history: History, batch: HistoryBatch, totals: Readonly<Totals>) => void;
  onEvent: (history: History, event: HistoryEvent) => void;
  /** A log_line_prefix was found from the lines. */
  onPrefix: (found: FoundPrefix) => void;
  /** Rejects of earlier runs that could be decoded by now. */
  onRestored: (rejects: number) => void;
  onRefusedDetector: (refused: RefusedDetector) => void;
  /** While a source is followed: something came, and is judged. */
  onJudged: (totals: Readonly<Totals>) => void;
  /** Something went wrong that does not end it; `hint` where something can be done. */
  onTrouble: (message: string, details: Record<string, unknown>) => void;
}

export interface BackfillOptions {
  store: Store;
  config: Config;
  events: BackfillEvents;
  /** Reading ends between two batches; what was stored stays, and the next reading goes on behind it. */
  signal: AbortSignal;
}

export class Backfill {
  readonly #options: BackfillOptions;
  readonly #writer: StoreWriter;
  readonly #ingestor: Ingestor;
  readonly #detection: Detection;
  readonly #totals: Totals;

  private constructor(
    options: BackfillOptions,
    parts: { writer: StoreWriter; ingestor: Ingestor; detection: Detection; totals: Totals },
  ) {
    this.#options = options;
    this.#writer = parts.writer;
    this.#ingestor = parts.ingestor;
    this.#detection = parts.detection;
    this.#totals = parts.totals;
  }

  /** @throws PgvigilError CONFIG_INVALID for detectors and parameters that do not exist, DATA_* */
  static async open(options: BackfillOptions): Promise<Backfill> {
    const { store, config, events } = options;
    const totals: Totals = { records: 0, rejects: 0, copies: 0, alerts: 0 };
    const { armed, refused } = await armDetectors(store, config.detection);
    for (const one of refused) events.onRefusedDetector(one);
    const writer = await StoreWriter.create(store);
    const limits = { ...config.ingest, maxDelayMs: 0 };
    const ingestor = await createIngestor(store, writer, [config.logLinePrefix].flat(), limits, {
      onPrefix: (found, restored) => {
        totals.rejects -= restored;
        totals.records += restored;
        events.onPrefix(found);
      },
      onParserFailure: (reason, length) =>
        events.onTrouble('a statement was too much for the parser; see the flag parser_failed', {
          reason,
          length,
        }),
      onRestored: events.onRestored,
      onCommit: (result) => {
        totals.records += result.records;
        totals.rejects += result.rejects;
        totals.copies += result.copies;
      },
      onRefused: (error, retryInMs) =>
        events.onTrouble('the store refuses to write; trying again', { error, retryInMs }),
    });
    const trouble = (message: string) => (error: string) => events.onTrouble(message, { error });
    const detection = new Detection({
      store,
      detectors: armed,
      latenessMs: 0,
      timeoutMs: DETECTOR_TIMEOUT_MS,
      caps: config.detection.maxAlertsPerHour,
      now: Date.now,
      onAlert: ({ change }) => {
        if (change === 'opened') totals.alerts++;
      },
      onFailure: (detector, error) =>
        events.onTrouble('a detector failed; the others ran', { detector: detector.id, error }),
      enrich: await startEnriching(
        store,
        config,
        trouble('addresses could not be looked up; run this again'),
      ),
      learn: await startLearning(
        store,
        config.detection.baselines,
        trouble('baselines could not be learned; run this again'),
      ),
    });
    return new Backfill(options, { writer, ingestor, detection, totals });
  }

  get totals(): Readonly<Totals> {
    return this.#totals;
  }

  /**
   * Stores what a history holds and is not stored yet, batch by batch.
   *
   * @param until nothing from here on is asked for, milliseconds since 1970
   * @throws PgvigilError of the source, after all that could be read is stored
   */
  async read({ history, since }: OpenedHistory, until: number): Promise<void> {
    const { signal, events } = this.#options;
    if (signal.aborted) return;
    const position = this.#writer.position.bind(this.#writer);
    const onEvent = (event: HistoryEvent) => events.onEvent(history, event);
    for await (const batch of history.read({ position, since, until, signal, onEvent })) {
      await this.#ingestor.ingest(batch.messages, batch.contiguous);
      events.onBatch(history, batch, this.#totals);
      if (signal.aborted) return;
    }
  }

  /** Runs the detectors over all that is stored and was not judged yet. */
  async judge(): Promise<void> {
    await this.#detection.finish();
  }

  /** Reads all again, time after time, and judges what came, until the signal. */
  async follow(opened: readonly OpenedHistory[]): Promise<void> {
    const { signal, events } = this.#options;
    const pause = Math.min(...opened.map(({ pauseMs }) => pauseMs));
    const due = new Map<OpenedHistory, number>();
    while (!signal.aborted) {
      const before = this.#totals.records;
      for (const one of opened) {
        if ((due.get(one) ?? 0) > Date.now()) continue;
        await this.read(one, Number.POSITIVE_INFINITY);
        due.set(one, Date.now() + one.pauseMs);
      }
      if (this.#totals.records > before) {
        await this.judge();
        events.onJudged(this.#totals);
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** To be called before the store is closed. */
  async close(): Promise<void> {
    await this.#ingestor.stop();
  }
}
