/**
 * Stores decoded messages: rows, rejects and positions in one transaction.
 *
 * Each message is stored once: one at or below the stored position of its partition has been delivered again and
 * is skipped; one further than the next leaves a row in `gaps`. Of its records, those of which another source has brought
 * a copy are left out.
 */
import { LRUCache } from 'lru-cache';
import type { Position } from '../model/position.ts';
import { Batch } from './batch.ts';
import { Copies } from './copies.ts';
import { contentKey } from './meta.ts';
import { Mutex } from './mutex.ts';
import { Outcomes } from './outcomes.ts';
import { readPositions, writePosition } from './positions.ts';
import { SeenSessions } from './seen.ts';
import type { StatementKey } from './statement-key.ts';
import type { Store, Transaction } from './store.ts';
import type { WritableMessage } from './writable-message.ts';

/** What a commit did. */
export interface CommitResult {
  records: number;
  rejects: number;
  /** Messages that were stored before. */
  repeated: number;
  /** Records of which another source had brought a copy. */
  copies: number;
  /** Messages that never arrived. */
  missing: number;
}

const KNOWN_STATEMENTS = 200_000;

const placeKey = (position: Position) => `${position.source}\n${position.partition}`;

/** Newest event time of a message's records, milliseconds; null when it holds none. */
function newestEvent({ decoded }: WritableMessage): number | null {
  return decoded.records.reduce<number | null>(
    (newest, { eventTime }) => (newest === null || eventTime > newest ? eventTime : newest),
    null,
  );
}

export class StoreWriter {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #positions = new Map<string, Position>();
  readonly #copies: Copies;
  readonly #seen = new SeenSessions();
  readonly #outcomes = new Outcomes();
  /** Statements that are certainly in the store; what is not here is looked up there. */
  readonly #known = new LRUCache<string, StatementKey>({ max: KNOWN_STATEMENTS });
  readonly #turn = new Mutex();
  #nextRecordId: bigint;

  private constructor(store: Store, copies: Copies, nextRecordId: bigint, now: () => number) {
    this.#store = store;
    this.#copies = copies;
    this.#nextRecordId = nextRecordId;
    this.#now = now;
  }

  static async create(store: Store, now: () => number = Date.now): Promise<StoreWriter> {
    const [last] = await store.rows<{ id: bigint | null }>('SELECT max(record_id) AS id FROM store.records');
    const copies = new Copies(store, await contentKey(store));
    const writer = new StoreWriter(store, copies, (last?.id ?? 0n) + 1n, now);
    await writer.#outcomes.load(store, last?.id ?? 0n);
    for (const position of await readPositions(store)) writer.#positions.set(placeKey(position), position);
    return writer;
  }

  /** Stored position of a partition; undefined before its first message. */
  position(source: string, partition: string): Position | undefined {
    return this.#positions.get(`${source}\n${partition}`);
  }

  /** Stores messages; those of one partition must be in order. All of them are stored, or none. */
  async commit(messages: readonly WritableMessage[]): Promise<CommitResult> {
    return this.#turn.run(async () => {
      const receivedAt = this.#now();
      const batch = new Batch(receivedAt, this.#seen, this.#outcomes, this.#known);
      const moved = new Map<string, Position>();
      const fronts = new Map<string, number>();
      const fresh: WritableMessage[] = [];
      let missing = 0;
      for (const message of messages) {
        const key = placeKey(message.position);
        const last = moved.get(key) ?? this.#positions.get(key);
        const ahead = message.position.sequenceNumber - (last?.sequenceNumber ?? -1);
        if (last !== undefined && ahead <= 0) continue;
        if (last !== undefined && ahead > 1 && message.contiguous) {
          missing += ahead - 1;
          batch.addGap(last, message.position);
        }
        moved.set(key, message.position);
        const front = newestEvent(message);
        if (front !== null) fronts.set(key, Math.max(front, fronts.get(key) ?? front));
        fresh.push(message);
      }
      const repeated = messages.length - fresh.length;
      if (fresh.length === 0) return { records: 0, rejects: 0, repeated, copies: 0, missing };
      for (const message of fresh) batch.addRejects(message);
      const copies = await this.#save(batch, fresh, async (transaction) => {
        for (const [key, position] of moved)
          await writePosition(transaction, position, fronts.get(key) ?? null, receivedAt);
      });
      for (const [key, position] of moved) this.#positions.set(key, position);
      return { records: batch.records, rejects: batch.rejects, repeated, copies, missing };
    });
  }

  /**
   * Stores the records of messages whose place has been passed already: rejects that can be decoded by now.
   * @param also what belongs into the same transaction
   */
  async restore(
    messages: readonly WritableMessage[],
    also: (transaction: Transaction) => Promise<void>,
  ): Promise<number> {
    return this.#turn.run(async () => {
      const batch = new Batch(this.#now(), this.#seen, this.#outcomes, this.#known);
      await this.#save(batch, messages, also);
      return batch.records;
    });
  }

  /** Returns how many records were left out as copies. */
  async #save(
    batch: Batch,
    messages: readonly WritableMessage[],
    also: (transaction: Transaction) => Promise<void>,
  ): Promise<number> {
    const selection = await this.#copies.select(messages);
    let id = this.#nextRecordId;
    let candidates = 0;
    for (const [index, { position, statements, decoded }] of messages.entries()) {
      candidates += decoded.records.length;
      for (const { record, hash } of selection.records[index] ?? []) {
        batch.add(id, position, record, hash, statements.get(record.index) ?? null);
        id++;
      }
    }
    const found = await this.#store.transaction(async (transaction) => {
      const keys = await batch.save(transaction);
      await also(transaction);
      return keys;
    });
    selection.committed();
    this.#seen.committed(batch.told);
    this.#outcomes.committed(batch.outcomeChanges);
    this.#nextRecordId = id;
    for (const [hash, key] of found) this.#known.set(hash, key);
    return candidates - batch.records;
  }
}
