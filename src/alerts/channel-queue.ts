/** Delivers the messages of one channel, oldest first and one at a time. */
import type { Store } from '../store/store.ts';
import type { Channel, DeliveryResult } from './channels/channel.ts';
import { type Delivery, due, MAX_DUE_ROWS, record } from './outbox.ts';
import { stateAfter } from './retry.ts';

/** Answers that speak of the receiver, not of the message. */
const UNAVAILABLE = [429, 502, 503, 504];

/** Rest after the receiver was not there. Each message behind would only lose an attempt to the same cause. */
const PAUSE_MS = 5_000;

/** Where the deliverer says what happens; a pino logger fits. */
export interface DeliveryLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What the queues of a deliverer share. */
export interface QueueContext {
  store: Store;
  now: () => number;
  random: () => number;
  log: DeliveryLog | null;
  /** No new attempt is begun after this. */
  stopping: AbortSignal;
  /** Attempts under way are cut short by this. */
  cut: AbortSignal;
}

export class ChannelQueue {
  readonly #channel: Channel;
  readonly #context: QueueContext;
  #pass: Promise<number> | null = null;
  #pausedUntil = 0;

  constructor(channel: Channel, context: QueueContext) {
    this.#channel = channel;
    this.#context = context;
  }

  get name(): string {
    return this.#channel.name;
  }

  /**
   * Makes an attempt for every message whose time has come, and says how many attempts it made. A message that
   * fails waits for its next time and does not hold up those behind it. Calls that overlap share one pass.
   *
   * @throws the store's error when an attempt could not be recorded: it will be made again, with the same id
   */
  deliverDue(): Promise<number> {
    this.#pass ??= this.#run().finally(() => {
      this.#pass = null;
    });
    return this.#pass;
  }

  /** Ends when no attempt is under way. */
  async idle(): Promise<void> {
    await this.#pass?.catch(() => undefined);
  }

  async #run(): Promise<number> {
    const { store, now } = this.#context;
    let attempts = 0;
    while (this.#open()) {
      const deliveries = await due(store, this.name, now(), MAX_DUE_ROWS);
      if (deliveries.length === 0) break;
      for (const delivery of deliveries) {
        if (!this.#open()) break;
        await this.#attempt(delivery);
        attempts++;
      }
    }
    return attempts;
  }

  #open(): boolean {
    return !this.#context.stopping.aborted && this.#context.now() >= this.#pausedUntil;
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { store, now, random } = this.#context;
    const startedAt = now();
    const result = await this.#send(delivery, startedAt);
    const endedAt = now();
    const next = stateAfter(delivery.attempts + 1, result, endedAt, random);
    await record(store, delivery, { startedAt, endedAt, result }, next);
    if (result.outcome === 'retry' && (result.status === null || UNAVAILABLE.includes(result.status))) {
      this.#pausedUntil = endedAt + Math.max(PAUSE_MS, result.retryAfterMs ?? 0);
    }
    this.#report(delivery, result, next.state);
  }

  async #send(delivery: Delivery, startedAt: number): Promise<DeliveryResult> {
    const { webhookId, body } = delivery;
    const timestampSeconds = Math.floor(startedAt / 1000);
    try {
      return await this.#channel.deliver({ webhookId, body, timestampSeconds }, this.#context.cut);
    } catch (error) {
      // A defect of the channel. Its text is not kept: it may quote what must not be shown.
      const kind = error instanceof Error ? error.name : typeof error;
      return { outcome: 'retry', status: null, error: `the channel failed (${kind})`, retryAfterMs: null };
    }
  }

  #report(delivery: Delivery, result: DeliveryResult, state: string): void {
    const fields = {
      channel: this.name,
      alert: delivery.alertId,
      webhookId: delivery.webhookId,
      attempt: delivery.attempts + 1,
      status: result.status,
    };
    if (result.outcome === 'delivered') this.#context.log?.info(fields, 'alert delivered');
    else if (state === 'dead') this.#context.log?.warn({ ...fields, error: result.error }, 'alert given up');
    else this.#context.log?.warn({ ...fields, error: result.error }, 'alert not delivered yet');
  }
}
