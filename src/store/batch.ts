/** The rows of one commit, by table. */
import type { LogRecord, Position, StatementFeatures } from '../model.ts';
import { PrefixUses } from './prefixes.ts';
import {
  activityRow,
  connectionRow,
  gapRow,
  recordRow,
  rejectRow,
  settingRow,
  statementRow,
  type TableRow,
} from './rows.ts';
import type { NewlyTold, SeenSessions } from './seen.ts';
import { storeSql } from './sql.ts';
import type { Transaction } from './store.ts';
import type { WritableMessage } from './writable-message.ts';

const KNOWN_STATEMENTS = storeSql('known-statements');

export class Batch {
  readonly #receivedAt: number;
  readonly #tables = {
    records: [] as TableRow[],
    connection_events: [] as TableRow[],
    activities: [] as TableRow[],
    setting_changes: [] as TableRow[],
    rejects: [] as TableRow[],
    gaps: [] as TableRow[],
  };
  readonly #statements = new Map<string, { id: bigint; features: StatementFeatures }>();
  readonly #prefixes = new PrefixUses();

  /** What its records add to what is known of sessions. */
  readonly told: NewlyTold = new Map();
  readonly #seen: SeenSessions;

  /** @param receivedAt milliseconds since 1970 */
  constructor(receivedAt: number, seen: SeenSessions) {
    this.#receivedAt = receivedAt;
    this.#seen = seen;
  }

  get records(): number {
    return this.#tables.records.length;
  }

  get rejects(): number {
    return this.#tables.rejects.length;
  }

  /** Hashes of the statements in it that the caller did not know. */
  get statements(): Iterable<string> {
    return this.#statements.keys();
  }

  /** Adds a record under its id, with what the parser says of its statement and the key of its content. */
  add(
    id: bigint,
    place: Position,
    record: LogRecord,
    contentHash: bigint,
    statementHash: string | null,
  ): void {
    const tables = this.#tables;
    tables.records.push(recordRow(id, place, this.#receivedAt, record, contentHash));
    this.#prefixes.add(record);
    const seen = this.#seen.event(record, this.told);
    if (seen !== null) tables.connection_events.push(connectionRow(id, record, seen));
    const { fact } = record;
    if (fact === null) return;
    if (fact.kind === 'setting') tables.setting_changes.push(settingRow(id, record, fact));
    else if (fact.kind !== 'connection') tables.activities.push(activityRow(id, record, fact, statementHash));
    else if (fact.event !== 'seen') tables.connection_events.push(connectionRow(id, record, fact));
  }

  /** Adds what the parser says of a statement, under the record that it came with. */
  addStatement(id: bigint, features: StatementFeatures): void {
    if (!this.#statements.has(features.statementHash))
      this.#statements.set(features.statementHash, { id, features });
  }

  addRejects({ position, decoded }: WritableMessage): void {
    let unexplained = 0;
    for (const reject of decoded.rejects) {
      const line = reject.code === 'PREFIX_MISMATCH' ? decoded.unexplained[unexplained++] : undefined;
      this.#tables.rejects.push(rejectRow(position, this.#receivedAt, reject, line?.server ?? null));
    }
  }

  /** Adds the messages between two places, which never arrived. */
  addGap(last: Position, next: Position): void {
    this.#tables.gaps.push(gapRow(last, next, this.#receivedAt));
  }

  async save(transaction: Transaction): Promise<void> {
    for (const [table, rows] of Object.entries(this.#tables)) await transaction.append(table, rows);
    await this.#saveStatements(transaction);
    await this.#prefixes.save(transaction);
  }

  async #saveStatements(transaction: Transaction): Promise<void> {
    if (this.#statements.size === 0) return;
    const stored = await transaction.rows<{ statement_hash: string }>(KNOWN_STATEMENTS, {
      hashes: JSON.stringify([...this.#statements.keys()]),
    });
    const known = new Set(stored.map((row) => row.statement_hash));
    const fresh = [...this.#statements].filter(([hash]) => !known.has(hash));
    await transaction.append(
      'statements',
      fresh.map(([, { id, features }]) => statementRow(id, features)),
    );
  }
}
