/**
 * Runs the detectors over what arrived since each last looked, in event time.
 *
 * `until` is held back a little behind the newest event (`horizon.ts`), because the lines of one session travel
 * through different partitions and a statement may arrive before the line that says whose it is. What arrives
 * later still is judged again from its own time on.
 *
 * Detectors read a working set in memory (`working-set.ts`). One that fell behind, or that looks back over all statements,
 * reads the views of the store instead: the same answer at the price of what is stored.
 */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { messageOf } from '../errors.ts';
import type { Evidence } from '../model/evidence.ts';
import { timestamp } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Detector } from './detector.ts';
import { collectEvidence } from './evidence.ts';
import type { Mode } from './front-matter.ts';
import { inLanes } from './lanes.ts';
import { type DetectorProgress, isAtLeast, mostCommon, progressOf, readProgress } from './progress.ts';
import { memoryFor, readsStore } from './reading.ts';
import { Retries } from './retries.ts';
import { MAX_RECORDS, minutesOf, type Span, slicesOf } from './slices.ts';
import { workingSetOf } from './working-set.ts';

/** A detector with the values it runs with. */
export interface ArmedDetector {
  detector: Detector;
  values: Readonly<Record<string, DuckDBValue>>;
  mode: Exclude<Mode, 'off'>;
}

export type Judgement =
  | {
      detector: Detector;
      mode: ArmedDetector['mode'];
      outcome: 'judged';
      evidence: Evidence[];
      progress: DetectorProgress;
      durationMs: number;
    }
  | {
      detector: Detector;
      outcome: 'failed';
      error: string;
      /** From where it is tried again. */
      progress: DetectorProgress;
    };

export interface EngineOptions {
  store: Store;
  /** Milliseconds that one detector may take for one slice. */
  timeoutMs: number;
  now: () => number;
  /** Before the detectors judge what lies before an event time (milliseconds), and after they judged what lies before that. */
  beforeSlice?: ((to: number) => Promise<void>) | undefined;
}

/** Far enough in the past for any log, near enough for DuckDB's interval arithmetic. */
const BEGINNING = Date.UTC(1990, 0, 1);
const DAY = 86_400_000;

/** Newest event and newest record of the store; null while it is empty. */
export async function newest(store: Store): Promise<{ eventTime: number; recordId: bigint } | null> {
  const [row] = await store.rows<{ event_time: Date | null; record_id: bigint | null }>(
    'SELECT max(event_time) AS event_time, max(record_id) AS record_id FROM store.records',
  );
  if (!row?.event_time || row.record_id === null) return null;
  return { eventTime: row.event_time.getTime(), recordId: row.record_id };
}

export class Engine {
  readonly #options: EngineOptions;
  readonly #retries = new Retries();

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /**
   * Runs every detector up to `until`, one after the other. One that fails or takes too long is reported as failed and the
   * others run.
   */
  async *judge(
    detectors: readonly ArmedDetector[],
    until: number,
    lastRecordId: bigint,
  ): AsyncGenerator<Judgement> {
    const { store, now } = this.#options;
    const progress = await readProgress(store);
    const due = detectors.filter(({ detector }) => {
      const before = progressOf(progress, detector.id);
      const isDone = before.lastRecordId === lastRecordId && before.watermark >= until;
      return !isDone && this.#retries.isDue(detector.id, now());
    });
    if (due.length === 0) return;
    // Where those stand that have nothing to do counts too: one that is added while nothing arrives begins there.
    const common = mostCommon(detectors.map(({ detector }) => progress.get(detector.id)));
    const connection = await store.connect();
    try {
      const together: ArmedDetector[] = [];
      for (const armed of due) {
        const before = progress.get(armed.detector.id);
        // One that is new begins with what is new; what it says of the past is asked of `detectors backtest`. One that is
        // ahead, as after a crash, judges a little twice: evidence is known by its record.
        if (before !== undefined && !isAtLeast(before, common)) {
          const judgement = await this.#catchUp(connection, armed, before, common);
          yield judgement;
          if (judgement.outcome === 'failed') continue;
        }
        together.push(armed);
      }
      yield* this.#judgeTogether(connection, together, common, until, lastRecordId);
    } finally {
      connection.closeSync();
    }
  }

