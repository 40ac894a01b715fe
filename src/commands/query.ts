/** `pgvigil query`: ad-hoc SQL over the public views. */
import type { Format } from '../query/formats.ts';
import { openReader } from '../query/reader.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { printRows } from './output.ts';

export interface QueryCommandOptions extends GlobalOptions {
  format: string;
  /** Rows at most; 0: all. */
  limit: number;
  /** Seconds at most. */
  timeout: number;
}

/** Time to print the error before the process ends itself. */
const REPORT_MS = 200;

/** @throws PgvigilError QUERY_REFUSED, QUERY_FAILED, DATA_* */
export async function queryCommand(sql: string, options: QueryCommandOptions): Promise<void> {
  const { config, out, err } = await createContext(options);
  const reader = await openReader(config.data);
  try {
    const result = await reader.query(sql, { limitRows: options.limit, timeoutMs: options.timeout * 1000 });
    await printRows(out, options.format as Format, result);
    if (result.cut) err.write(`Only the first ${options.limit} rows are shown; --limit 0 shows all.\n`);
  } finally {
    await reader.close();
    // Inside one call of a function DuckDB hears no interrupt, and Node would wait for it at exit.
    if (reader.stuck) setTimeout(() => process.kill(process.pid, 'SIGKILL'), REPORT_MS);
  }
}
