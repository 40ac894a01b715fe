/** A query as the sandbox runs it, in the process of the test: where the process is not what is tested. */
import { vet } from '../../src/query/guard.ts';
import { DEFAULT_LIMIT_ROWS, DEFAULT_TIMEOUT_MS } from '../../src/query/query-runner.ts';
import type { Reader } from '../../src/query/reader.ts';
import { type QueryResult, type RunOptions, run } from '../../src/query/result.ts';

export async function ask(
  reader: Reader,
  sql: string,
  options: Partial<Omit<RunOptions, 'onEnd'>> = {},
): Promise<QueryResult> {
  const connection = await reader.connect();
  try {
    await vet(connection, sql);
  } catch (error) {
    connection.closeSync();
    throw error;
  }
  const limits = { limitRows: DEFAULT_LIMIT_ROWS, timeoutMs: DEFAULT_TIMEOUT_MS };
  return run(connection, sql, { parameters: undefined, ...limits, ...options, onEnd: () => undefined });
}
