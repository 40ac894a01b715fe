/**
 * Stores each record once although copies of it arrive from the hub, an archive and Log Analytics.
 *
 * A record may also be written twice for true: two lines that are equal to the millisecond, as when pgaudit logs one
 * statement per object. So what counts is the occurrence: the k-th record with one hash in a delivery is stored if fewer
 * than k are stored already. A delivery is one message of the hub (Azure may send a message again, then all of it is a
 * copy), or a file as a whole (a position keeps it from being read twice).
 */
import type { LogRecord } from '../model/record.ts';
import { contentHash } from './content-hash.ts';
import { timestamp } from './rows.ts';
import { storeSql } from './sql.ts';
import type { Store } from './store.ts';
import type { WritableMessage } from './writable-message.ts';

const COUNT_COPIES = storeSql('count-copies');

/** A record that is to be stored, with its hash. */
export interface NewRecord {
  record: LogRecord;
  hash: bigint;
}

export interface Selection {
  /** Per message, in order: its records that are not stored yet. */
  records: NewRecord[][];
  /** To be called once they are committed. */
  committed(): void;
}

/** How often each hash occurred. */
type Occurrences = Map<bigint, number>;

export class Copies {
  readonly #store: Store;
  readonly #key: string;
  /** Per file, of the last batch: lines that are equal to the millisecond may fall into two batches. */
  #files: ReadonlyMap<string, Occurrences> = new Map();

  /** @param key secret key of the data folder */
  constructor(store: Store, key: string) {
    this.#store = store;
    this.#key = key;
  }

  /** What of these messages is not stored yet. Nothing may be stored between this and the commit of its result. */
  async select(messages: readonly WritableMessage[]): Promise<Selection> {
    const hashed = messages.map(({ decoded }) =>
      decoded.records.map((record) => ({ record, hash: contentHash(this.#key, record) })),
    );
    const stored = await this.#stored(hashed.flat());
    const files = new Map<string, Occurrences>();
    const records = hashed.map((candidates, index) => {
      const { position, contiguous } = messages[index]!;
      const file = `${position.source}\n${position.partition}`;
      const before = contiguous ? undefined : this.#files.get(file);
      const occurrences: Occurrences = (contiguous ? undefined : files.get(file)) ?? new Map();
      if (!contiguous) files.set(file, occurrences);
      return candidates.filter(({ hash }) => {
        const occurrence = (occurrences.get(hash) ?? before?.get(hash) ?? 0) + 1;
        occurrences.set(hash, occurrence);
        if (occurrence <= (stored.get(hash) ?? 0)) return false;
        stored.set(hash, occurrence);
        return true;
      });
    });
    return {
      records,
      committed: () => {
        this.#files = files;
      },
    };
  }

  /** How many records with each of these hashes are stored. Copies share `azure_time`, which bounds the search. */
  async #stored(records: readonly NewRecord[]): Promise<Occurrences> {
    if (records.length === 0) return new Map();
    let from = Number.POSITIVE_INFINITY;
    let to = Number.NEGATIVE_INFINITY;
    for (const { record } of records) {
      from = Math.min(from, record.azureTime);
      to = Math.max(to, record.azureTime);
    }
    const rows = await this.#store.rows<{ content_hash: bigint; stored: bigint }>(COUNT_COPIES, {
      from: timestamp(from),
      to: timestamp(to),
      hashes: `[${records.map(({ hash }) => hash).join(',')}]`,
    });
    return new Map(rows.map((row) => [row.content_hash, Number(row.stored)]));
  }
}