  async *#judgeTogether(
    stored: DuckDBConnection,
    detectors: readonly ArmedDetector[],
    before: DetectorProgress,
    until: number,
    lastRecordId: bigint,
  ): AsyncGenerator<Judgement> {
    const { store, beforeSlice } = this.#options;
    if (detectors.length === 0) return;
    const span = await this.#spanOf(before, until);
    const set = await workingSetOf(store, memoryFor(stored, detectors));
    await set.advance({
      since: span.from,
      watermark: before.watermark,
      judged: before.lastRecordId,
      front: lastRecordId,
    });
    const failed = new Set<string>();
    let place: DetectorProgress = before;
    for (const slice of await this.#slices(span, before, lastRecordId)) {
      await beforeSlice?.(slice.to);
      await set.take({ ...slice, watermark: before.watermark, judged: before.lastRecordId });
      const progress = { lastRecordId, watermark: slice.to };
      const stay = place;
      const run = (lane: DuckDBConnection, armed: ArmedDetector) =>
        this.#run(lane, armed, slice, stay, progress);
      const due = detectors.filter(({ detector }) => !failed.has(detector.id));
      const ofStore = due.filter((armed) => readsStore(stored, armed));
      const ofSet = due.filter((armed) => !ofStore.includes(armed));
      for (const [lanes, jobs] of [
        [set.connections, ofSet.filter(({ detector }) => !detector.correlates)],
        [[stored], ofStore],
        // What reads the alerts of the others looks when these are there.
        [set.connections, ofSet.filter(({ detector }) => detector.correlates)],
      ] as const)
        for await (const judgement of inLanes(lanes, jobs, run)) {
          this.#remember(judgement);
          if (judgement.outcome === 'failed') failed.add(judgement.detector.id);
          yield judgement;
        }
      place = progress;
    }
    set.done(place.watermark);
  }

  #remember({ outcome, detector }: Judgement): void {
    if (outcome === 'failed') this.#retries.failed(detector.id, this.#options.now());
    else this.#retries.succeeded(detector.id);
  }

  /** A detector that fell behind: up to where the others stand, over the views of the store. */
  async #catchUp(
    connection: DuckDBConnection,
    armed: ArmedDetector,
    before: DetectorProgress,
    common: DetectorProgress,
  ): Promise<Judgement> {
    const { id } = armed.detector;
    const span = await this.#spanOf(before, common.watermark);
    const judgement = await this.#run(connection, armed, span, before, common);
    if (judgement.outcome === 'judged') {
      this.#retries.succeeded(id);
      return judgement;
    }
    if (!this.#retries.failed(id, this.#options.now())) return judgement;
    const left = `${new Date(before.watermark).toISOString()} to ${new Date(common.watermark).toISOString()}`;
    return {
      ...judgement,
      error: `${judgement.error}; it gives up on what arrived from ${left}`,
      progress: common,
    };
  }

  async #run(
    connection: DuckDBConnection,
    { detector, values, mode }: ArmedDetector,
    span: Span,
    stay: DetectorProgress,
    progress: DetectorProgress,
  ): Promise<Judgement> {
    const started = performance.now();
    const window = { since: timestamp(span.from), until: timestamp(span.to) };
    try {
      const evidence = await withTimeout(connection, this.#options.timeoutMs, () =>
        collectEvidence(connection, detector, { ...values, ...window }),
      );
      const durationMs = performance.now() - started;
      return { detector, mode, outcome: 'judged', evidence, progress, durationMs };
    } catch (error) {
      return { detector, outcome: 'failed', error: messageOf(error), progress: stay };
    }
  }

  /** From the earliest event that arrived since, up to `until`, or to where it was judged already if that is later. */
  async #spanOf(before: DetectorProgress, until: number): Promise<Span> {
    const [row] = await this.#options.store.rows<{ first: Date | null }>(
      'SELECT min(event_time) AS first FROM store.records WHERE record_id > $recordId',
      { recordId: before.lastRecordId },
    );
    const to = Math.max(until, before.watermark);
    const judgedTo = before.watermark === 0 ? to : before.watermark;
    // $since is exclusive, and event times are whole milliseconds.
    const first = row?.first == null ? judgedTo : row.first.getTime() - 1;
    const from = Math.max(BEGINNING, Math.min(judgedTo, first));
    return { from: Math.min(from, to), to };
  }

  async #slices(span: Span, before: DetectorProgress, front: bigint): Promise<Span[]> {
    const isShort =
      front - before.lastRecordId < MAX_RECORDS && Math.floor(span.from / DAY) === Math.floor(span.to / DAY);
    if (isShort) return [span];
    const due = { front, judged: before.lastRecordId, watermark: before.watermark };
    return slicesOf(span, await minutesOf(this.#options.store, span, due));
  }
}

async function withTimeout<T>(
  connection: DuckDBConnection,
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    connection.interrupt();
  }, timeoutMs);
  try {
    return await work();
  } catch (error) {
    if (expired) throw new Error(`stopped after ${timeoutMs} ms`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
