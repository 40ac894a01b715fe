/**
 * When a log line of each server last came. Records are asked for once, at the start those of a week, then those that are new:
 * what is stored must not make a look slower.
 */
import { timestamp } from '../../store/rows.ts';
import { storeSql } from '../../store/sql.ts';
import type { Store } from '../../store/store.ts';

/** A server that sent nothing for so long is forgotten: it was deleted, or its silence is no news. */
const REMEMBERED_MS = 7 * 86_400_000;

const ARRIVALS = storeSql('heartbeat-arrivals');

export class Arrivals {
  readonly #store: Pick<Store, 'rows'>;
  readonly #source: string;
  readonly #last = new Map<string, number>();
  /** Records up to here are in `#last`. */
  #front = 0n;

  /** @param source name of the hub, without the time of its creation */
  constructor(store: Pick<Store, 'rows'>, source: string) {
    this.#store = store;
    this.#source = source;
  }

  /** Servers that are remembered. @param now milliseconds since 1970-01-01 UTC */
  async read(now: number): Promise<ReadonlyMap<string, number>> {
    const forgotten = now - REMEMBERED_MS;
    const [newest] = await this.#store.rows<{ id: bigint | null }>(
      'SELECT max(record_id) AS id FROM store.records',
    );
    const front = newest?.id ?? 0n;
    if (front > this.#front) {
      const rows = await this.#store.rows<{ server: string; last: Date }>(ARRIVALS, {
        source: this.#source,
        after: this.#front,
        since: timestamp(forgotten),
      });
      for (const { server, last } of rows)
        this.#last.set(server, Math.max(last.getTime(), this.#last.get(server) ?? 0));
      this.#front = front;
    }
    for (const [server, last] of this.#last) if (last <= forgotten) this.#last.delete(server);
    return this.#last;
  }
}
