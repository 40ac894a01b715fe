/**
 * Runs the detectors over what arrived since each last looked, in event time.
 *
 * `until` is held back a little behind the newest event (see `horizon`), because the lines of one session travel
 * through different partitions and a statement may arrive before the line that says whose it is. What arrives
 * later still is judged again from its own time on.
 */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { messageOf } from '../errors.ts';
import type { Evidence } from '../model/evidence.ts';
import { timestamp } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Detector } from './detector.ts';
import { collectEvidence } from './evidence.ts';
import type { Mode } from './front-matter.ts';
import { type DetectorProgress, progressOf, readProgress } from './progress.ts';

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
  | { detector: Detector; outcome: 'failed'; error: string };

/** Far enough in the past for any log, near enough for DuckDB's interval arithmetic. */
const BEGINNING = Date.UTC(1990, 0, 1);

/** Newest event and newest record of the store; null while it is empty. */
export async function newest(store: Store): Promise<{ eventTime: number; recordId: bigint } | null> {
  const [row] = await store.rows<{ event_time: Date | null; record_id: bigint | null }>(
    'SELECT max(event_time) AS event_time, max(record_id) AS record_id FROM store.records',
  );
  if (!row?.event_time || row.record_id === null) return null;
  return { eventTime: row.event_time.getTime(), recordId: row.record_id };
}

/**
 * Event time up to which detection may run: the newest event minus the lateness while events keep arriving, the
 * newest event itself once nothing has arrived for as long as the lateness.
 */
export function horizon(newestEvent: number, lateness: number, quietFor: number): number {
  return quietFor >= lateness ? newestEvent : newestEvent - lateness;
}

/**
 * Runs every detector up to `until`, one after the other on one connection. One that fails or takes longer than
 * `timeoutMs` is reported as failed and the others run.
 */
export async function* judge(
  store: Store,
  detectors: readonly ArmedDetector[],
  until: number,
  lastRecordId: bigint,
  timeoutMs: number,
): AsyncGenerator<Judgement> {
  const progress = await readProgress(store);
  const firstNew = new Map<bigint, number | null>();
  const connection = await store.connect();
  try {
    for (const { detector, values, mode } of detectors) {
      const before = progressOf(progress, detector.id);
      if (before.lastRecordId === lastRecordId && before.watermark >= until) continue;
      try {
        const earliest = await earliestSince(store, before.lastRecordId, firstNew);
        // $since is exclusive, and event times are whole milliseconds.
        const since = Math.max(BEGINNING, Math.min(before.watermark, (earliest ?? until) - 1));
        const end = Math.max(until, before.watermark);
        const started = performance.now();
        const window = { since: timestamp(since), until: timestamp(end) };
        const evidence = await withTimeout(connection, timeoutMs, () =>
          collectEvidence(connection, detector, { ...values, ...window }),
        );
        yield {
          detector,
          mode,
          outcome: 'judged',
          evidence,
          progress: { lastRecordId, watermark: end },
          durationMs: performance.now() - started,
        };
      } catch (error) {
        yield { detector, outcome: 'failed', error: messageOf(error) };
      }
    }
  } finally {
    connection.closeSync();
  }
}

async function earliestSince(
  store: Store,
  recordId: bigint,
  known: Map<bigint, number | null>,
): Promise<number | null> {
  const cached = known.get(recordId);
  if (cached !== undefined) return cached;
  const [row] = await store.rows<{ first: Date | null }>(
    'SELECT min(event_time) AS first FROM store.records WHERE record_id > $recordId',
    { recordId },
  );
  const first = row?.first?.getTime() ?? null;
  known.set(recordId, first);
  return first;
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
