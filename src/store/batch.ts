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
import type { StatementKey, StatementKeys } from './statement-key.ts';
import { NewStatements } from './statements.ts';
import type { Transaction } from './store.ts';
import type { WritableMessage } from './writable-message.ts';

interface Activity {
  id: bigint;
  record: LogRecord;
  fact: AuditEntry | Failure;
  statement: Statement | null;
}

export class Batch {
  readonly #receivedAt: number;
  readonly #tables = {
    records: [] as TableRow[],
    connection_events: [] as TableRow[],
    failed_audits: [] as TableRow[],
    setting_changes: [] as TableRow[],
    rejects: [] as TableRow[],
    gaps: [] as TableRow[],
  };
  readonly #activities: Activity[] = [];
  readonly #statements = new NewStatements();
  readonly #prefixes = new PrefixUses();

  /** What its records add to what is known of sessions. */
  readonly told: NewlyTold = new Map();
  readonly #seen: SeenSessions;
  /** And of which statements failed. */
  readonly outcomeChanges: OutcomeChanges = new Map();
  readonly #outcomes: Outcomes;
  readonly #known: StatementKeys;

  /** @param receivedAt milliseconds since 1970 */
  constructor(receivedAt: number, seen: SeenSessions, outcomes: Outcomes, known: StatementKeys) {
    this.#receivedAt = receivedAt;
    this.#seen = seen;
    this.#outcomes = outcomes;
    this.#known = known;
  }

  get records(): number {
    return this.#tables.records.length;
  }

  get rejects(): number {
    return this.#tables.rejects.length;
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
    this.#activities.push({ id, record, fact, statement });
    if (statement !== null && this.#known.get(statement.statementHash) === undefined)
      this.#statements.add(id, statement);
    for (const link of this.#outcomes.add(id, record, fact, statement, this.outcomeChanges))
      tables.failed_audits.push([link.recordId, link.errorRecordId]);
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

  /** @returns keys of the statements that were not known */
  async save(transaction: Transaction): Promise<Map<string, StatementKey>> {
    const found = await this.#statements.save(transaction);
    const keyOf = (statement: Statement | null) =>
      statement && (this.#known.get(statement.statementHash) ?? found.get(statement.statementHash) ?? null);
    const activities = this.#activities.map(({ id, record, fact, statement }) =>
      activityRow(id, record, fact, keyOf(statement)),
    );
    await transaction.append('activities', activities);
    for (const [table, rows] of Object.entries(this.#tables)) await transaction.append(table, rows);
    await this.#prefixes.save(transaction);
    return found;
  }
}
