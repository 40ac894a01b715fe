/** What becomes of new evidence: alerts that go out, alerts that are only kept, and the finding that some are. */
import type { Detector } from '../detect/detector.ts';
import type { Alert } from '../model/alert.ts';
import type { Evidence } from '../model/evidence.ts';
import type { Transaction } from '../store/store.ts';
import { recentAlerts, saveChanges, unknownEvidence } from './alert-store.ts';
import { type SortedEvidence, sortEvidence } from './allow-list/sorting.ts';
import type { AlertCaps } from './caps.ts';
import { saveFloods } from './flood.ts';
import { holdBack } from './holding.ts';
import { type AlertChange, type AlertKind, foldEvidence } from './lifecycle.ts';

/** A detector as far as its alerts go. */
export type RaisingDetector = Pick<
  Detector,
  'id' | 'name' | 'title' | 'severity' | 'quiet' | 'correlates' | 'tactic' | 'risk'
>;

/** Entries named on one alert. */
const MAX_ALLOWED_BY = 20;

/**
 * Folds what is new of the evidence of one detector and stores all that follows: alerts, evidence, hits of the allow-list.
 *
 * @returns every change, those that nobody is told of, too
 */
export async function raiseAlerts(
  transaction: Transaction,
  detector: RaisingDetector,
  isShadow: boolean,
  evidence: readonly Evidence[],
  caps: AlertCaps,
  now: number,
): Promise<AlertChange[]> {
  const fresh = await unknownEvidence(transaction, detector.id, evidence);
  if (fresh.length === 0) return [];
  const kind = alertKind(detector, isShadow);
  const changes: AlertChange[] = [];
  for (const sorted of await sortEvidence(transaction, kind, fresh)) {
    changes.push(...(await fold(transaction, { ...kind, lane: sorted.lane }, sorted, now)));
  }
  const open = changes.filter(({ alert }) => alert.status === 'open' || alert.status === 'held');
  const held = await holdBack(transaction, detector.id, open, caps);
  await saveChanges(transaction, changes);
  return [...changes, ...(await saveFloods(transaction, held, now))];
}

/** What the fold has to know of a detector. */
export function alertKind(detector: RaisingDetector, isShadow: boolean): AlertKind {
  const { id, name, title, severity, quiet, correlates, tactic, risk } = detector;
  const counted = correlates ? { tactic: null, risk: null } : { tactic, risk };
  return { id, name, title, severity, quiet, lane: isShadow ? 'shadow' : 'open', ...counted };
}

async function fold(
  transaction: Transaction,
  kind: AlertKind,
  sorted: SortedEvidence,
  now: number,
): Promise<AlertChange[]> {
  const first = sorted.rows.reduce((least, row) => Math.min(least, row.eventTime), Number.POSITIVE_INFINITY);
  const existing = await recentAlerts(transaction, kind.id, kind.lane, first - kind.quiet);
  return foldLane(kind, existing, sorted, now);
}

/**
 * Folds the evidence of one lane and notes the entries that matched it.
 *
 * @param existing alerts of the detector in this lane that may take it
 */
export function foldLane(
  kind: AlertKind,
  existing: readonly Alert[],
  { rows, allowedBy }: SortedEvidence,
  now: number,
): AlertChange[] {
  const changes = foldEvidence(kind, existing, rows, now);
  for (const { alert, added } of changes) {
    const ids = new Set([...alert.allowedBy, ...added.flatMap((row) => allowedBy.get(row) ?? [])]);
    alert.allowedBy = [...ids].slice(0, MAX_ALLOWED_BY);
  }
  return changes;
}
