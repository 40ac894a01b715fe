/** What people do with alerts and their deliveries, each in a transaction of its own, with who did it. */
import { loadDetectors } from '../detect/detector.ts';
import { PgvigilError } from '../errors.ts';
import { type Alert, isSilent } from '../model/alert.ts';
import type { Store, Transaction } from '../store/store.ts';
import { type AlertRow, alertFromRow, saveChanges } from './alert-store.ts';
import type { ChannelEvent } from './channels/channel.ts';
import { enable } from './disabled-channels.ts';
import { engineFinding } from './engine-findings.ts';
import type { Actor } from './history.ts';
import type { DetectorNotes, Notifier } from './notifier.ts';
import { type DeadLetters, replay } from './outbox.ts';

/** Why an alert is closed. */
export const CLOSE_REASONS = ['resolved', 'false-positive', 'expected', 'duplicate'] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** What a person can do with an alert. */
export type AlertDecision =
  | { action: 'acknowledge'; note: string | null }
  | { action: 'reopen'; note: string | null }
  | { action: 'close'; reason: CloseReason; note: string | null };

const STEPS = {
  acknowledge: { action: 'acknowledged', status: 'acknowledged', event: 'acknowledged' },
  reopen: { action: 'reopened', status: 'open', event: 'opened' },
  close: { action: 'closed', status: 'closed', event: 'closed' },
} as const satisfies Record<
  AlertDecision['action'],
  { action: string; status: Alert['status']; event: ChannelEvent }
>;

/** Its file is gone by now. */
const UNKNOWN_DETECTOR: DetectorNotes = { why: null, attack: [], runbook: [] };

export interface DeskOptions {
  store: Pick<Store, 'transaction'>;
  notifier: Notifier;
  detectorFolders: readonly string[];
  /** Milliseconds since 1970-01-01 UTC. */
  now?: () => number;
}

export class AlertDesk {
  readonly #store: Pick<Store, 'transaction'>;
  readonly #notifier: Notifier;
  readonly #detectorFolders: readonly string[];
  readonly #now: () => number;

  constructor({ store, notifier, detectorFolders, now = Date.now }: DeskOptions) {
    this.#store = store;
    this.#notifier = notifier;
    this.#detectorFolders = detectorFolders;
    this.#now = now;
  }

  /**
   * Acknowledges, closes or reopens an alert, and tells the channels.
   *
   * @param idPrefix the alert's id, or its beginning
   * @returns the alert as it is now
   * @throws PgvigilError NOT_FOUND, or USAGE when the alert is not in a state for this
   */
  async decide(idPrefix: string, decision: AlertDecision, actor: Actor): Promise<Alert> {
    const { detectors } = await loadDetectors(this.#detectorFolders);
    return this.#store.transaction(async (transaction) => {
      const before = await findAlert(transaction, idPrefix);
      checkState(before, decision.action);
      const { action, status, event } = STEPS[decision.action];
      const now = this.#now();
      const alert = { ...before, status, updatedAt: now };
      await saveChanges(transaction, [{ alert, added: [], change: 'grown', before }]);
      const step = {
        action,
        actor,
        what: null,
        reason: decision.action === 'close' ? decision.reason : null,
        note: decision.note,
      };
      const notes =
        engineFinding(alert) ?? detectors.find(({ id }) => id === alert.detector) ?? UNKNOWN_DETECTOR;
      await this.#notifier.tell(transaction, alert, step, event, notes, now);
      return alert;
    });
  }

  /**
   * Puts messages that were given up back into the queue.
   *
   * @returns how many
   * @throws PgvigilError NOT_FOUND where there is none
   */
  async replay(what: DeadLetters): Promise<number> {
    const count = await this.#store.transaction((transaction) => replay(transaction, what, this.#now()));
    if (count === 0) {
      throw new PgvigilError(
        'NOT_FOUND',
        'there is no dead letter to replay',
        '`pgvigil alerts deliveries --state dead` shows those that there are.',
      );
    }
    return count;
  }

  /** Lets a channel be tried again whose receiver wanted no more. @throws PgvigilError NOT_FOUND */
  async enable(channel: string): Promise<void> {
    if (await this.#store.transaction((transaction) => enable(transaction, channel))) return;
    throw new PgvigilError(
      'NOT_FOUND',
      `no channel ${channel} is disabled`,
      '`pgvigil alerts channels` shows their states.',
    );
  }
}

async function findAlert(transaction: Transaction, idPrefix: string): Promise<Alert> {
  // An empty text begins every id: that of a variable that was not set is nobody's choice.
  const rows = await transaction.rows<AlertRow>(
    "SELECT * FROM store.alerts WHERE $id <> '' AND starts_with(alert_id, $id) LIMIT 2",
    { id: idPrefix },
  );
  const [row] = rows;
  if (row !== undefined && rows.length === 1) return alertFromRow(row);
  throw new PgvigilError(
    'NOT_FOUND',
    row === undefined ? `there is no alert ${idPrefix}` : `several alerts begin with ${idPrefix}`,
    '`pgvigil alerts list` shows their ids.',
  );
}

function checkState(alert: Alert, action: AlertDecision['action']): void {
  const { alertId, status } = alert;
  if (isSilent(alert)) {
    throw new PgvigilError(
      'USAGE',
      `alert ${alertId} is ${status}: nobody was told of it, and there is nothing to ${action}`,
      'It stays as it is, for you to see.',
    );
  }
  if (action === 'reopen' && status !== 'closed') {
    throw new PgvigilError('USAGE', `alert ${alertId} is ${status}, not closed`, 'There is nothing to do.');
  }
  if (action !== 'reopen' && status === 'closed') {
    throw new PgvigilError(
      'USAGE',
      `alert ${alertId} is closed already`,
      `Who closed it, and why: pgvigil alerts show ${alertId}. To open it again: pgvigil alerts reopen ${alertId}.`,
    );
  }
}
