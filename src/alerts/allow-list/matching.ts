/** Whether an entry of the allow-list matches evidence. Pure. */
import type { AllowEntry } from '../../model/allow-entry.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { Severity } from '../../model/severity.ts';
import { clientMatcher } from './client-range.ts';
import { globMatcher } from './glob.ts';

/** What the parser says of the statement behind evidence. */
export interface StatementFacts {
  fingerprint: string | null;
  /** Everything that the text reads or changes, catalogs too. */
  relations: readonly string[];
  /** The text says itself all that it touches: it was parsed, and runs no code that it builds. */
  isComplete: boolean;
}

/** Statements by hash. */
export type StatementBook = ReadonlyMap<string, StatementFacts>;

/** An entry, ready to be held against evidence of one detector. */
export interface AllowMatcher {
  entry: AllowEntry;
  matches(row: Evidence, statements: StatementBook): boolean;
}

/** Whether an entry can only be judged with what the parser says of the statement. */
export function needsStatement({ relation, fingerprint }: AllowEntry): boolean {
  return relation !== null || fingerprint !== null;
}

/**
 * A field that the evidence does not have matches nothing: what is not known is not known to be harmless.
 *
 * @param severity of the detector, where a row of evidence has none of its own
 */
export function allowMatcher(entry: AllowEntry, severity: Severity): AllowMatcher {
  const tests = [
    fieldTest(entry.server, ({ server }) => server),
    fieldTest(entry.user, ({ user }) => user),
    fieldTest(entry.client, ({ client }) => client, clientMatcher),
    fieldTest(entry.database, ({ database }) => database),
    fieldTest(entry.application, ({ application }) => application),
    fieldTest(entry.entity, ({ entity }) => entity),
  ].filter((test) => test !== null);
  const statementTest = needsStatement(entry) ? statementMatcher(entry) : null;
  return {
    entry,
    matches: (row, statements) =>
      row.eventTime >= entry.startsAt &&
      row.eventTime < entry.expiresAt &&
      !(sparesCritical(entry) && (row.severity ?? severity) === 'critical') &&
      tests.every((test) => test(row)) &&
      (statementTest === null || statementTest(statements.get(row.statementHash ?? ''))),
  };
}

/**
 * A window over all detectors is as good a cover for an attacker as it is for the work that it was made for. It never
 * hides what is critical; a window that names its detector does.
 */
function sparesCritical({ kind, detector }: AllowEntry): boolean {
  return kind === 'suppress' && detector === '*';
}

function fieldTest(
  pattern: string | null,
  field: (row: Evidence) => string | null,
  matcher: (pattern: string) => (text: string) => boolean = globMatcher,
): ((row: Evidence) => boolean) | null {
  if (pattern === null) return null;
  const matches = matcher(pattern);
  return (row) => {
    const text = field(row);
    return text !== null && matches(text);
  };
}

/**
 * A relation must be all that the statement touches: one that reads an allowed table and another beside it is not the
 * statement that somebody had in mind. A fingerprint is the same for every literal. So neither says anything of code that
 * stands in a literal.
 */
function statementMatcher(entry: AllowEntry): (facts: StatementFacts | undefined) => boolean {
  const isRelation = entry.relation === null ? null : globMatcher(entry.relation);
  const isFingerprint = entry.fingerprint === null ? null : globMatcher(entry.fingerprint);
  return (facts) => {
    if (!facts?.isComplete) return false;
    const { fingerprint, relations } = facts;
    if (isFingerprint !== null && (fingerprint === null || !isFingerprint(fingerprint))) return false;
    return isRelation === null || (relations.length > 0 && relations.every(isRelation));
  };
}
