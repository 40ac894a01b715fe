/** When a message is tried again, after the example schedule of Standard Webhooks 1.0.0. Pure. */
import type { DeliveryResult } from './channels/channel.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Longest wait before each attempt, milliseconds. After the last one the message is dead. */
export const RETRY_DELAYS_MS: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** A receiver that fails is never asked again at once. */
const MIN_DELAY_MS = SECOND;
const MAX_RETRY_AFTER_MS = 24 * HOUR;

/** State of a delivery after an attempt. */
export interface DeliveryState {
  state: 'pending' | 'delivered' | 'dead';
  /** Milliseconds since 1970-01-01 UTC; counts while pending. */
  nextAttemptAt: number;
}

/**
 * State after `attempts` attempts, the last of which ended at `now` with `result`.
 *
 * The wait is spread evenly over the second half of the schedule's step: a receiver that comes back is not met by
 * everything at once, and a message is tried for a day and a half at least. Retry-After only makes it longer: a receiver
 * that always says "1 second" must not use up ten attempts in ten seconds. An attempt that was cut short by stopping never
 * makes a message dead, and one that a receiver answered with 410 waits for the channel to be enabled.
 *
 * @param attempts since the message was put into the queue
 * @param random from 0 (inclusive) to 1
 * @param delaysMs longest wait before each attempt, milliseconds
 */
export function stateAfter(
  attempts: number,
  result: DeliveryResult,
  now: number,
  random: () => number,
  delaysMs: readonly number[] = RETRY_DELAYS_MS,
): DeliveryState {
  switch (result.outcome) {
    case 'delivered':
      return { state: 'delivered', nextAttemptAt: now };
    case 'refused':
      return { state: 'dead', nextAttemptAt: now };
    case 'gone':
    case 'aborted':
      return { state: 'pending', nextAttemptAt: now };
    case 'retry': {
      const step = delaysMs[attempts];
      if (step === undefined) return { state: 'dead', nextAttemptAt: now };
      const jittered = (step * (1 + random())) / 2;
      const wait = Math.max(Math.min(step, MIN_DELAY_MS), Math.floor(jittered), result.retryAfterMs ?? 0);
      return { state: 'pending', nextAttemptAt: now + wait };
    }
  }
}

/** IMF-fixdate of RFC 9110, the only date form that servers may send. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds to wait from a Retry-After header (RFC 9110, 10.2.3: seconds or a date), at most 24 hours; null
 * when there is none or it cannot be read.
 */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d{1,15}$/.test(text)) return Math.min(Number(text) * SECOND, MAX_RETRY_AFTER_MS);
  if (!HTTP_DATE.test(text)) return null;
  const wait = Date.parse(text) - now;
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), MAX_RETRY_AFTER_MS);
}
