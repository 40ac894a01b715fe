/** Asks Blob Storage again when it has too much to do, as late as it wants to be asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryEvent } from '../history.ts';
import { codeOf, isPassing, statusOf } from './refusal.ts';

/** Waits between attempts where the service names none, milliseconds. */
const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000];
/** An answer with its bytes takes no longer, or the connection hangs. */
const ATTEMPT_MS = 120_000;
/** Retry-After is a wish, and may be nonsense. */
const MAX_WAIT_MS = 300_000;

export class Patience {
  readonly signal: AbortSignal;
  readonly #onEvent: (event: HistoryEvent) => void;
  readonly #retryMs: readonly number[];
  /** All requests wait when one is told to: they ask the same service. */
  #notBefore = 0;

  /** @param retryMs waits between attempts, milliseconds; after the last the error is final */
  constructor(
    signal: AbortSignal,
    onEvent: (event: HistoryEvent) => void,
    retryMs: readonly number[] = RETRY_MS,
  ) {
    this.signal = signal;
    this.#onEvent = onEvent;
    this.#retryMs = retryMs;
  }

  /**
   * Runs a request until it works.
   *
   * @throws the client's error that does not pass, or came too often
   */
  async run<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      await this.#turn();
      try {
        return await request(AbortSignal.any([this.signal, AbortSignal.timeout(ATTEMPT_MS)]));
      } catch (error) {
        const backOff = this.#retryMs[attempt];
        if (this.signal.aborted || backOff === undefined || !isPassing(error)) throw error;
        const forMs = retryAfterMs(error) ?? backOff;
        this.#notBefore = Math.max(this.#notBefore, Date.now() + forMs);
        this.#onEvent({ kind: 'waiting', reason: reasonOf(error), forMs });
      }
    }
  }

  async #turn(): Promise<void> {
    for (let forMs = 1; forMs > 0; ) {
      this.signal.throwIfAborted();
      forMs = this.#notBefore - Date.now();
      if (forMs > 0) await sleep(forMs, undefined, { signal: this.signal });
    }
  }
}

function reasonOf(error: unknown): string {
  const status = statusOf(error);
  return status === undefined
    ? `Blob Storage does not answer: ${codeOf(error)}`
    : `Blob Storage answers HTTP ${status} ${codeOf(error)}`;
}

/** What the answer asks for: RFC 9110, section 10.2.3, seconds or a date. */
function retryAfterMs(error: unknown): number | null {
  const { response } = error as { response?: { headers?: { get(name: string): string | undefined } } };
  const wish = response?.headers?.get('retry-after');
  if (wish === undefined) return null;
  const ms = /^\d+$/.test(wish) ? Number(wish) * 1000 : Date.parse(wish) - Date.now();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), MAX_WAIT_MS);
}
