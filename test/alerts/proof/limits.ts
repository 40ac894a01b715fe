/** Limits of the delivery in the proof: what takes a day and a half in the real worker must be over in minutes. */
import type { DeliveryLimits } from '../../../src/alerts/channel-queue.ts';

/** For one attempt. */
export const TIMEOUT_MS = 300;

export const LIMITS: DeliveryLimits = {
  concurrency: 6,
  strikes: 3,
  pauseMs: 50,
  maxPauseMs: 400,
  // Nothing is given up, and nothing becomes a digest: each message has to arrive as it is. The wait is long enough that the
  // next message of the same alert is there meanwhile, and has to wait too.
  retryDelaysMs: [0, ...Array.from({ length: 100 }, () => 500)],
  maxPending: 1_000_000,
};
