/** The rows of one commit, by table. */
import type { AuditEntry, Failure } from '../model/fact.ts';
import type { Position } from '../model/position.ts';
import type { LogRecord } from '../model/record.ts';
import type { Statement } from '../model/statement.ts';
import type { OutcomeChanges, Outcomes } from './outcomes.ts';
import { PrefixUses } from './prefixes.ts';
import {
  activityRow,
  connectionRow,
  gapRow,
  recordRow,
  rejectRow,
  settingRow,
  type TableRow,
} from './rows.ts';
import type { NewlyTold, SeenSessions } from './seen.ts';
import { NewStatements } from './statements.ts';
import type { Transaction } from './store.ts';
import type { WritableMessage } from './writable-message.ts';

export class Batch {
  readonly #receivedAt: number;
  readonly #tables = {
    records: [] as TableRow[],
    connection_events: [] as TableRow[],
    activities: [] as TableRow[],
    failed_audits: [] as TableRow[],
    setting_changes: [] as TableRow[],
    rejects: [] as TableRow[],
    gaps: [] as TableRow[],
  };
  readonly #statements = new NewStatements();
  readonly #prefixes = new PrefixUses();

  /** What its records add to what is known of sessions. */
  readonly told: NewlyTold = new Map();
  readonly #seen: SeenSessions;
  /** And of which statements failed. */
  readonly outcomeChanges: OutcomeChanges = new Map();
  readonly #outcomes: Outcomes;

  /** @param receivedAt milliseconds since 1970 */
  constructor(receivedAt: number, seen: SeenSessions, outcomes: Outcomes) {
    this.#receivedAt = receivedAt;
    this.#seen = seen;
    this.#outcomes = outcomes;
  }

  get records(): number {
    return this.#tables.records.length;
  }

  get rejects(): number {
    return this.#tables.rejects.length;
  }

  /** Hashes of the statements in it that the caller did not know. */
  get statements(): Iterable<string> {
    return this.#statements.hashes;
  }

  /** Adds a record under its id, with what the parser says of its statement and the key of its content. */
  add(
    id: bigint,
    place: Position,
    record: LogRecord,
    contentHash: bigint,
    statement: Statement | null,
  ): void {
    const tables = this.#tables;
    tables.records.push(recordRow(id, place, this.#receivedAt, record, contentHash));
    this.#prefixes.add(record);
    const seen = this.#seen.event(record, this.told);
    if (seen !== null) tables.connection_events.push(connectionRow(id, record, seen));
    const { fact } = record;
    if (fact === null) return;
    if (fact.kind === 'setting') tables.setting_changes.push(settingRow(id, record, fact));
    else if (fact.kind !== 'connection') this.#addActivity(id, record, fact, statement);
    else if (fact.event !== 'seen') tables.connection_events.push(connectionRow(id, record, fact));
  }

  #addActivity(id: bigint, record: LogRecord, fact: AuditEntry | Failure, statement: Statement | null): void {
    const tables = this.#tables;
    tables.activities.push(activityRow(id, record, fact, statement?.statementHash ?? null));
    for (const link of this.#outcomes.add(id, record, fact, statement, this.outcomeChanges))
      tables.failed_audits.push([link.recordId, link.errorRecordId]);
  }

  /** Adds what the parser says of a statement, under the record that it came with. */
  addStatement(id: bigint, statement: Statement): void {
    this.#statements.add(id, statement);
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
    await this.#statements.save(transaction);
    await this.#prefixes.save(transaction);
  }
}
