/** What the store says in the end: messages, attempts, and the alerts behind them. */
import type { Row, Store } from '../../../src/store/store.ts';

/** A message of one channel. */
export interface StoredDelivery extends Row {
  deliveryId: string;
  alertId: string;
  channel: string;
  webhookId: string;
  type: string;
  state: string;
  attempts: number;
  /** Of the body as it stands in the outbox. */
  sha256: string;
  /** Number of the step among the messages of its alert and channel, from 1, in the order in which they were stored. */
  place: number;
}

/** An attempt on record; times in milliseconds. */
export interface StoredAttempt extends Row {
  deliveryId: string;
  attempt: number;
  startedAt: number;
  endedAt: number;
  outcome: string;
  status: number | null;
  error: string | null;
  bodySha256: string | null;
}

/** An alert with its life. */
export interface StoredAlert extends Row {
  alertId: string;
  user: string;
  status: string;
  evidence: number;
  /** Rows of evidence that there are. */
  evidenceRows: number;
  actions: string[];
  /** Whether its steps are numbered from 1 without a gap. */
  isNumbered: boolean;
}

export interface Stored {
  deliveries: StoredDelivery[];
  attempts: StoredAttempt[];
  alerts: StoredAlert[];
}

const DELIVERIES = `
  SELECT delivery_id AS "deliveryId", alert_id AS "alertId", channel, webhook_id AS "webhookId", body->>'$.type' AS type, state,
         attempts, sha256(body) AS sha256,
         row_number() OVER (PARTITION BY alert_id, channel ORDER BY rowid)::INTEGER AS place
  FROM store.outbox ORDER BY rowid`;

const ATTEMPTS = `
  SELECT delivery_id AS "deliveryId", attempt, epoch_ms(started_at)::DOUBLE AS "startedAt",
         (epoch_ms(started_at) + latency_ms)::DOUBLE AS "endedAt", outcome, status, error, body_sha256 AS "bodySha256"
  FROM delivery_attempts ORDER BY delivery_id, attempt`;

const ALERTS = `
  SELECT a.alert_id AS "alertId", a.user_name AS user, a.status, a.evidence_count::INTEGER AS evidence,
         (SELECT count(*) FROM evidence e WHERE e.alert_id = a.alert_id)::INTEGER AS "evidenceRows",
         coalesce(h.actions, []) AS actions, coalesce(h.numbered, false) AS "isNumbered"
  FROM alerts a
  LEFT JOIN (
    SELECT alert_id, list(action ORDER BY sequence) AS actions,
           list(sequence ORDER BY sequence) = range(1, count(*) + 1) AS numbered
    FROM alert_history GROUP BY alert_id
  ) h ON h.alert_id = a.alert_id`;

export async function readStored(store: Store): Promise<Stored> {
  return {
    deliveries: await store.rows<StoredDelivery>(DELIVERIES),
    attempts: await store.rows<StoredAttempt>(ATTEMPTS),
    alerts: await store.rows<StoredAlert>(ALERTS),
  };
}
