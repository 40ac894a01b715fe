/** Changes of the allow-list, each in a transaction of its own. */
import { randomBytes } from 'node:crypto';
import { loadDetectors } from '../../detect/detector.ts';
import { PgvigilError } from '../../errors.ts';
import type { AllowEntry, AllowKind } from '../../model/allow-entry.ts';
import type { Store } from '../../store/store.ts';
import { countInForce, entryIds, insertEntry, markRemoved } from './allow-table.ts';
import { type AllowRequest, entryOf } from './request.ts';

/** Each is held against evidence as it comes. */
const MAX_IN_FORCE = 1_000;

export class AllowList {
  readonly #store: Pick<Store, 'transaction'>;
  readonly #detectorFolders: readonly string[];
  readonly #now: () => number;

  constructor(
    store: Pick<Store, 'transaction'>,
    detectorFolders: readonly string[],
    now: () => number = Date.now,
  ) {
    this.#store = store;
    this.#detectorFolders = detectorFolders;
    this.#now = now;
  }

  /** @throws PgvigilError USAGE when the request is careless, NOT_FOUND for a detector that does not exist */
  async add(request: AllowRequest): Promise<AllowEntry> {
    const { detectors } = await loadDetectors(this.#detectorFolders);
    const id = `${request.kind}_${randomBytes(6).toString('hex')}`;
    const entry = entryOf(request, detectors, id, this.#now());
    await this.#store.transaction(async (transaction) => {
      if ((await countInForce(transaction, entry.createdAt)) >= MAX_IN_FORCE) {
        throw new PgvigilError(
          'USAGE',
          `the entry was refused: ${MAX_IN_FORCE.toLocaleString('en')} are in force`,
          'Remove what is not needed: pgvigil allow list shows the hits. One pattern may stand for many entries.',
        );
      }
      await insertEntry(transaction, entry);
    });
    return entry;
  }

  /**
   * @param idPrefix the id, or its beginning
   * @returns the id
   * @throws PgvigilError NOT_FOUND
   */
  async remove(kind: AllowKind, idPrefix: string, author: string): Promise<string> {
    return this.#store.transaction(async (transaction) => {
      const [id, second] = await entryIds(transaction, kind, idPrefix);
      if (id === undefined || second !== undefined) {
        throw new PgvigilError(
          'NOT_FOUND',
          id === undefined ? `there is no entry ${idPrefix}` : `several entries begin with ${idPrefix}`,
          `\`pgvigil ${kind} list\` shows their ids.`,
        );
      }
      await markRemoved(transaction, id, author, this.#now());
      return id;
    });
  }
}
