/** Ends what takes too long on a connection. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { PgvigilError } from '../errors.ts';

export interface Limits {
  /** Milliseconds for one run of the SELECT. */
  timeoutMs: number;
  /** Told when DuckDB works on and hears no interrupt: the process can only be ended by a signal. */
  onStuck: () => void;
}

/** How long DuckDB may take to notice an interrupt; inside one function call it notices nothing. */
const GRACE_MS = 2_000;

/**
 * Waits for `work`, which runs one statement on `connection`.
 *
 * @param what begins the sentence that says what took too long
 * @throws PgvigilError QUERY_FAILED when it does, and what `work` throws
 */
export async function withinLimit<T>(
  connection: DuckDBConnection,
  { timeoutMs, onStuck }: Limits,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const tooSlow = () =>
    new PgvigilError(
      'QUERY_FAILED',
      `${what} took longer than ${timeoutMs / 1000} s and was stopped`,
      'A SELECT that reads more than $since to $until and its window is the usual reason. Otherwise --timeout gives it longer.',
    );
  let timer: NodeJS.Timeout | undefined;
  let expired = false;
  const limit = new Promise<never>((_, reject) => {
    const giveUp = () => {
      onStuck();
      reject(tooSlow());
    };
    const interrupt = () => {
      expired = true;
      connection.interrupt();
      timer = setTimeout(giveUp, GRACE_MS);
    };
    timer = setTimeout(interrupt, timeoutMs);
  });
  try {
    return await Promise.race([work(), limit]);
  } catch (error) {
    throw expired ? tooSlow() : error;
  } finally {
    clearTimeout(timer);
  }
}
