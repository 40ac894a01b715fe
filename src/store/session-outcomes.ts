/** What is known of the statements and failures of one session, and which failure ended which statement. Pure. */
import { type Demand, isMet, type Logged } from './failure-rules.ts';

/** Of one session, and rows of one statement. What is forgotten stays two rows. */
const STATEMENTS = 16;
const FAILURES = 16;
const STATEMENT_ROWS = 256;

/** An AUDIT row and the failure of its statement. */
export interface FailedAudit {
  recordId: bigint;
  errorRecordId: bigint;
}

/** Where a line stands in the log: of two in one millisecond the one that arrived first counts as the first. */
interface Moment {
  time: number;
  recordId: bigint;
}

export interface AuditRow extends Moment {
  substatementId: number;
  /** Null for `<previously logged>`, and where texts are not logged. */
  hash: string | null;
  previouslyLogged: boolean;
  logged: Logged;
}

export interface FailureRow extends Moment {
  hash: string | null;
  demand: Demand;
}

/** The rows under one statement id of pgaudit. */
interface Audited {
  id: number;
  /** Its first row. */
  began: Moment;
  /** Rows that no failure has taken. */
  rows: AuditRow[];
  failure: FailureRow | null;
  /** Sub-statements whose rows the failure has taken. */
  taken: readonly number[];
}

/** The last statements of a session, by id, and failures that belong to none of them. */
export interface Session {
  statements: Audited[];
  failures: FailureRow[];
}

const NONE: readonly FailedAudit[] = [];

/** How much is remembered of a session. */
export function sizeOf({ statements, failures }: Session): number {
  return statements.reduce((rows, statement) => rows + 1 + statement.rows.length, 1 + failures.length);
}

/** A session that can be changed while the original stays as it is. */
export function copyOf({ statements, failures }: Session): Session {
  return {
    statements: statements.map((statement) => ({ ...statement, rows: [...statement.rows] })),
    failures: [...failures],
  };
}

function isBefore(one: Moment, other: Moment): boolean {
  return one.time < other.time || (one.time === other.time && one.recordId < other.recordId);
}

/** Adds a failure; the links to the rows of its statement. */
export function addFailure(session: Session, failure: FailureRow): readonly FailedAudit[] {
  session.failures.push(failure);
  const links = link(session, failure);
  if (session.failures.length > FAILURES) session.failures.shift();
  return links;
}

/** Adds an AUDIT row of the statement `id`; the links to a failure that arrived before it. */
export function addAudit(session: Session, id: number, row: AuditRow): readonly FailedAudit[] {
  const statement = addRow(session, id, row);
  if (statement === null) return NONE;
  if (statement.failure !== null) return take(statement, statement.failure);
  if (session.failures.length === 0 || (row.hash === null && !row.previouslyLogged)) return NONE;
  for (const failure of session.failures) {
    if (failure.time < row.time || (row.hash !== null && failure.hash !== row.hash)) continue;
    const links = link(session, failure);
    if (links.length > 0) return links;
  }
  return NONE;
}

/** Adds a row to its statement; null where that is too long ago, or has too many rows, to be remembered. */
function addRow({ statements }: Session, id: number, row: AuditRow): Audited | null {
  let at = statements.length;
  while (at > 0 && statements[at - 1]!.id > id) at--;
  let statement = statements[at - 1];
  if (statement?.id !== id) {
    if (at === 0 && statements.length === STATEMENTS) return null;
    statement = { id, began: row, rows: [], failure: null, taken: [] };
    if (at === statements.length) statements.push(statement);
    else statements.splice(at, 0, statement);
    if (statements.length > STATEMENTS) statements.shift();
  }
  if (isBefore(row, statement.began)) statement.began = row;
  if (statement.rows.length === STATEMENT_ROWS) return null;
  statement.rows.push(row);
  return statement;
}

/** Links a failure to the rows of the statement that it ended, if it is known which. */
function link(session: Session, failure: FailureRow): readonly FailedAudit[] {
  const statement = endedBy(session, failure);
  if (statement === null) return NONE;
  statement.failure = failure;
  session.failures = session.failures.filter((other) => other !== failure);
  return take(statement, failure);
}

/** The statement that a failure ended: the last that had begun. */
function endedBy({ statements, failures }: Session, failure: FailureRow): Audited | null {
  if (failure.hash === null || failure.demand === 'never') return null;
  let at = statements.findLastIndex(({ began }) => began.time <= failure.time);
  // The next statement may have begun in the millisecond of the failure.
  while (
    at > 0 &&
    statements[at]!.began.time === failure.time &&
    rowsOf(statements[at]!, failure).length === 0
  )
    at--;
  const last = statements[at];
  if (last === undefined || last.failure !== null) return null;
  const rows = rowsOf(last, failure);
  const isIts = ({ logged, time }: AuditRow) => isMet(failure.demand, logged, failure.time - time);
  if (rows.length === 0 || !rows.every(isIts)) return null;
  // Every execution of these leaves such a line, so the failure is that of the last one.
  if (rows.every(({ logged }) => logged === 'first')) return last;
  // Otherwise nothing may have happened in between, nor may the failure be older than the statement.
  const isLast = at === statements.length - 1 || statements[at + 1]!.began.time > failure.time;
  const isOver = failures.some((other) => isBefore(last.began, other) && isBefore(other, failure));
  return isLast && !isOver && !isBefore(failure, last.began) ? last : null;
}

/** Rows of a statement with the text that failed. Those with other texts ran inside it and did not fail themselves. */
function rowsOf({ rows, taken }: Audited, { hash, time }: FailureRow): AuditRow[] {
  const own = new Set(taken);
  for (const row of rows) if (row.hash === hash) own.add(row.substatementId);
  return rows.filter(
    (row) => row.time <= time && (row.hash === hash || (row.previouslyLogged && own.has(row.substatementId))),
  );
}

function take(statement: Audited, failure: FailureRow): readonly FailedAudit[] {
  const rows = rowsOf(statement, failure).filter(({ logged }) => logged !== 'after');
  if (rows.length === 0) return NONE;
  const taken = new Set(rows);
  statement.rows = statement.rows.filter((row) => !taken.has(row));
  statement.taken = [...new Set([...statement.taken, ...rows.map((row) => row.substatementId)])];
  return rows.map(({ recordId }) => ({ recordId, errorRecordId: failure.recordId }));
}

/**
 * Takes up a stored AUDIT row.
 * @param errorRecordId the failure that it is linked to
 */
export function takeUpAudit(session: Session, id: number, row: AuditRow, errorRecordId: bigint | null): void {
  const statement = addRow(session, id, row);
  if (statement === null || errorRecordId === null) return;
  statement.rows.pop();
  statement.taken = [...new Set([...statement.taken, row.substatementId])];
  const { hash } = row;
  if (hash !== null)
    statement.failure = { time: Number.POSITIVE_INFINITY, recordId: errorRecordId, hash, demand: 'before' };
}

/**
 * Takes up a stored failure. It is linked already or takes no row any more, because not all that decides it is stored; it
 * still shows that the statement before it had ended.
 */
export function takeUpFailure({ failures }: Session, failure: Omit<FailureRow, 'demand'>): void {
  failures.push({ ...failure, demand: 'never' });
  if (failures.length > FAILURES) failures.shift();
}
