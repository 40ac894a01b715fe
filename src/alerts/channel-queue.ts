/**
 * Delivers the messages of one channel: oldest first, several at once, of one alert one after the other.
 *
 * A receiver that is not there is left alone for a while, longer each time, and then asked with one message: each of the
 * others would only lose an attempt to the same cause.
 */
import type { Store } from '../store/store.ts';
import type { AttemptLog } from './attempt-log.ts';
import type { Channel, DeliveryResult } from './channels/channel.ts';
import { type DeliveryLog, reportAttempt } from './delivery-report.ts';
import { isDisabled } from './disabled-channels.ts';
import { releaseGathered, shedOverflow } from './gathering.ts';
import type { Message } from './message.ts';
import { type Delivery, due, MAX_DUE_ROWS } from './outbox.ts';
import { RETRY_DELAYS_MS, stateAfter } from './retry.ts';

/** Answers that speak of the receiver, not of the message. */
const UNAVAILABLE = [429, 502, 503, 504];

export interface DeliveryLimits {
  /** Attempts of one channel that are under way at once. */
  concurrency: number;
  /** Failures in a row, of a receiver that is not there, after which it is left alone. */
  strikes: number;
  /** First and longest rest, milliseconds; each is twice the one before. */
  pauseMs: number;
  maxPauseMs: number;
  /** Longest wait before each attempt, see `RETRY_DELAYS_MS`. */
  retryDelaysMs: readonly number[];
  /** Messages that may wait for a channel; what is beyond becomes a digest. */
  maxPending: number;
}

export const DEFAULT_LIMITS: DeliveryLimits = {
  concurrency: 4,
  strikes: 3,
  pauseMs: 5_000,
  maxPauseMs: 60_000,
  retryDelaysMs: RETRY_DELAYS_MS,
  maxPending: 10_000,
};

/** What the queues of a deliverer share. */
export interface QueueContext {
  store: Store;
  attempts: AttemptLog;
  limits: DeliveryLimits;
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
  /** Failures in a row of a receiver that is not there. */
  #strikes = 0;
  #pausedUntil = 0;
  #nextPauseMs: number;

  constructor(channel: Channel, context: QueueContext) {
    this.#channel = channel;
    this.#context = context;
    this.#nextPauseMs = context.limits.pauseMs;
  }

  get name(): string {
    return this.#channel.name;
  }

  /**
   * Makes an attempt for every message whose time has come, and says how many attempts it made. A message that
   * fails waits for its next time and holds up only those of the same alert. Calls that overlap share one pass.
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
    const { store, now, limits } = this.#context;
    if (await isDisabled(store, this.name)) return 0;
    await this.#gather();
    let attempts = 0;
    while (this.#isOpen()) {
      // As long as it is not known to be there again, with one message: the others follow once that has arrived.
      const most = this.#strikes > 0 ? 1 : MAX_DUE_ROWS;
      const deliveries = await due(store, this.name, now(), most);
      if (deliveries.length === 0) break;
      const next = deliveries.values();
      const workers = Array.from({ length: limits.concurrency }, async () => {
        for (const delivery of next) {
          if (!this.#isOpen()) return;
          attempts++;
          await this.#attempt(delivery);
        }
      });
      // All of them end before an error is told: none may be under way when the next pass begins.
      for (const worker of await Promise.allSettled(workers))
        if (worker.status === 'rejected') throw worker.reason;
    }
    return attempts;
  }

  async #gather(): Promise<void> {
    const { store, now, limits, log } = this.#context;
    const gathered = await releaseGathered(store, this.name, now());
    const shed = await shedOverflow(store, this.name, limits.maxPending, now());
    for (const one of gathered) log?.info({ channel: this.name, ...one }, 'gathered messages are released');
    if (shed !== null)
      log?.warn({ channel: this.name, ...shed }, 'too many messages wait: they become a digest');
  }

  #isOpen(): boolean {
    return !this.#context.stopping.aborted && this.#context.now() >= this.#pausedUntil;
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { attempts, limits, now, random, log } = this.#context;
    const startedAt = now();
    const result = await this.#send(delivery, startedAt);
    const endedAt = now();
    const made = delivery.attempts - delivery.earlierAttempts + 1;
    const next = stateAfter(made, result, endedAt, random, limits.retryDelaysMs);
    this.#judgeReceiver(result, endedAt);
    await attempts.record({ delivery, startedAt, endedAt, result, next });
    if (log !== null) reportAttempt(log, delivery, result, next.state);
  }

  async #send(delivery: Delivery, startedAt: number): Promise<DeliveryResult> {
    const { webhookId: id, body: json } = delivery;
    const timestampSeconds = Math.floor(startedAt / 1000);
    try {
      const message = JSON.parse(json) as Message;
      return await this.#channel.deliver({ id, message, json, timestampSeconds }, this.#context.cut);
    } catch (error) {
      // A defect of the channel. Its text is not kept: it may quote what must not be shown.
      const kind = error instanceof Error ? error.name : typeof error;
      return {
        outcome: 'retry',
        status: null,
        bodyHash: null,
        error: `the channel failed (${kind})`,
        retryAfterMs: null,
      };
    }
  }

  #judgeReceiver(result: DeliveryResult, endedAt: number): void {
    const { limits } = this.#context;
    if (result.outcome === 'gone') {
      this.#pausedUntil = endedAt + limits.pauseMs; // what is under way ends; the next pass finds it disabled
      return;
    }
    if (result.outcome !== 'retry' || !(result.status === null || UNAVAILABLE.includes(result.status))) {
      if (result.outcome !== 'aborted') {
        this.#strikes = 0;
        this.#nextPauseMs = limits.pauseMs;
      }
      return;
    }
    this.#strikes++;
    if (result.retryAfterMs !== null) this.#pause(endedAt, result.retryAfterMs);
    else if (this.#strikes >= limits.strikes && endedAt >= this.#pausedUntil) {
      this.#pause(endedAt, this.#nextPauseMs);
      this.#nextPauseMs = Math.min(limits.maxPauseMs, 2 * this.#nextPauseMs);
    }
  }

  #pause(from: number, milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, from + milliseconds);
  }
}
