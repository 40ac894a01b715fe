/**
 * Sends what is in the outbox. Every channel has a queue of its own, so a slow receiver delays nobody else.
 *
 * At least once: an attempt is recorded after it was made, so a crash in between makes it again with the same
 * webhook-id. Rows of channels that are no longer configured stay pending.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { AttemptLog } from './attempt-log.ts';
import { ChannelQueue, DEFAULT_LIMITS, type DeliveryLimits } from './channel-queue.ts';
import type { Channel } from './channels/channel.ts';
import type { DeliveryLog } from './delivery-report.ts';
import { depth, prune } from './outbox.ts';

const POLL_MS = 1_000;
const FLUSH_POLL_MS = 100;
const HOUSEKEEPING_MS = 3_600_000;
const STOP_DEADLINE_MS = 5_000;

export interface DelivererOptions {
  store: Store;
  channels: readonly Channel[];
  /** Milliseconds since 1970-01-01 UTC. */
  now?: () => number;
  /** From 0 (inclusive) to 1: the jitter of retries. */
  random?: () => number;
  log?: DeliveryLog;
  limits?: Partial<DeliveryLimits>;
  /** Days for which what was delivered is kept. */
  keepDays?: number;
}

const DAY_MS = 86_400_000;
const KEEP_DAYS = 90;

export class Deliverer {
  readonly #store: Store;
  readonly #log: DeliveryLog | null;
  readonly #now: () => number;
  readonly #keepDays: number;
  readonly #channels: readonly Channel[];
  readonly #queues: readonly ChannelQueue[];
  readonly #stopping = new AbortController();
  readonly #cut = new AbortController();
  #loops: Promise<void>[] = [];

  constructor(options: DelivererOptions) {
    const {
      store,
      channels,
      now = Date.now,
      random = Math.random,
      log,
      limits,
      keepDays = KEEP_DAYS,
    } = options;
    this.#store = store;
    this.#log = log ?? null;
    this.#now = now;
    this.#keepDays = keepDays;
    this.#channels = channels;
    const context = {
      store,
      attempts: new AttemptLog(store),
      limits: { ...DEFAULT_LIMITS, ...limits },
      now,
      random,
      log: this.#log,
      stopping: this.#stopping.signal,
      cut: this.#cut.signal,
    };
    this.#queues = channels.map((channel) => new ChannelQueue(channel, context));
  }

  /** Delivers until `stop`. */
  start(): void {
    if (this.#loops.length > 0) return;
    this.#loops = [
      ...this.#queues.map((queue) => this.#repeat(() => queue.deliverDue(), POLL_MS)),
      this.#repeat(() => this.#prune(), HOUSEKEEPING_MS),
    ];
  }

  /** Begins nothing more, gives attempts under way `deadlineMs` to end, cuts off the rest, and records them all. */
  async stop(deadlineMs = STOP_DEADLINE_MS): Promise<void> {
    this.#stopping.abort();
    const timer = setTimeout(() => this.#cut.abort(), deadlineMs);
    try {
      await Promise.all([...this.#loops, ...this.#queues.map((queue) => queue.idle())]);
      await Promise.all(this.#channels.map((channel) => channel.close()));
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Makes an attempt for every message whose time has come, all channels side by side; returns how many.
   *
   * @throws the store's error when an attempt could not be recorded, after the other channels are done
   */
  async deliverDue(): Promise<number> {
    const passes = await Promise.allSettled(this.#queues.map((queue) => queue.deliverDue()));
    let attempts = 0;
    for (const pass of passes) {
      if (pass.status === 'rejected') throw pass.reason;
      attempts += pass.value;
    }
    return attempts;
  }

  /**
   * Delivers until nothing is pending for the configured channels, or `deadlineMs` have passed. An attempt that
   * is under way then goes on; `stop` ends it.
   */
  async flush(deadlineMs: number): Promise<{ pending: number }> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), deadlineMs);
    const over = new Promise<void>((resolve) => deadline.signal.addEventListener('abort', () => resolve()));
    try {
      for (;;) {
        const pass = this.deliverDue().catch((error: unknown) => this.#logFailure(error));
        await Promise.race([pass, over]);
        const pending = await this.#pending();
        if (pending === 0 || deadline.signal.aborted || this.#stopping.signal.aborted) return { pending };
        await pause(FLUSH_POLL_MS, deadline.signal);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #pending(): Promise<number> {
    const names = new Set(this.#queues.map((queue) => queue.name));
    const depths = await depth(this.#store);
    return depths.reduce((sum, { channel, pending }) => sum + (names.has(channel) ? pending : 0), 0);
  }

  async #prune(): Promise<void> {
    const before = this.#now() - this.#keepDays * DAY_MS;
    const removed = await prune(this.#store, before);
    if (removed > 0) {
      this.#log?.info(
        { removed, days: this.#keepDays },
        'deliveries older than they are kept for are removed',
      );
    }
  }

  async #repeat(work: () => Promise<unknown>, everyMs: number): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await work();
      } catch (error) {
        this.#logFailure(error);
      }
      await pause(everyMs, this.#stopping.signal);
    }
  }

  #logFailure(error: unknown): void {
    this.#log?.warn({ error: messageOf(error) }, 'the outbox could not be read or written');
  }
}

/** Waits, or ends early with the signal. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
