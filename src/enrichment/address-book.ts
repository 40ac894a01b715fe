/**
 * Keeps `store.addresses`: what is known of each address that a client came from. New clients are looked up as they come,
 * all of them again when a file or the configuration changed.
 */
import { setImmediate } from 'node:timers/promises';
import { type DuckDBValue, listValue } from '@duckdb/node-api';
import { readMeta } from '../store/meta.ts';
import { timestamp } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { type AddressFacts, describeAddress } from './describe.ts';
import { EnrichmentFiles, type EnrichmentSettings, type FileStatus } from './enrichment-files.ts';
import { allClientsSql, newClientsSql } from './sql.ts';

/** Key of the data folder's meta values: JSON of the last record that was looked at and the version of the data. */
const STATE = 'addresses';
/** Look-ups in one go; after as many other work has its turn. */
const AT_A_TIME = 2_000;

interface State {
  lastRecordId: bigint;
  version: string | null;
}

export class AddressBook {
  readonly #store: Store;
  readonly #files: EnrichmentFiles;
  readonly #now: () => number;
  #state: State;

  private constructor(store: Store, files: EnrichmentFiles, state: State, now: () => number) {
    this.#store = store;
    this.#files = files;
    this.#state = state;
    this.#now = now;
  }

  static async open(
    store: Store,
    settings: EnrichmentSettings,
    now: () => number = Date.now,
  ): Promise<AddressBook> {
    const stored = await readMeta(store, STATE);
    const [id, version] = stored === null ? ['0', null] : (JSON.parse(stored) as [string, string | null]);
    return new AddressBook(
      store,
      await EnrichmentFiles.open(settings),
      { lastRecordId: BigInt(id), version },
      now,
    );
  }

  /** The mounted files: what they hold, how old it is, what is wrong with them. */
  get status(): FileStatus[] {
    return this.#files.status;
  }

  /**
   * Looks up the clients of the records that came since the last call. Returns how many addresses were looked up.
   *
   * @throws when the store refuses; the next call does the work again
   */
  async enrich(): Promise<number> {
    await this.#files.refresh();
    const [newest] = await this.#store.rows<{ id: bigint | null }>(
      'SELECT max(record_id) AS id FROM store.records',
    );
    const until = newest?.id ?? 0n;
    const { version } = this.#files;
    const isAll = version !== this.#state.version;
    if (!isAll && until <= this.#state.lastRecordId) return 0;
    const clients = await this.#store.rows<{ client: string }>(isAll ? allClientsSql : newClientsSql, {
      after: this.#state.lastRecordId,
      until,
    });
    const next = { lastRecordId: until, version };
    if (isAll || clients.length > 0)
      await this.#save(
        clients.map(({ client }) => client),
        isAll,
        next,
      );
    this.#state = next;
    return clients.length;
  }

  async #save(clients: readonly string[], isAll: boolean, next: State): Promise<void> {
    const asOf = this.#now();
    const rows: DuckDBValue[][] = [];
    for (const [index, client] of clients.entries()) {
      if (index % AT_A_TIME === AT_A_TIME - 1) await setImmediate();
      rows.push(addressRow(describeAddress(client, this.#files.sources), asOf));
    }
    await this.#store.transaction(async (transaction) => {
      if (isAll) await transaction.run('DELETE FROM store.addresses');
      await transaction.append('addresses', rows);
      await transaction.run('DELETE FROM store.meta WHERE key = $key', { key: STATE });
      const value = JSON.stringify([String(next.lastRecordId), next.version]);
      await transaction.run('INSERT INTO store.meta VALUES ($key, $value)', { key: STATE, value });
    });
  }
}

/** A row of `store.addresses`. @param asOf time of the look-up, milliseconds since 1970 */
export function addressRow(facts: AddressFacts, asOf: number): DuckDBValue[] {
  return [
    facts.client,
    facts.kind,
    facts.isPrivate,
    facts.country,
    facts.latitude,
    facts.longitude,
    facts.accuracyKm,
    facts.asn === null ? null : BigInt(facts.asn),
    facts.asOrg,
    facts.provider,
    facts.region,
    listValue(facts.lists),
    facts.listsAsOf === null ? null : timestamp(facts.listsAsOf),
    listValue(facts.labels),
    facts.isTrusted,
    timestamp(asOf),
  ];
}
