/**
 * What leaves: the neutral form of every message, as it stands in the outbox and as the webhook posts it. Statements leave
 * with their literals replaced, never as they were written. Attackers write most of these strings, so each one is cut, freed
 * of control characters, and kept in JSON. Pure.
 */
import type { Alert, AlertStatus } from '../model/alert.ts';
import type { Severity } from '../model/severity.ts';
import { bounded, boundedOrNull } from './bounded.ts';
import { acknowledgeCommand, evidenceQuery, silenceCommand } from './next-steps.ts';

/** What an alert message tells. `updated`: the severity rose, or the count crossed 10, 100, 1,000. */
export type AlertMessageType =
  | 'alert.opened'
  | 'alert.updated'
  | 'alert.acknowledged'
  | 'alert.reopened'
  | 'alert.closed'
  /** Sent by `pgvigil alerts test`; nothing is stored under its id. */
  | 'alert.test';
export type MessageType = AlertMessageType | 'alert.digest';

/** Times are ISO 8601 in UTC. */
export interface AlertMessage {
  type: AlertMessageType;
  /** Time of the alert's last change. */
  timestamp: string | null;
  data: AlertData;
}

export interface AlertData {
  id: string;
  detector: string;
  name: string;
  title: string;
  severity: Severity;
  status: AlertStatus;
  server: string;
  /** What alerts are folded by, together with detector and server. */
  entity: string;
  /** What happened, in one sentence. */
  summary: string;
  /** Why ordinary work does not look like this. */
  why: string | null;
  user: string | null;
  client: string | null;
  database: string | null;
  application: string | null;
  first_seen: string | null;
  last_seen: string | null;
  /** Distinct events of evidence. */
  count: number;
  sessions: string[];
  observed: number | null;
  /** What is usual, in the unit of `observed`. */
  baseline: number | null;
  threshold: number | null;
  tactic: string | null;
  /** ATT&CK technique ids. */
  attack: string[];
  tags: string[];
  runbook: string[];
  /** The first events. */
  evidence: { time: string | null; session: string | null; summary: string }[];
  /** The most telling statements, `$n` for each literal. */
  statements: string[];
  /** Command lines: all of the evidence; not to be told of this for a while; this one is being looked at. */
  query: string;
  silence: string;
  acknowledge: string;
  /** Links of this one message, where they are configured: put in when it is sent, see `LinkedChannel`. */
  links: { acknowledge: string; close: string } | null;
  /** What changed since the last message, and whose doing it is. Null for a new alert. */
  change: { what: string; by: string | null; reason: string | null; note: string | null } | null;
}

/** Several messages in one: in place of messages that wait, that nobody is to be woken for, or that are too many. */
export interface DigestMessage {
  type: 'alert.digest';
  timestamp: string | null;
  data: DigestData;
}

export interface DigestData {
  id: string;
  reason: DigestReason;
  /** When the first and the last of the messages was put into the outbox. */
  from: string | null;
  to: string | null;
  /** Messages that it stands for, and distinct alerts in them. */
  messages: number;
  alerts: number;
  by_severity: { severity: Severity; alerts: number }[];
  by_detector: { detector: string; title: string; alerts: number }[];
  by_server: { server: string; alerts: number }[];
  /** The most severe alerts. */
  top: { id: string; severity: Severity; detector: string; server: string; summary: string; count: number }[];
  query: string;
}

/** Why messages were gathered. */
export type DigestReason = 'schedule' | 'quiet_hours' | 'overflow';

export type Message = AlertMessage | DigestMessage;

/** A row of evidence as far as it may leave. There is no field for the text of a statement. */
export interface EvidenceSample {
  /** Milliseconds since 1970-01-01 UTC. */
  eventTime: number;
  sessionId: string | null;
  summary: string;
}

