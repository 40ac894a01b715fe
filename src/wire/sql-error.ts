/** What went wrong with a statement, as PostgreSQL's clients expect to hear it. */
import { type ErrorCode, PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';

export class SqlError extends Error {
  /** SQLSTATE. */
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/**
 * What QUERY_REFUSED and QUERY_FAILED say, in the order in which it is looked at. DuckDB has no SQLSTATE, and its texts begin with
 * the kind of the error.
 */
const STATES: readonly [RegExp, string][] = [
  [/^not implemented:/, '0A000'],
  [/is not a view\b/, '42P01'],
  [/exactly one query is expected/, '42601'],
  [/only queries that read are allowed/, '25006'],
  [/is longer than \d+ characters/, '54000'],
  [/took longer than/, '57014'],
  [/INTERRUPT|interrupted|was cancelled|is closed/i, '57014'],
  [/took more than \d+ MB of memory|process ended/, '53200'],
  [/Out of Memory Error/, '53200'],
  [/division by zero/i, '22012'],
  [/Could not convert string|invalid (?:date|timestamp|time)? ?field/i, '22P02'],
  [/^Conversion Error/, '22P02'],
  [/^Out of Range Error|value out of range/i, '22003'],
  [/Table with name .* does not exist/, '42P01'],
  [/(?:Referenced column|column named|does not have a column|Values list .* column)/i, '42703'],
  [/Ambiguous reference/i, '42702'],
  [/must appear in the GROUP BY|GROUP BY clause cannot/i, '42803'],
  [/No function matches|Function with name .* does not exist|Macro function/i, '42883'],
  [/Type with name .* does not exist/i, '42704'],
  [/Values were not provided for|parameter/i, '08P01'],
  [/^(?:Parser Error|syntax error)|the SQL cannot be read|syntax error/i, '42601'],
  [/^Not implemented Error/i, '0A000'],
  [/^Binder Error/, '42601'],
  [/^Invalid Input Error/, '22023'],
];

/** Where the text says no more. */
const OF_CODES: Partial<Record<ErrorCode, string>> = {
  QUERY_REFUSED: '42501',
  QUERY_FAILED: '22000',
  QUERY_BUSY: '53300',
};

/** Anything that was thrown while a statement was looked at or ran. */
export function sqlErrorOf(error: unknown): SqlError {
  if (error instanceof SqlError) return error;
  if (!(error instanceof PgvigilError))
    return new SqlError('XX000', 'internal error', 'The log of pgvigil says more.');
  const state = STATES.find(([form]) => form.test(error.message))?.[1];
  return new SqlError(state ?? OF_CODES[error.code] ?? '58000', shown(error.message), shown(error.hint));
}

/** Errors hold data, which attackers wrote, and clients print them at a terminal as they are. Lines stay lines. */
function shown(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
