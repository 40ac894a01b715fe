/** A statement under way: its columns, its rows, and what is said when it is done. */
import type { Answer } from '../query/query-runner.ts';
import type { Column } from '../query/result.ts';
import type { Cell } from '../query/values.ts';

export interface Running {
  /** Null: the statement returns no rows at all. */
  readonly columns: readonly Column[] | null;
  readonly rows: AsyncIterator<Cell[]>;
  /** Rows go out as lines of COPY. */
  readonly copy?: CopyFormat;
  /** Why rows are missing, known at the end. */
  cut(): 'rows' | 'bytes' | null;
  /** Of CommandComplete. */
  tag(rows: number): string;
  close(): void;
}

export interface CopyFormat {
  format: 'text' | 'csv';
  header: boolean;
  delimiter: string;
  null: string;
  quote: string;
}

/** A query of the data, or of the catalogs. */
export function runningAnswer(answer: Answer): Running {
  return {
    columns: answer.columns,
    rows: answer.rows[Symbol.asyncIterator](),
    cut: () => answer.cut,
    tag: (rows) => `SELECT ${rows}`,
    close: () => answer.close(),
  };
}

/** A command that was carried out at once. */
export function done(tag: string, columns: readonly Column[] | null = null, rows: Cell[][] = []): Running {
  return {
    columns,
    rows: from(rows),
    cut: () => null,
    tag: () => tag,
    close: () => undefined,
  };
}

async function* from<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** Waits for `work`, but not longer than until `signal` aborts. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined);
    throw signal.reason;
  }
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort!);
    work.catch(() => undefined); // what comes too late is nobody's error
  }
}