/** What an alert message says besides the alert itself. */
export interface AlertNotes {
  why?: string | null;
  /** ATT&CK technique ids, e.g. T1110.001. */
  attack?: readonly string[];
  tags?: readonly string[];
  /** What to do, one step each. */
  runbook?: readonly string[];
  evidence?: readonly EvidenceSample[];
  /** Normalised statements. */
  statements?: readonly string[];
  change?: AlertData['change'];
}

const MAX_SESSIONS = 20;
const MAX_EVIDENCE = 5;
const MAX_STATEMENTS = 3;
const MAX_TECHNIQUES = 10;
const MAX_TAGS = 10;
const MAX_STEPS = 8;
const MAX_STATEMENT_CHARACTERS = 300;

/**
 * Limits in bytes of JSON. Standard Webhooks asks for less than 20 kB. The largest message takes about 3 × 1,200 for
 * statements, 5 × 700 for evidence, 8 × 300 for steps, 20 × 60 for sessions, 2 × 400 for links and 6,000 for the rest.
 */
const BYTES = {
  id: 80,
  name: 300,
  sentence: 1000,
  why: 500,
  sample: 600,
  statement: 1200,
  session: 60,
  step: 300,
  note: 600,
};

/** A message about an alert, always less than 20 kB of JSON. The same state of an alert gives the same message. */
export function alertMessage(alert: Alert, type: AlertMessageType, notes: AlertNotes = {}): AlertMessage {
  const { attack = [], tags = [], runbook = [], evidence = [], statements = [] } = notes;
  return {
    type,
    timestamp: isoTime(alert.updatedAt),
    data: {
      id: bounded(alert.alertId, BYTES.id),
      detector: bounded(alert.detector, BYTES.id),
      name: bounded(alert.detectorName, BYTES.id),
      title: bounded(alert.title, BYTES.name),
      severity: alert.severity,
      status: alert.status,
      server: bounded(alert.server, BYTES.name),
      entity: bounded(alert.entity, BYTES.name),
      summary: bounded(alert.summary, BYTES.sentence),
      why: boundedOrNull(notes.why ?? null, BYTES.why),
      user: boundedOrNull(alert.user, BYTES.name),
      client: boundedOrNull(alert.client, BYTES.name),
      database: boundedOrNull(alert.database, BYTES.name),
      application: boundedOrNull(alert.application, BYTES.name),
      first_seen: isoTime(alert.firstSeen),
      last_seen: isoTime(alert.lastSeen),
      count: alert.count,
      sessions: alert.sessions.slice(0, MAX_SESSIONS).map((session) => bounded(session, BYTES.session)),
      observed: alert.observed,
      baseline: alert.baseline,
      threshold: alert.threshold,
      tactic: alert.tactic,
      attack: attack.slice(0, MAX_TECHNIQUES).map((technique) => bounded(technique, BYTES.id)),
      tags: tags.slice(0, MAX_TAGS).map((tag) => bounded(tag, BYTES.id)),
      runbook: runbook.slice(0, MAX_STEPS).map((step) => bounded(step, BYTES.step)),
      evidence: evidence.slice(0, MAX_EVIDENCE).map((sample) => ({
        time: isoTime(sample.eventTime),
        session: boundedOrNull(sample.sessionId, BYTES.session),
        summary: bounded(sample.summary, BYTES.sample),
      })),
      statements: statements
        .slice(0, MAX_STATEMENTS)
        .map((statement) => bounded(statement, BYTES.statement, MAX_STATEMENT_CHARACTERS)),
      query: evidenceQuery(alert.alertId),
      silence: silenceCommand(alert),
      acknowledge: acknowledgeCommand(alert.alertId),
      links: null,
      change: notes.change
        ? {
            what: bounded(notes.change.what, BYTES.name),
            by: boundedOrNull(notes.change.by, BYTES.name),
            reason: boundedOrNull(notes.change.reason, BYTES.name),
            note: boundedOrNull(notes.change.note, BYTES.note),
          }
        : null,
    },
  };
}

/** Null for what no calendar holds: a time out of range must not stop an alert. */
export function isoTime(milliseconds: number): string | null {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
