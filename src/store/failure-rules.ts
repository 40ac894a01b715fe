/**
 * Whether a failure can be that of the statement in an AUDIT line, as far as the two lines themselves say.
 *
 * An execution can fail before pgaudit sees it: while the text is parsed, names are looked up, values are bound, rights on
 * tables are checked, the plan is made. Such a failure must not be taken for that of an earlier execution of the same text,
 * which may have been a success.
 */
import type { Failure } from '../model/fact.ts';
import type { Statement } from '../model/statement.ts';

/**
 * When pgaudit writes its line.
 * - first: ahead of all that can fail in the statement
 * - before: before it runs, but once it is parsed, bound, allowed and planned
 * - after: when it has succeeded
 */
export type Logged = 'first' | 'before' | 'after';

/**
 * What the AUDIT line of a failure must be.
 * - never: the failure came before any AUDIT line, or it is unknown of which statement it is
 * - first: one of those that come first, because other statements fail like this before theirs
 * - at_once: the same, or any that came right before the failure
 * - before: any that does not come after
 */
export type Demand = 'never' | 'first' | 'at_once' | 'before';

/** Milliseconds. */
const AT_ONCE = 100;

const FIRST = new Set(['DO', 'CREATE EXTENSION', 'ALTER EXTENSION']);

/** @param hasRows pgaudit.log_rows is on: the lines of queries come at their end */
export function loggedWhen(auditClass: string, command: string, hasRows: boolean): Logged {
  if (FIRST.has(command)) return 'first';
  if (auditClass === 'FUNCTION') return 'before';
  const isQuery = auditClass === 'READ' || auditClass === 'WRITE' || command === '???';
  return isQuery && !hasRows ? 'before' : 'after';
}

/** Connection, transaction that refuses statements, unknown prepared statement. */
const OUTSIDE = new Set(['08', '25', '26', '34']);
/** Malformed or wrongly encoded values of a Bind message. */
const BIND = new Set(['22P03', '22021']);
/** Unsupported features, unknown databases and schemas, texts that are too complex. */
const EARLY = new Set(['0A', '3D', '3F', '54']);
/** Input functions of types and domains raise these: while values are bound, but also while a statement runs. */
const isOfInput = (sqlstate: string) =>
  sqlstate.startsWith('22') || sqlstate === '23502' || sqlstate === '23514';
/** Rights that are checked while functions run, not before the AUDIT line like those on tables. */
const DENIED_LATE = /^permission denied for (function|procedure|aggregate|routine) /;

/** @param parsed what the parser says of its statement */
export function demandOf(
  { sqlstate, message, statement }: Failure,
  context: string | null,
  parsed: Statement | null,
): Demand {
  if (statement === null || parsed === null) return 'never';
  const { parseOk, statementCount, flags } = parsed.template.features;
  // One of several in a string may have succeeded and sent its rows before another failed.
  const isOne = parseOk && statementCount === 1 && !flags.includes('text_cut');
  const sqlClass = sqlstate.slice(0, 2);
  if (!isOne || OUTSIDE.has(sqlClass) || BIND.has(sqlstate)) return 'never';
  // `unnamed portal parameter $1 = '…'` is where Bind fails. Not every way of delivery ships CONTEXT.
  if (context?.includes('portal') && context.includes('parameter $')) return 'never';
  if (context === null && isOfInput(sqlstate) && /\$\d/.test(statement)) return 'never';
  if (EARLY.has(sqlClass)) return 'first';
  if (sqlClass !== '42') return 'before';
  // Class 42 comes from the analysis of the text, unless a function met it or it is a right that is checked late.
  const isLate = !message.startsWith('permission denied for ') || DENIED_LATE.test(message);
  return context !== null || (sqlstate === '42501' && isLate) ? 'at_once' : 'first';
}

/** @param elapsed milliseconds from the AUDIT line to the failure */
export function isMet(demand: Demand, logged: Logged, elapsed: number): boolean {
  if (demand === 'never' || logged === 'after') return false;
  if (logged === 'first' || demand === 'before') return true;
  return demand === 'at_once' && elapsed <= AT_ONCE;
}
