/**
 * The detection loop: runs the detectors, folds their evidence into alerts and puts messages into the outbox.
 * Alerts, evidence, outbox rows and how far the detector has looked commit together.
 */
import { type AlertCaps, DEFAULT_CAPS } from '../alerts/caps.ts';
import { FLOOD } from '../alerts/flood.ts';
import type { AlertChange } from '../alerts/lifecycle.ts';
import { alertMessage, type EvidenceSample } from '../alerts/message.ts';
import { enqueue } from '../alerts/outbox.ts';
import { raiseAlerts } from '../alerts/raising.ts';
import type { Detector } from '../detect/detector.ts';
import { type ArmedDetector, Engine, newest } from '../detect/engine.ts';
import { horizon } from '../detect/horizon.ts';
import { saveFailure, saveProgress } from '../detect/progress.ts';
import { type Alert, isSilent } from '../model/alert.ts';
import type { Evidence } from '../model/evidence.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import type { Store, Transaction } from '../store/store.ts';
import { Quiet } from './quiet.ts';

/** A channel as far as routing goes. */
export interface Route {
  name: string;
  minSeverity: Severity;
}

export interface DetectionOptions {
  store: Store;
  detectors: readonly ArmedDetector[];
  routes: readonly Route[];
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

const MAX_SAMPLES = 5;

export class Detection {
  readonly #options: DetectionOptions;
  readonly #engine: Engine;
  #detectors: readonly ArmedDetector[];
  #lastRecordId = 0n;
  #lastArrival = 0;

  constructor(options: DetectionOptions) {
    this.#options = options;
    this.#engine = new Engine({ ...options, beforeSlice: options.learn });
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
        return folded;
      });
      for (const change of changes) onAlert?.(change);
    }
    await quiet.save();
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
    for (const change of audible) await this.#send(transaction, detector, change);
    return audible;
  }

  async #send(transaction: Transaction, detector: Detector, change: AlertChange): Promise<void> {
    if (change.change === 'grown') return;
    const channels = this.#options.routes
      .filter((route) => SEVERITIES.indexOf(change.alert.severity) >= SEVERITIES.indexOf(route.minSeverity))
      .map((route) => route.name);
    if (channels.length === 0) return;
    const type = change.change === 'opened' ? 'alert.opened' : 'alert.updated';
    const samples = await evidenceSamples(transaction, change.alert);
    const { attack, runbook } = change.alert.detector === FLOOD.id ? FLOOD : detector;
    const notes = { attack, runbook };
    const body = alertMessage(change.alert, samples, type, notes);
    await enqueue(transaction, change.alert, body, channels, type, change.alert.count, this.#options.now());
  }
}

/** The first rows of an alert's evidence, with normalised statements: literals stay here. */
async function evidenceSamples(transaction: Transaction, alert: Alert): Promise<EvidenceSample[]> {
  const rows = await transaction.rows<{
    event_time: Date;
    session_id: string | null;
    summary: string;
    normalized: string | null;
  }>(
    `SELECT event_time, session_id, summary, normalized FROM evidence
     WHERE alert_id = $alert ORDER BY event_time, record_id LIMIT ${MAX_SAMPLES}`,
    { alert: alert.alertId },
  );
  return rows.map((row) => ({
    eventTime: row.event_time.getTime(),
    sessionId: row.session_id,
    summary: row.summary,
    normalized: row.normalized,
  }));
}
