/**
 * Sends what is in the outbox. Every channel has a queue of its own, so a slow receiver delays nobody else.
 *
 * At least once: an attempt is recorded after it was made, so a crash in between makes it again with the same
 * webhook-id. Rows of channels that are no longer configured stay pending.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { ChannelQueue, type DeliveryLog } from './channel-queue.ts';
import type { Channel } from './channels/channel.ts';
import { depth, FULL_OUTBOX_ROWS } from './outbox.ts';

const POLL_MS = 1_000;
const FLUSH_POLL_MS = 100;
const DEPTH_POLL_MS = 60_000;
const STOP_DEADLINE_MS = 5_000;

export interface DelivererOptions {
  store: Store;
  channels: readonly Channel[];
  /** Milliseconds since 1970-01-01 UTC. */
  now?: () => number;
  /** From 0 (inclusive) to 1: the jitter of retries. */
  random?: () => number;
  log?: DeliveryLog;
}

export class Deliverer {
  readonly #store: Store;
  readonly #log: DeliveryLog | null;
  readonly #queues: readonly ChannelQueue[];
  readonly #stopping = new AbortController();
  readonly #cut = new AbortController();
  #loops: Promise<void>[] = [];

  constructor({ store, channels, now = Date.now, random = Math.random, log }: DelivererOptions) {
    this.#store = store;
    this.#log = log ?? null;
    const context = {
      store,
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
      this.#repeat(() => this.#watchDepth(), DEPTH_POLL_MS),
    ];
  }

  /** Begins nothing more, gives attempts under way `deadlineMs` to end, cuts off the rest, and records them all. */
  async stop(deadlineMs = STOP_DEADLINE_MS): Promise<void> {
    this.#stopping.abort();
    const timer = setTimeout(() => this.#cut.abort(), deadlineMs);
    try {
      await Promise.all([...this.#loops, ...this.#queues.map((queue) => queue.idle())]);
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

  async #watchDepth(): Promise<void> {
    const channels = await depth(this.#store);
    const pending = channels.reduce((sum, channel) => sum + channel.pending, 0);
    if (pending > FULL_OUTBOX_ROWS)
      this.#log?.warn({ pending, channels }, 'many alerts wait to be delivered');
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
