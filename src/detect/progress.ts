/** How far each detector has looked; stored with the alerts that came of it. */
import { listValue } from '@duckdb/node-api';
import { timestamp } from '../store/rows.ts';
import type { Store, Transaction } from '../store/store.ts';

export interface DetectorProgress {
  /** Last record that had arrived when the detector last ran. */
  lastRecordId: bigint;
  /** Event time up to which it has looked; 1970 before its first run. */
  watermark: number;
}

const NEVER: DetectorProgress = { lastRecordId: 0n, watermark: 0 };

/** Progress of every detector that ever ran. */
export async function readProgress(store: Store): Promise<Map<string, DetectorProgress>> {
  const rows = await store.rows<{ detector: string; last_record_id: bigint; watermark: Date }>(
    'SELECT detector, last_record_id, watermark FROM store.detector_state',
  );
  return new Map(
    rows.map((row) => [
      row.detector,
      { lastRecordId: row.last_record_id, watermark: row.watermark.getTime() },
    ]),
  );
}

export function progressOf(
  progress: ReadonlyMap<string, DetectorProgress>,
  detector: string,
): DetectorProgress {
  return progress.get(detector) ?? NEVER;
}

/** Whether `one` has looked as far as `other`. */
export function isAtLeast(one: DetectorProgress, other: DetectorProgress): boolean {
  return one.lastRecordId >= other.lastRecordId && one.watermark >= other.watermark;
}

/** Where most of the detectors stand; of equally many, those that are furthest. */
export function mostCommon(all: readonly (DetectorProgress | undefined)[]): DetectorProgress {
  const counts = new Map<string, { progress: DetectorProgress; count: number }>();
  for (const progress of all) {
    if (progress === undefined) continue;
    const key = `${progress.lastRecordId} ${progress.watermark}`;
    const count = (counts.get(key)?.count ?? 0) + 1;
    counts.set(key, { progress, count });
  }
  const [first] = [...counts.values()].sort(
    (a, b) => b.count - a.count || Number(b.progress.lastRecordId - a.progress.lastRecordId),
  );
  return first?.progress ?? { lastRecordId: 0n, watermark: 0 };
}

/** Records a run that succeeded, of detectors that looked as far as one another. */
export async function saveProgress(
  transaction: Transaction,
  detectors: readonly string[],
  progress: DetectorProgress,
  now: number,
): Promise<void> {
  const values = {
    detectors: listValue([...detectors]),
    record: progress.lastRecordId,
    watermark: timestamp(progress.watermark),
    now: timestamp(now),
  };
  await transaction.run(
    `UPDATE store.detector_state
     SET last_record_id = $record, watermark = $watermark, updated_at = $now, runs = runs + 1, last_error = NULL
     WHERE list_contains($detectors::VARCHAR[], detector)`,
    values,
  );
  await transaction.run(
    `INSERT INTO store.detector_state
     SELECT detector, $record, $watermark, $now, 1, 0, NULL FROM (SELECT unnest($detectors::VARCHAR[]) AS detector)
     ANTI JOIN store.detector_state USING (detector)`,
    values,
  );
}

/** Records a run that failed; the next one goes on from `progress`. */
export async function saveFailure(
  transaction: Transaction,
  detector: string,
  error: string,
  progress: DetectorProgress,
  now: number,
): Promise<void> {
  const values = {
    detector,
    error,
    record: progress.lastRecordId,
    watermark: timestamp(progress.watermark),
    now: timestamp(now),
  };
  const updated = await transaction.rows(
    `UPDATE store.detector_state
     SET last_record_id = $record, watermark = $watermark, failures = failures + 1, last_error = $error, updated_at = $now
     WHERE detector = $detector RETURNING detector`,
    values,
  );
  if (updated.length > 0) return;
  await transaction.run(
    'INSERT INTO store.detector_state VALUES ($detector, $record, $watermark, $now, 0, 1, $error)',
    values,
  );
}
