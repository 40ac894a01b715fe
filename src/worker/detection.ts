/**
 * The detection loop: runs the detectors, folds their evidence into alerts and puts messages into the outbox.
 * Alerts, evidence, outbox rows and how far the detector has looked commit together.
 */
import { type AlertCaps, DEFAULT_CAPS } from '../alerts/caps.ts';
import { FLOOD } from '../alerts/engine-findings.ts';
import { WORKER } from '../alerts/history.ts';
import { type AlertChange, changeText } from '../alerts/lifecycle.ts';
import { Notifier } from '../alerts/notifier.ts';
import { closeQuiet, quietAlerts } from '../alerts/quieting.ts';
import { raiseAlerts } from '../alerts/raising.ts';
import type { Detector } from '../detect/detector.ts';
import { type ArmedDetector, Engine, newest } from '../detect/engine.ts';
import { horizon } from '../detect/horizon.ts';
import { saveFailure, saveProgress } from '../detect/progress.ts';
import { isSilent } from '../model/alert.ts';
import { durationText } from '../model/duration.ts';
import type { Evidence } from '../model/evidence.ts';
import type { Store, Transaction } from '../store/store.ts';
import { Quiet } from './quiet.ts';

export interface DetectionOptions {
  store: Store;
  detectors: readonly ArmedDetector[];
  /** Puts messages into the outbox; none: nobody is told. */
  notifier?: Notifier;
  /** How long to wait for late lines, milliseconds of event time. */
  latenessMs: number;
  timeoutMs: number;
  caps?: AlertCaps;
  now: () => number;
  onAlert?: (change: AlertChange) => void;
  onFailure?: (detector: Detector, error: string) => void;
  /** Event time that the slowest partition with messages has reached, milliseconds; see `horizon`. */
  slowest?: () => Promise<number>;
  /** Looks up the addresses of new clients; called before each look. */
  enrich?: () => Promise<void>;
  /** Learns what is ordinary, of what was judged; called before each look with the event time up to which it goes. */
  learn?: (until: number) => Promise<void>;
}

export class Detection {
  readonly #options: DetectionOptions;
  readonly #engine: Engine;
  readonly #notifier: Notifier;
  #detectors: readonly ArmedDetector[];
  #lastRecordId = 0n;
  #lastArrival = 0;

  constructor(options: DetectionOptions) {
    this.#options = options;
    this.#engine = new Engine({ ...options, beforeSlice: options.learn });
    this.#notifier = options.notifier ?? new Notifier({ routes: [] });
    this.#detectors = options.detectors;
  }

  /** Runs with these from the next look on. */
  replaceDetectors(detectors: readonly ArmedDetector[]): void {
    this.#detectors = detectors;
  }

  /** Looks at what arrived. While data keeps arriving the newest events wait for their late companions. */
  async tick(): Promise<void> {
    const { store, latenessMs, now, slowest } = this.#options;
    const front = await newest(store);
    if (front === null) return;
    if (front.recordId !== this.#lastRecordId) {
      this.#lastRecordId = front.recordId;
      this.#lastArrival = now();
    }
    const quietFor = now() - this.#lastArrival;
    const until = horizon(front.eventTime, latenessMs, quietFor, await slowest?.());
    if (until > 0) await this.#judge(until, front.recordId);
  }

  /** Looks at everything stored, as when a backfill has ended. */
  async finish(): Promise<void> {
    const front = await newest(this.#options.store);
    if (front !== null) await this.#judge(front.eventTime, front.recordId);
  }

  async #judge(until: number, lastRecordId: bigint): Promise<void> {
    const { store, onFailure, onAlert, now, enrich } = this.#options;
    await enrich?.();
    const quiet = new Quiet(store, now);
    for await (const judgement of this.#engine.judge(this.#detectors, until, lastRecordId)) {
      const { detector } = judgement;
      await quiet.saveBefore(judgement.progress);
      if (judgement.outcome === 'failed') {
        await store.transaction((transaction) =>
          saveFailure(transaction, detector.id, judgement.error, judgement.progress, now()),
        );
        onFailure?.(detector, judgement.error);
        continue;
      }
      if (judgement.evidence.length === 0) {
        quiet.add(detector.id, judgement.progress);
        continue;
      }
      const changes = await store.transaction(async (transaction) => {
        const folded = await this.#fold(
          transaction,
          detector,
          judgement.mode === 'shadow',
          judgement.evidence,
        );
        await saveProgress(transaction, [detector.id], judgement.progress, now());
        await this.#closeQuiet(transaction, quietOf([detector]), until);
        return folded;
      });
      for (const change of changes) onAlert?.(change);
    }
    await quiet.save();
    await this.#closeAllQuiet(until);
  }

  async #fold(
    transaction: Transaction,
    detector: Detector,
    isShadow: boolean,
    evidence: Evidence[],
  ): Promise<AlertChange[]> {
    const { caps = DEFAULT_CAPS, now } = this.#options;
    const changes = await raiseAlerts(transaction, detector, isShadow, evidence, caps, now());
    const audible = changes.filter(({ alert }) => !isSilent(alert));
    for (const change of audible) await this.#tell(transaction, detector, change);
    return audible;
  }

  async #tell(transaction: Transaction, detector: Detector, change: AlertChange): Promise<void> {
    if (change.change === 'grown') return;
    const step = {
      action: change.change,
      actor: WORKER,
      what: change.change === 'reopened' ? 'more of it came' : changeText(change),
      reason: null,
      note: null,
    };
    const event = change.change === 'updated' ? 'updated' : 'opened';
    const notes = change.alert.detector === FLOOD.id ? FLOOD : detector;
    await this.#notifier.tell(transaction, change.alert, step, event, notes, this.#options.now());
  }

  /** Closes alerts to which nothing more can come: without a transaction where there are none, as in most looks. */
  async #closeAllQuiet(until: number): Promise<void> {
    const { store } = this.#options;
    const quiet = quietOf([...this.#detectors.map(({ detector }) => detector), FLOOD]);
    if ((await quietAlerts(store, quiet, until)).length === 0) return;
    await store.transaction((transaction) => this.#closeQuiet(transaction, quiet, until));
  }

  async #closeQuiet(
    transaction: Transaction,
    quiet: ReadonlyMap<string, number>,
    until: number,
  ): Promise<void> {
    const now = this.#options.now();
    for (const alert of await closeQuiet(transaction, quiet, until, now)) {
      const armed = this.#detectors.find(({ detector }) => detector.id === alert.detector);
      const step = {
        action: 'closed' as const,
        actor: WORKER,
        what: `closed, as nothing more came for ${durationText(quiet.get(alert.detector) ?? 0)}`,
        reason: 'quiet',
        note: null,
      };
      await this.#notifier.tell(transaction, alert, step, 'quiet', armed?.detector ?? FLOOD, now);
    }
  }
}

/** Milliseconds without evidence after which an alert closes, by detector. */
function quietOf(detectors: readonly { id: string; quiet: number }[]): Map<string, number> {
  return new Map(detectors.map(({ id, quiet }) => [id, quiet]));
}
