/**
 * The record of attempts. Those that end while a transaction is under way are committed together with the next: many
 * receivers do not cost as many commits as they take messages.
 */
import { listValue } from '@duckdb/node-api';
import { timestamp } from '../store/rows.ts';
import { storeSql } from '../store/sql.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { DeliveryResult } from './channels/channel.ts';
import { disable } from './disabled-channels.ts';
import type { Delivery } from './outbox.ts';
import type { DeliveryState } from './retry.ts';

const SAVE_ATTEMPTS = storeSql('save-attempts');
const MAX_ERROR_CHARACTERS = 300;

/** One attempt, with times in milliseconds, and what becomes of its message. */
export interface Attempt {
  delivery: Delivery;
  startedAt: number;
  endedAt: number;
  result: DeliveryResult;
  next: DeliveryState;
}

export class AttemptLog {
  readonly #store: Pick<Store, 'transaction'>;
  #waiting: { attempt: Attempt; done: () => void; failed: (error: unknown) => void }[] = [];
  #isWriting = false;

  constructor(store: Pick<Store, 'transaction'>) {
    this.#store = store;
  }

  /**
   * Ends once the attempt is committed.
   *
   * @throws the store's error; the attempt is then not on record, and will be made again with the same id
   */
  record(attempt: Attempt): Promise<void> {
    const recorded = new Promise<void>((done, failed) => this.#waiting.push({ attempt, done, failed }));
    void this.#write();
    return recorded;
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const attempts = batch.map(({ attempt }) => attempt);
      try {
        await this.#store.transaction((transaction) => saveAttempts(transaction, attempts));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#isWriting = false;
  }
}

/** @param attempts at most one of each delivery */
async function saveAttempts(transaction: Transaction, attempts: readonly Attempt[]): Promise<void> {
  await transaction.append(
    'delivery_attempts',
    attempts.map(({ delivery, startedAt, endedAt, result }) => [
      delivery.deliveryId,
      delivery.attempts + 1,
      timestamp(startedAt),
      BigInt(Math.max(0, Math.round(endedAt - startedAt))),
      result.status,
      errorOf(result)?.slice(0, MAX_ERROR_CHARACTERS) ?? null,
      result.outcome,
      result.bodyHash,
    ]),
  );
  await transaction.run(SAVE_ATTEMPTS, {
    ids: listValue(attempts.map(({ delivery }) => delivery.deliveryId)),
    states: listValue(attempts.map(({ next }) => next.state)),
    attempts: listValue(attempts.map(({ delivery }) => delivery.attempts + 1)),
    next: listValue(attempts.map(({ next }) => timestamp(next.nextAttemptAt))),
    ended: listValue(attempts.map(({ endedAt }) => timestamp(endedAt))),
  });
  for (const { delivery, endedAt, result } of attempts) {
    if (result.outcome === 'gone') await disable(transaction, delivery.channel, result.error, endedAt);
  }
}

/** Why it failed, or who of several did not get it. */
function errorOf(result: DeliveryResult): string | undefined {
  return result.outcome === 'delivered' ? result.warning : result.error;
}
