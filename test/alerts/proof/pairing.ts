/** Which request belongs to which attempt on record. Pure. */
import type { LogLine } from './receiver-log.ts';
import type { StoredAttempt } from './stored.ts';

/** Both clocks are one; times are cut to milliseconds. */
const SLACK_MS = 2;

/** An attempt on record, and the request that the receiver saw of it; null: it did not get so far. */
export interface Pair {
  attempt: StoredAttempt;
  request: LogLine | null;
  /** The receiver came to it only after the sender had given up: what it answered was not heard. */
  isLate: boolean;
}

/** Of one delivery. */
export interface Pairing {
  pairs: Pair[];
  /** Requests of attempts that are not on record. */
  unrecorded: { request: LogLine; before: StoredAttempt | undefined }[];
}

/**
 * Pairs by time: one attempt of a delivery follows after the other.
 *
 * @param attempts in their order
 * @param requests in the order of the receiver's log
 */
export function pair(attempts: readonly StoredAttempt[], requests: readonly LogLine[]): Pairing {
  const left = [...requests];
  const take = (from: number, to: number): LogLine | null => {
    const index = left.findIndex(({ at }) => at >= from - SLACK_MS && at <= to + SLACK_MS);
    return index === -1 ? null : (left.splice(index, 1)[0] ?? null);
  };
  const pairs: Pair[] = attempts.map((attempt) => ({
    attempt,
    request: take(attempt.startedAt, attempt.endedAt),
    isLate: false,
  }));
  for (const [index, one] of pairs.entries()) {
    if (one.request !== null || !one.attempt.error?.includes('no answer within')) continue;
    const next = attempts[index + 1];
    one.request = take(one.attempt.endedAt, (next?.startedAt ?? Number.POSITIVE_INFINITY) - 2 * SLACK_MS);
    one.isLate = one.request !== null;
  }
  const unrecorded = left.map((request) => ({
    request,
    before: attempts.find(({ startedAt }) => startedAt > request.at),
  }));
  return { pairs, unrecorded };
}
