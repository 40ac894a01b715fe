/**
 * One alert for each silence: opened with it, closed when the next sign of life comes. Pure.
 *
 * A silence is known by the last sign of life before it, so another look, or another worker, opens no second alert.
 */
import { createHash } from 'node:crypto';
import type { Alert } from '../../model/alert.ts';
import { SEVERITIES } from '../../model/severity.ts';
import { SILENCE, type SilentKind, silentKind } from '../engine-findings.ts';
import { changeText } from '../lifecycle.ts';
import type { Life, Silence } from './lives.ts';
import { spanText, stampText } from './span.ts';

/** An alert of a silence that has not ended with a sign of life. */
export interface KnownSilence {
  alert: Alert;
  /** Who closed it last; null: nobody did. */
  closedBy: 'worker' | 'person' | null;
}

export interface SilenceChange {
  alert: Alert;
  /** `gone`: nothing is expected any more. */
  change: 'opened' | 'reopened' | 'updated' | 'returned' | 'gone';
  /** In words; null for a new alert. */
  what: string | null;
}

/** Server of alerts that are about none. */
const NO_SERVER = 'pgvigil';

const TITLES: Readonly<Record<SilentKind, string>> = {
  server: 'A server is silent',
  partition: 'A partition of the hub is silent',
  source: 'The hub is silent',
  channel: 'A channel takes no alerts',
};

const GONE: Readonly<Record<SilentKind, string>> = {
  server: 'is no longer expected: nothing came for a week, or it is not watched any more',
  partition: 'is no longer watched',
  source: 'is no longer watched',
  channel: 'is no longer watched, or nothing waits for it',
};

/**
 * @param lives everything that is watched now
 * @param known silences that have not ended with a sign of life, closed or not
 */
export function judgeSilences(
  lives: readonly Life[],
  known: readonly KnownSilence[],
  now: number,
): SilenceChange[] {
  const byEntity = new Map(lives.map((life) => [life.entity, life]));
  const changes: SilenceChange[] = [];
  /** Entities with an alert that goes on. */
  const current = new Set<string>();
  for (const { alert } of known.filter(({ alert }) => alert.status !== 'closed')) {
    const life = byEntity.get(alert.entity);
    const end = endOf(alert, life, now);
    if (end !== null) {
      changes.push(end);
      continue;
    }
    current.add(alert.entity);
    const worse = worsened(alert, life?.silence ?? null, now);
    if (worse !== null) changes.push(worse);
  }
  for (const life of lives) {
    if (life.silence === null || current.has(life.entity)) continue;
    const begun = begin(life, life.silence, known, now);
    if (begun !== null) changes.push(begun);
  }
  return changes;
}

function endOf(alert: Alert, life: Life | undefined, now: number): SilenceChange | null {
  if (life !== undefined && life.lastSign !== null && life.lastSign > alert.firstSeen) {
    const { lastSign } = life;
    return {
      alert: {
        ...closed(alert, now),
        lastSeen: lastSign,
        summary: `${alert.entity} was silent from ${stampText(alert.firstSeen)} to ${stampText(lastSign)}`,
      },
      change: 'returned',
      what: `is back after ${spanText(lastSign - alert.firstSeen)}`,
    };
  }
  if (life?.isOwed) return null;
  const kind = silentKind(alert.entity);
  return {
    alert: closed(alert, now),
    change: 'gone',
    what: kind === undefined ? null : GONE[kind],
  };
}

function closed(alert: Alert, now: number): Alert {
  return { ...alert, status: 'closed', updatedAt: now };
}

/** Only a higher severity is told: a silence that goes on is no news. */
function worsened(before: Alert, silence: Silence | null, now: number): SilenceChange | null {
  if (silence === null) return null;
  const { severity, summary } = silence;
  if (SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(before.severity)) return null;
  const alert = { ...before, severity, summary, lastSeen: now, updatedAt: now };
  return { alert, change: 'updated', what: changeText({ alert, before }) };
}

/** A person who closed the alert of this very silence knows of it: nothing is opened. */
function begin(
  life: Life,
  silence: Silence,
  known: readonly KnownSilence[],
  now: number,
): SilenceChange | null {
  const id = silenceId(life);
  const before = known.find(({ alert }) => alert.alertId === id);
  if (before?.closedBy === 'person') return null;
  const alert = alertOf(life, silence, id, before?.alert.createdAt ?? now, now);
  return before === undefined
    ? { alert, change: 'opened', what: null }
    : { alert, change: 'reopened', what: 'is silent still' };
}

function alertOf(life: Life, silence: Silence, alertId: string, createdAt: number, now: number): Alert {
  return {
    alertId,
    detector: SILENCE.id,
    detectorName: SILENCE.name,
    title: TITLES[life.kind],
    severity: silence.severity,
    status: 'open',
    server: life.server ?? NO_SERVER,
    entity: life.entity,
    summary: silence.summary,
    user: null,
    client: null,
    database: null,
    application: null,
    firstSeen: silence.since,
    lastSeen: now,
    count: 1,
    sessions: [],
    observed: null,
    threshold: null,
    baseline: null,
    createdAt,
    updatedAt: now,
    tactic: null,
    risk: null,
    capHour: null,
    allowedBy: [],
  };
}

function silenceId({ kind, entity, lastSign }: Life): string {
  const key = JSON.stringify([SILENCE.id, kind, entity, lastSign]);
  return `al_${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;
}
