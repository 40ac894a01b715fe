/**
 * Folds evidence into alerts. Pure.
 *
 * Evidence with one (detector, server, entity) and no quiet time in between is one alert. The result does not
 * depend on how the evidence was cut into runs, as long as the runs come in event time.
 */
import { createHash } from 'node:crypto';
import type { Alert, SILENT_STATUSES } from '../model/alert.ts';
import type { Evidence } from '../model/evidence.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';

/** Alerts of one lane never take evidence of another: `open` is the lane of what people hear of. */
export type Lane = 'open' | Exclude<(typeof SILENT_STATUSES)[number], 'held'>;

/** What the fold needs to know of a detector. */
export interface AlertKind {
  id: string;
  name: string;
  title: string;
  severity: Severity;
  /** Milliseconds without evidence after which new evidence opens a new alert. */
  quiet: number;
  /** Status of what it opens. */
  lane: Lane;
  /** What an alert adds to the risk of its entity; null: nothing. */
  tactic: string | null;
  risk: number | null;
}

export interface AlertChange {
  alert: Alert;
  /** Evidence that is new to it, in order of time. */
  added: Evidence[];
  /**
   * `opened`, `updated` and `reopened` go out; `grown` does not: only its counts changed, and not across 10, 100, 1,000 …
   */
  change: 'opened' | 'updated' | 'reopened' | 'grown';
  /** What it was; null when it is new. */
  before: Pick<Alert, 'severity' | 'count'> | null;
}

/** Sessions kept on one alert; the evidence has them all. */
const MAX_SESSIONS = 1000;

const rank = (severity: Severity) => SEVERITIES.indexOf(severity);

/**
 * @param existing alerts of this detector for the servers and entities of the evidence
 * @param evidence rows that are not yet evidence of any of them, in any order
 */
export function foldEvidence(
  kind: AlertKind,
  existing: readonly Alert[],
  evidence: readonly Evidence[],
  now: number,
): AlertChange[] {
  const changes = new Map<string, AlertChange>();
  const byEntity = new Map<string, Alert[]>();
  for (const alert of existing) {
    listFor(byEntity, entityKey(alert.server, alert.entity)).push(structuredClone(alert));
  }
  const before = new Map(existing.map((alert) => [alert.alertId, alert]));
  const ordered = [...evidence].sort(
    (a, b) => a.eventTime - b.eventTime || (a.recordId < b.recordId ? -1 : 1),
  );

  for (const row of ordered) {
    const candidates = listFor(byEntity, entityKey(row.server, row.entity));
    let alert = candidates.find(
      (candidate) =>
        row.eventTime >= candidate.firstSeen - kind.quiet && row.eventTime <= candidate.lastSeen + kind.quiet,
    );
    if (alert === undefined) {
      alert = open(kind, row, now);
      candidates.push(alert);
    } else {
      extend(alert, kind, row, now);
    }
    const change = changes.get(alert.alertId) ?? { alert, added: [], change: 'grown', before: null };
    change.added.push(row);
    changes.set(alert.alertId, change);
  }
  for (const change of changes.values()) {
    const known = before.get(change.alert.alertId);
    change.change = howItChanged(known, change.alert);
    change.before = known ?? null;
  }
  return [...changes.values()];
}

/** What an alert is now against what it was: worth a message, or not. */
export function howItChanged(before: Alert | undefined, after: Alert): AlertChange['change'] {
  if (before === undefined) return 'opened';
  if (before.status === 'closed' && after.status === 'open') return 'reopened';
  if (rank(after.severity) > rank(before.severity)) return 'updated';
  return magnitude(after.count) > magnitude(before.count) ? 'updated' : 'grown';
}

function magnitude(count: number): number {
  return Math.floor(Math.log10(count) + 1e-9);
}

/** What of a change is worth telling, in words; null where its kind says it all. */
export function changeText({ alert, before }: Pick<AlertChange, 'alert' | 'before'>): string | null {
  if (before === null) return null;
  const parts: string[] = [];
  if (rank(alert.severity) > rank(before.severity)) {
    parts.push(`severity rose from ${before.severity} to ${alert.severity}`);
  }
  if (magnitude(alert.count) > magnitude(before.count)) {
    parts.push(`${alert.count.toLocaleString('en')} events so far`);
  }
  return parts.length === 0 ? null : parts.join(', ');
}

function open(kind: AlertKind, row: Evidence, now: number): Alert {
  return {
    alertId: alertId(kind, row),
    detector: kind.id,
    detectorName: kind.name,
    title: kind.title,
    severity: row.severity ?? kind.severity,
    status: kind.lane,
    server: row.server,
    entity: row.entity,
    summary: row.summary,
    user: row.user,
    client: row.client,
    database: row.database,
    application: row.application,
    firstSeen: row.eventTime,
    lastSeen: row.eventTime,
    count: 1,
    sessions: row.sessionId === null ? [] : [row.sessionId],
    observed: row.observed,
    threshold: row.threshold,
    baseline: row.baseline,
    createdAt: now,
    updatedAt: now,
    tactic: kind.tactic,
    risk: kind.risk,
    capHour: null,
    allowedBy: [],
  };
}

/**
 * Derived from what the alert is about, so that a repeated run names it alike. Two events of one moment may lie in two
 * lanes.
 */
function alertId({ id, lane }: AlertKind, row: Evidence): string {
  const about = [id, row.server, row.entity, row.eventTime];
  const key = JSON.stringify(lane === 'open' ? about : [...about, lane]);
  return `al_${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;
}

function extend(alert: Alert, kind: AlertKind, row: Evidence, now: number): void {
  // Closing is no silence: what goes on opens it again. What came late, of before, only completes it.
  if (alert.status === 'closed' && row.eventTime > alert.lastSeen) alert.status = 'open';
  const severity = row.severity ?? kind.severity;
  const more = (row.observed ?? 0) > (alert.observed ?? 0);
  if (rank(severity) > rank(alert.severity) || (severity === alert.severity && more))
    alert.summary = row.summary;
  if (rank(severity) > rank(alert.severity)) alert.severity = severity;
  if (more) {
    alert.observed = row.observed;
    alert.threshold = row.threshold;
    alert.baseline = row.baseline;
  }
  alert.user = same(alert.user, row.user);
  alert.client = same(alert.client, row.client);
  alert.database = same(alert.database, row.database);
  alert.application = same(alert.application, row.application);
  alert.firstSeen = Math.min(alert.firstSeen, row.eventTime);
  alert.lastSeen = Math.max(alert.lastSeen, row.eventTime);
  alert.count++;
  if (
    row.sessionId !== null &&
    alert.sessions.length < MAX_SESSIONS &&
    !alert.sessions.includes(row.sessionId)
  ) {
    alert.sessions.push(row.sessionId);
  }
  alert.updatedAt = now;
}

/** The value that all evidence shares, or null. */
function same(known: string | null, value: string | null): string | null {
  return known === value ? known : null;
}

function entityKey(server: string, entity: string): string {
  return JSON.stringify([server, entity]);
}

function listFor<T>(map: Map<string, T[]>, key: string): T[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}
