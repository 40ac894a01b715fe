/** How often somebody may ask: a bucket of requests for each, which fills again over a minute. */
import { LRUCache } from 'lru-cache';

const MINUTE_MS = 60_000;
/** Who is remembered; those who were quiet longest are forgotten first. */
const MAX_KEYS = 10_000;

export interface Allowance {
  allowed: boolean;
  limit: number;
  /** Requests that are left at once. */
  remaining: number;
  /** Seconds until there is one more. */
  waitS: number;
}

interface Bucket {
  left: number;
  at: number;
}

export class RateLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  /** Who is quiet for a minute has a full bucket, as somebody new has: nothing is lost by forgetting him. */
  readonly #buckets = new LRUCache<string, Bucket>({ max: MAX_KEYS, ttl: MINUTE_MS });

  constructor(perMinute: number, now: () => number = Date.now) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Takes one request out of the bucket, if there is one. */
  take(key: string): Allowance {
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { left: this.#perMinute, at: now };
    const filled = bucket.left + ((now - bucket.at) * this.#perMinute) / MINUTE_MS;
    const left = Math.min(this.#perMinute, filled);
    const allowed = left >= 1;
    const rest = allowed ? left - 1 : left;
    this.#buckets.set(key, { left: rest, at: now });
    const missing = 1 - (rest % 1);
    return {
      allowed,
      limit: this.#perMinute,
      remaining: Math.floor(rest),
      waitS: Math.ceil((missing * MINUTE_MS) / this.#perMinute / 1_000),
    };
  }
}

/** What is said of it beside each answer. */
export function allowanceHeaders({ allowed, limit, remaining, waitS }: Allowance): Record<string, string> {
  return {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(waitS),
    ...(!allowed && { 'retry-after': String(waitS) }),
  };
}
