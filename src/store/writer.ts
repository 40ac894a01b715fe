/**
 * Stores decoded messages: rows, rejects and positions in one transaction.
 *
 * Each message is stored once: one at or below the stored position of its partition has been delivered again and
 * is skipped; one further than the next leaves a row in `gaps`.
 */
import { LRUCache } from 'lru-cache';
import type { DecodedMessage, LogRecord, Position, StatementFeatures } from '../model.ts';
import { readPositions, writePosition } from './positions.ts';
import {
  activityRow,
  connectionRow,
  recordRow,
  rejectRow,
  statementRow,
  type TableRow,
  timestamp,
} from './rows.ts';
import type { Store, Transaction } from './store.ts';

/** A decoded message with its place and, for each record that has a statement, what the parser says of it. */
export interface WritableMessage {
  position: Position;
  decoded: DecodedMessage;
  /** By record index. */
  features: ReadonlyMap<number, StatementFeatures>;
  /** Sequence numbers of this source have no holes, so a hole is a loss. */
  contiguous: boolean;
}

/** What a commit did. */
export interface CommitResult {
  records: number;
  rejects: number;
  /** Messages that were stored before. */
  repeated: number;
  /** Messages that never arrived. */
  missing: number;
}

const KNOWN_STATEMENTS = 200_000;

interface Tables {
  records: TableRow[];
  connection_events: TableRow[];
  activities: TableRow[];
  setting_changes: TableRow[];
  rejects: TableRow[];
  gaps: TableRow[];
}

const placeKey = (position: Position) => `${position.source}\n${position.partition}`;

export class StoreWriter {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #positions = new Map<string, Position>();
  /** Hashes that are certainly in the store; what is not here is looked up there. */
  readonly #known = new LRUCache<string, true>({ max: KNOWN_STATEMENTS });
  #nextRecordId: bigint;

  private constructor(store: Store, nextRecordId: bigint, now: () => number) {
    this.#store = store;
    this.#nextRecordId = nextRecordId;
    this.#now = now;
  }

  static async create(store: Store, now: () => number = Date.now): Promise<StoreWriter> {
    const [last] = await store.rows<{ id: bigint | null }>('SELECT max(record_id) AS id FROM store.records');
    const writer = new StoreWriter(store, (last?.id ?? 0n) + 1n, now);
    for (const position of await readPositions(store)) writer.#positions.set(placeKey(position), position);
    return writer;
  }

  /** Stored position of a partition; undefined before its first message. */
  position(source: string, partition: string): Position | undefined {
    return this.#positions.get(`${source}\n${partition}`);
  }

  /** Stores messages; those of one partition must be in order. All of them are stored, or none. */
  async commit(messages: readonly WritableMessage[]): Promise<CommitResult> {
    const receivedAt = this.#now();
    const result: CommitResult = { records: 0, rejects: 0, repeated: 0, missing: 0 };
    const tables: Tables = {
      records: [],
      connection_events: [],
      activities: [],
      setting_changes: [],
      rejects: [],
      gaps: [],
    };
    const statements = new Map<string, { id: bigint; features: StatementFeatures }>();
    const moved = new Map<string, Position>();
    let id = this.#nextRecordId;

    for (const message of messages) {
      const key = placeKey(message.position);
      const last = moved.get(key) ?? this.#positions.get(key);
      if (last !== undefined && message.position.sequenceNumber <= last.sequenceNumber) {
        result.repeated++;
        continue;
      }
      if (
        message.contiguous &&
        last !== undefined &&
        message.position.sequenceNumber > last.sequenceNumber + 1
      ) {
        result.missing += message.position.sequenceNumber - last.sequenceNumber - 1;
        tables.gaps.push(gapRow(last, message.position, receivedAt));
      }
      moved.set(key, message.position);
      for (const record of message.decoded.records) {
        const features = message.features.get(record.index) ?? null;
        addRecord(tables, id, message.position, receivedAt, record, features);
        if (
          features !== null &&
          !this.#known.has(features.statementHash) &&
          !statements.has(features.statementHash)
        ) {
          statements.set(features.statementHash, { id, features });
        }
        id++;
      }
      for (const reject of message.decoded.rejects) {
        tables.rejects.push(rejectRow(message.position, receivedAt, reject));
      }
    }
    if (moved.size === 0) return result;

    await this.#store.transaction(async (transaction) => {
      for (const [table, rows] of Object.entries(tables)) await transaction.append(table, rows);
      await appendNewStatements(transaction, statements);
      for (const position of moved.values()) await writePosition(transaction, position, receivedAt);
    });

    this.#nextRecordId = id;
    for (const [key, position] of moved) this.#positions.set(key, position);
    for (const hash of statements.keys()) this.#known.set(hash, true);
    result.records = tables.records.length;
    result.rejects = tables.rejects.length;
    return result;
  }
}

function addRecord(
  tables: Tables,
  id: bigint,
  place: Position,
  receivedAt: number,
  record: LogRecord,
  features: StatementFeatures | null,
): void {
  tables.records.push(recordRow(id, place, receivedAt, record));
  const fact = record.fact;
  switch (fact?.kind) {
    case 'connection':
      tables.connection_events.push(connectionRow(id, record, fact));
      break;
    case 'audit':
    case 'failure':
      tables.activities.push(activityRow(id, record, fact, features?.statementHash ?? null));
      break;
    case 'setting':
      tables.setting_changes.push([
        id,
        timestamp(record.eventTime),
        record.server,
        fact.parameter,
        fact.value,
      ]);
      break;
  }
}

function gapRow(last: Position, next: Position, foundAt: number): TableRow {
  return [
    next.source,
    next.partition,
    BigInt(last.sequenceNumber + 1),
    BigInt(next.sequenceNumber - 1),
    timestamp(foundAt),
  ];
}

async function appendNewStatements(
  transaction: Transaction,
  statements: ReadonlyMap<string, { id: bigint; features: StatementFeatures }>,
): Promise<void> {
  if (statements.size === 0) return;
  const stored = await transaction.rows<{ statement_hash: string }>(
    `SELECT statement_hash FROM store.statements
     WHERE statement_hash IN (SELECT unnest(from_json($hashes, '["VARCHAR"]')))`,
    { hashes: JSON.stringify([...statements.keys()]) },
  );
  const known = new Set(stored.map((row) => row.statement_hash));
  const fresh = [...statements].filter(([hash]) => !known.has(hash));
  await transaction.append(
    'statements',
    fresh.map(([, { id, features }]) => statementRow(id, features)),
  );
}
