/** Answers that are read page by page. Each holds a query open, so they are few, and none waits long. */
import { randomBytes } from 'node:crypto';
import { PgvigilError } from '../errors.ts';
import type { AskedQuery } from './asked-query.ts';

const MAX_OF_TOKEN = 2;

export interface OpenAnswer {
  query: AskedQuery;
  /** Name of the token whose answer it is. */
  user: string;
  pageSize: number;
}

export class OpenAnswers {
  readonly #idleMs: number;
  readonly #most: number;
  readonly #open = new Map<string, OpenAnswer & { timer: NodeJS.Timeout }>();

  /** @param most answers that are open at a time: each occupies what others could ask with */
  constructor(idleMs: number, most: number) {
    this.#idleMs = idleMs;
    this.#most = most;
  }

  /**
   * Keeps an answer until it is asked for.
   *
   * Each page has a cursor of its own: a request that a client or a proxy repeats must not get the page after the one that was lost.
   *
   * @returns its cursor
   * @throws PgvigilError QUERY_BUSY, and ends it, when there are too many
   */
  keep(answer: OpenAnswer): string {
    const { query, user } = answer;
    const own = [...this.#open.values()].filter((one) => one.user === user).length;
    if (own >= MAX_OF_TOKEN || this.#open.size >= this.#most) {
      query.cancel('too many answers are open');
      throw new PgvigilError(
        'QUERY_BUSY',
        own >= MAX_OF_TOKEN
          ? `the token ${user} has ${MAX_OF_TOKEN} answers open already`
          : `${this.#most} answers are open already`,
        `Read them to their ends, or ask for application/x-ndjson, which has no pages. Unread ones close after ${this.#idleMs / 1_000} s.`,
      );
    }
    const cursor = randomBytes(24).toString('base64url');
    const timer = setTimeout(() => {
      this.#open.delete(cursor);
      query.cancel(`its next page was not asked for within ${this.#idleMs / 1_000} s`);
    }, this.#idleMs).unref();
    this.#open.set(cursor, { ...answer, timer });
    return cursor;
  }

  /** @throws PgvigilError NOT_FOUND, the same for what is gone, of somebody else, or never was */
  take(cursor: string, user: string): OpenAnswer {
    const found = this.#open.get(cursor);
    if (found === undefined || found.user !== user) {
      throw new PgvigilError(
        'NOT_FOUND',
        'there is no such open answer',
        `A cursor is for one page, for the token that asked, and for ${this.#idleMs / 1_000} s. Ask the query again.`,
      );
    }
    clearTimeout(found.timer);
    this.#open.delete(cursor);
    return found;
  }

  close(): void {
    for (const { query, timer } of this.#open.values()) {
      clearTimeout(timer);
      query.cancel('pgvigil stops');
    }
    this.#open.clear();
  }
}
