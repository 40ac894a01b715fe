/** The values that an investigation is asked with, counted back from the newest event of the data. */
import { DEFAULT_TIMEOUT_MS, type QueryRunner, type Scalar } from '../query-runner.ts';
import { bindInvestigation, NEWEST_EVENT } from './bind.ts';
import type { Investigation } from './investigation.ts';

/**
 * The values of an investigation's parameters.
 *
 * @param given values as people type them, by name
 * @throws PgvigilError USAGE, QUERY_FAILED
 */
export async function askInvestigation(
  runner: Pick<QueryRunner, 'run'>,
  investigation: Investigation,
  given: Readonly<Record<string, string>>,
): Promise<Record<string, Scalar>> {
  return bindInvestigation(investigation, given, await newestEvent(runner));
}

/** Milliseconds since 1970; now where nothing is known. */
async function newestEvent(runner: Pick<QueryRunner, 'run'>): Promise<number> {
  const limits = { limitRows: 1, limitBytes: 0, timeoutMs: DEFAULT_TIMEOUT_MS };
  const { rows } = await runner.run({ sql: NEWEST_EVENT, ...limits });
  let newest: number | null = null;
  for await (const [value] of rows) newest = value == null ? null : Date.parse(String(value));
  return newest ?? Date.now();
}
