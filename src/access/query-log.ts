/** The audit of queries at the worker's doors: in the store, beside what they asked about. */
import { redact } from '../decode/redaction/redact.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { timestamp } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { QueryEntry } from './access.ts';

const KEPT_MS = 400 * 86_400_000;
const MAX_TEXT = 8_192;
/** A commit waits for the disk; those of a second share one. */
const GATHER_MS = 1_000;
/** Entries that wait while the store refuses to write. */
const MAX_WAITING = 10_000;

export class QueryLog {
  readonly #store: Pick<Store, 'transaction'>;
  readonly #log: Pick<Log, 'error'>;
  #waiting: QueryEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(store: Pick<Store, 'transaction'>, log: Pick<Log, 'error'>) {
    this.#store = store;
    this.#log = log;
  }

  /** Forgets what is older than 400 days. */
  static async open(
    store: Pick<Store, 'transaction'>,
    log: Pick<Log, 'error'>,
    now: () => number = Date.now,
  ): Promise<QueryLog> {
    await store.transaction((transaction) =>
      transaction.run('DELETE FROM store.query_log WHERE started_at < $oldest', {
        oldest: timestamp(now() - KEPT_MS),
      }),
    );
    return new QueryLog(store, log);
  }

  /** Takes an entry; it is stored within a second or so. A worker that is killed before loses it. */
  add(entry: QueryEntry): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(entry);
    else this.#lose([entry]);
    this.#timer ??= setTimeout(() => void this.#flush(), GATHER_MS);
  }

  /** Stores what waits; what the store does not take any more is told of in the log. */
  async close(): Promise<void> {
    await this.#flush();
    clearTimeout(this.#timer);
    this.#lose(this.#waiting.splice(0));
  }

  #lose(entries: readonly QueryEntry[]): void {
    for (const { user, via, client } of entries)
      this.#log.error({ user, via, client }, 'a query could not be kept in the query log');
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    const entries = this.#waiting;
    if (entries.length === 0) return;
    this.#waiting = [];
    try {
      await this.#store.transaction((transaction) => transaction.append('query_log', entries.map(rowOf)));
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'the query log could not be written; it is tried again');
      this.#waiting.unshift(...entries);
      this.#lose(this.#waiting.splice(MAX_WAITING));
      this.#timer ??= setTimeout(() => void this.#flush(), 10 * GATHER_MS);
    }
  }
}

function rowOf({ startedAt, user, via, client, sql, rows, ms, error }: QueryEntry) {
  const text = redact(sql).slice(0, MAX_TEXT).toWellFormed();
  const why = error === null ? null : redact(error).slice(0, MAX_TEXT).toWellFormed();
  return [timestamp(startedAt), user, via, client, text, BigInt(rows), BigInt(Math.round(ms)), why];
}
