/**
 * Finds which audited statements failed. pgaudit logs most statements before they run, so one that fails has an AUDIT line
 * and then an ERROR line with the same text; both are one statement. What is found is kept as links between the two rows.
 *
 * Whoever can send statements would like a success to look like a failure, by sending the same text again so that it fails
 * before pgaudit sees it. So a failure belongs to the last AUDIT line of its session only, if nothing else failed between
 * the two, and if it can have been raised after such a line (`failure-rules.ts`). In doubt both rows stay as they are.
 *
 * Lines may arrive in any order, so a failure without its AUDIT line is remembered, too. Detection that judged the AUDIT
 * line before the failure arrived judges the failure as a record of its own.
 */
import { LRUCache } from 'lru-cache';
import type { AuditEntry, Failure } from '../model/fact.ts';
import type { LogRecord } from '../model/record.ts';
import type { Statement } from '../model/statement.ts';
import { demandOf, loggedWhen } from './failure-rules.ts';
import {
  addAudit,
  addFailure,
  copyOf,
  type FailedAudit,
  type Session,
  sizeOf,
  takeUpAudit,
  takeUpFailure,
} from './session-outcomes.ts';
import { storeSql } from './sql.ts';
import type { Row, Store } from './store.ts';

const RECENT_ACTIVITIES = storeSql('recent-activities');
/** Records that a start looks back on. */
const LOOKED_BACK = 20_000n;

/** Rows that are remembered of all sessions. What is forgotten stays two rows. */
const ALL_ROWS = 400_000;

/** The sessions that one commit changes, as it leaves them. Takes effect with the commit. */
export type OutcomeChanges = Map<string, Session>;

export class Outcomes {
  /** By (server, session). */
  readonly #sessions = new LRUCache<string, Session>({ maxSize: ALL_ROWS, sizeCalculation: sizeOf });

  /** Takes up what the store says of the last statements, so that a failure right after a start finds its own. */
  async load(store: Store, lastRecordId: bigint): Promise<void> {
    const after = lastRecordId - LOOKED_BACK;
    const changes: OutcomeChanges = new Map();
    for (const row of await store.rows<RecentActivity>(RECENT_ACTIVITIES, { after }))
      takeUp(this.#session(row.server, row.session_id, changes), row);
    this.committed(changes);
  }

  /**
   * The links that a record makes; most make none.
   * @param changes what the records before it in the same commit changed; this one adds to it
   */
  add(
    recordId: bigint,
    record: LogRecord,
    fact: AuditEntry | Failure,
    statement: Statement | null,
    changes: OutcomeChanges,
  ): readonly FailedAudit[] {
    if (record.sessionId === null) return [];
    const session = this.#session(record.server, record.sessionId, changes);
    const { eventTime: time } = record;
    const hash = statement?.statementHash ?? null;
    if (fact.kind === 'failure')
      return addFailure(session, { time, recordId, hash, demand: demandOf(fact, record.context, statement) });
    const { statementId, substatementId, previouslyLogged } = fact;
    const logged = loggedWhen(fact.class, fact.command, fact.rows !== null);
    return addAudit(session, statementId, { time, recordId, hash, substatementId, previouslyLogged, logged });
  }

  /** To be called once the rows are committed. */
  committed(changes: OutcomeChanges): void {
    for (const [key, session] of changes) this.#sessions.set(key, session);
  }

  /** A session as the commit sees it: a copy of what is known. */
  #session(server: string, sessionId: string, changes: OutcomeChanges): Session {
    const key = `${server}\n${sessionId}`;
    let session = changes.get(key);
    if (session === undefined) {
      session = copyOf(this.#sessions.get(key) ?? { statements: [], failures: [] });
      changes.set(key, session);
    }
    return session;
  }
}

interface RecentActivity extends Row {
  record_id: bigint;
  event_time: Date;
  server: string;
  session_id: string;
  source: string;
  statement_id: bigint | null;
  substatement_id: bigint | null;
  class: string | null;
  command: string | null;
  has_rows: boolean;
  statement_hash: string | null;
  previously_logged: boolean;
  /** Of an AUDIT row: its failure. */
  error_record_id: bigint | null;
}

function takeUp(session: Session, row: RecentActivity): void {
  const { record_id: recordId, statement_hash: hash, previously_logged: previouslyLogged } = row;
  const time = row.event_time.getTime();
  if (row.source === 'error') {
    takeUpFailure(session, { time, recordId, hash });
    return;
  }
  const substatementId = Number(row.substatement_id);
  const logged = loggedWhen(row.class ?? '', row.command ?? '', row.has_rows);
  const audit = { time, recordId, hash, substatementId, previouslyLogged, logged };
  takeUpAudit(session, Number(row.statement_id), audit, row.error_record_id);
}
