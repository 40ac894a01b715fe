/**
 * What leaves: the body of a webhook. Statements leave with their literals replaced, never as they were written.
 * Attackers write most of these strings, so each one is cut, freed of control characters, and kept in JSON. Pure.
 */
import type { Alert } from '../model/alert.ts';

/** Type of message: the alert is new, or it has grown (severity, count). */
export type MessageType = 'alert.opened' | 'alert.updated';

/** A row of evidence as far as it may leave. There is no field for the text of a statement. */
export interface EvidenceSample {
  /** Milliseconds since 1970-01-01 UTC. */
  eventTime: number;
  sessionId: string | null;
  summary: string;
  /** Statement with `$n` for each literal; null where none is known. */
  normalized: string | null;
}

/** What the detector's file says to the person who reads the alert. */
export interface DetectorNotes {
  /** ATT&CK technique ids, e.g. T1110.001. */
  attack?: readonly string[];
  /** What to do, one step each. */
  runbook?: readonly string[];
}

const MAX_SESSIONS = 20;
const MAX_EVIDENCE = 5;
const MAX_TECHNIQUES = 10;
const MAX_STEPS = 8;
const MAX_STATEMENT_CHARACTERS = 300;

/**
 * Limits in bytes of JSON. Standard Webhooks asks for less than 20 kB. The largest message takes about
 * 5 × (600 + 1,200) for evidence, 8 × 300 for steps, 20 × 60 for sessions and 4,000 for the rest.
 */
const BYTES = { id: 80, name: 300, sentence: 1000, sample: 600, statement: 1200, session: 60, step: 300 };

/**
 * Body of a message: `{type, timestamp, data}` in JSON, always less than 20 kB. `timestamp` is the time of the
 * alert's last change, so that the same state gives the same body.
 */
export function alertMessage(
  alert: Alert,
  evidence: readonly EvidenceSample[],
  type: MessageType,
  notes: DetectorNotes = {},
): string {
  return JSON.stringify({
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
      user: boundedOrNull(alert.user, BYTES.name),
      client: boundedOrNull(alert.client, BYTES.name),
      database: boundedOrNull(alert.database, BYTES.name),
      application: boundedOrNull(alert.application, BYTES.name),
      first_seen: isoTime(alert.firstSeen),
      last_seen: isoTime(alert.lastSeen),
      count: alert.count,
      sessions: alert.sessions.slice(0, MAX_SESSIONS).map((session) => bounded(session, BYTES.session)),
      observed: alert.observed,
      threshold: alert.threshold,
      attack: notes.attack?.slice(0, MAX_TECHNIQUES).map((technique) => bounded(technique, BYTES.id)),
      runbook: notes.runbook?.slice(0, MAX_STEPS).map((step) => bounded(step, BYTES.step)),
      evidence: evidence.slice(0, MAX_EVIDENCE).map((sample) => ({
        time: isoTime(sample.eventTime),
        session: boundedOrNull(sample.sessionId, BYTES.session),
        summary: bounded(sample.summary, BYTES.sample),
        statement:
          sample.normalized === null
            ? null
            : bounded(sample.normalized, BYTES.statement, MAX_STATEMENT_CHARACTERS),
      })),
      query: evidenceQuery(alert.alertId),
    },
  });
}

/** Command line that shows all evidence of an alert. People paste it into a shell: the id is held to plain characters. */
function evidenceQuery(alertId: string): string {
  const id = alertId.slice(0, BYTES.id).replace(/[^\w.:-]/g, '');
  return `pgvigil query "SELECT event_time, session_id, user_name, client, summary, normalized FROM evidence WHERE alert_id = '${id}' ORDER BY event_time"`;
}

/** Null for what no calendar holds: a time out of range must not stop an alert. */
function isoTime(milliseconds: number): string | null {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function boundedOrNull(text: string | null, maxBytes: number): string | null {
  return text === null ? null : bounded(text, maxBytes);
}

/** Controls, direction marks, line separators and halves of surrogate pairs: they hide or reorder what a person reads. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * One line of text that takes at most `maxBytes` of UTF-8 inside a JSON string, with `…` where it was cut.
 * Looks no further into the text than it keeps.
 */
function bounded(text: string, maxBytes: number, maxCharacters = maxBytes): string {
  const room = maxBytes - Buffer.byteLength('…');
  let kept = '';
  let bytes = 0;
  let characters = 0;
  for (const character of text) {
    const safe = UNSAFE.test(character) ? ' ' : character;
    const size = safe === '"' || safe === '\\' ? 2 : Buffer.byteLength(safe);
    if (bytes + size > room || characters + 1 >= maxCharacters) return `${kept}…`;
    kept += safe;
    bytes += size;
    characters++;
  }
  return kept;
}
