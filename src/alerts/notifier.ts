/** Writes down what happens to an alert, and puts what channels are to be told of it into the outbox. */
import type { Alert } from '../model/alert.ts';
import { isSilent } from '../model/alert.ts';
import { storeSql } from '../store/sql.ts';
import type { Transaction } from '../store/store.ts';
import type { ChannelEvent } from './channels/channel.ts';
import { type AlertAction, type AlertStep, addStep } from './history.ts';
import { type AlertMessageType, type AlertNotes, alertMessage, type EvidenceSample } from './message.ts';
import { enqueue } from './outbox.ts';
import { isRouted, type Route, tagsOf } from './routing.ts';
import { releaseOf } from './timing.ts';

/** What the file of a detector says to the person who reads its alerts. */
export interface DetectorNotes {
  why: string | null;
  /** ATT&CK technique ids. */
  attack: readonly string[];
  /** What to do, one step each. */
  runbook: readonly string[];
}

const MAX_SAMPLES = 5;

const TELLING_STATEMENTS = storeSql('telling-statements');

export interface NotifierOptions {
  routes: readonly Route[];
  /** Servers of each tag, as the configuration names them. */
  serverTags?: Readonly<Record<string, readonly string[]>>;
}

export class Notifier {
  readonly #routes: readonly Route[];
  readonly #serverTags: Readonly<Record<string, readonly string[]>>;

  constructor({ routes, serverTags = {} }: NotifierOptions) {
    this.#routes = routes;
    this.#serverTags = serverTags;
  }

  /**
   * Records a step in the life of an alert, and what has to be sent of it, in the transaction that makes the step. The alert
   * and its evidence are stored already. Of silent alerts nobody is told.
   *
   * @param event what the step is to the channels, several where any of them will do; null: it is not sent
   * @param now milliseconds since 1970-01-01 UTC
   */
  async tell(
    transaction: Transaction,
    alert: Alert,
    step: AlertStep,
    event: ChannelEvent | readonly ChannelEvent[] | null,
    notes: DetectorNotes,
    now: number,
  ): Promise<void> {
    const sequence = await addStep(transaction, alert, step, now);
    if (event === null || isSilent(alert)) return;
    const tags = tagsOf(alert, this.#serverTags);
    const events = typeof event === 'string' ? [event] : event;
    const routes = this.#routes.filter((route) => events.some((one) => isRouted(route, alert, tags, one)));
    if (routes.length === 0) return;
    const message = alertMessage(alert, messageType(step.action), {
      ...notes,
      tags,
      evidence: await evidenceSamples(transaction, alert),
      statements: await tellingStatements(transaction, alert),
      change: changeOf(step),
    });
    const recipients = routes.map((route) => ({
      channel: route.name,
      release: releaseOf(route, alert.severity, now),
    }));
    const subject = { id: alert.alertId, severity: alert.severity, sequence };
    await enqueue(transaction, subject, message, recipients, now);
  }
}

function messageType(action: AlertAction): AlertMessageType {
  return `alert.${action}`;
}

function changeOf({ action, actor, what, reason, note }: AlertStep): AlertNotes['change'] {
  if (action === 'opened') return null;
  const by = actor.via === 'worker' ? null : actor.name;
  return { what: what ?? action, by, reason, note };
}

/** The first rows of an alert's evidence. */
async function evidenceSamples(transaction: Transaction, alert: Alert): Promise<EvidenceSample[]> {
  const rows = await transaction.rows<{ event_time: Date; session_id: string | null; summary: string }>(
    `SELECT event_time, session_id, summary FROM store.evidence
     WHERE alert_id = $alert ORDER BY event_time, record_id LIMIT ${MAX_SAMPLES}`,
    { alert: alert.alertId },
  );
  return rows.map((row) => ({
    eventTime: row.event_time.getTime(),
    sessionId: row.session_id,
    summary: row.summary,
  }));
}

/** Normalised statements: literals stay here. */
async function tellingStatements(transaction: Transaction, alert: Alert): Promise<string[]> {
  const rows = await transaction.rows<{ normalized: string }>(TELLING_STATEMENTS, { alert: alert.alertId });
  return rows.map(({ normalized }) => normalized);
}
