/** What the doors for other people's SQL (command line, HTTP, PostgreSQL wire protocol) ask, and what they get. */
import type { Column, Rows } from './result.ts';

/** A value for a parameter. A text is cast to the type that the query expects. */
export type Scalar = null | boolean | number | string;

/** By position (`$1`, `?`) or by name (`$user`). */
export type QueryParameters = readonly Scalar[] | Readonly<Record<string, Scalar>>;

/** Limits where a person names none. */
export const DEFAULT_LIMIT_ROWS = 10_000;
export const DEFAULT_TIMEOUT_MS = 60_000;

/** One query over the public views, not yet vetted, with its limits. */
export interface QueryRequest {
  sql: string;
  parameters?: QueryParameters | undefined;
  /** Rows at most; 0: all. */
  limitRows: number;
  /** Bytes of rows at most, as JSON; 0: all. */
  limitBytes: number;
  /** Milliseconds of DuckDB's work, without what the consumer of the rows takes. */
  timeoutMs: number;
}

/** What a query will need and give, without running it. */
export interface Description {
  /** Type as DuckDB names it; null where the query leaves it open. In the order of their numbers. */
  parameters: readonly { name: string; type: string | null }[];
  columns: readonly Column[];
}

/** An answer under way. Its rows are read once; nothing is fetched far ahead of the reader. */
export interface Answer extends Rows {
  /** Why rows are missing at the end, known once the rows were read; null: none are. */
  readonly cut: 'rows' | 'bytes' | null;
  /** Ends the query, read to its end or not. */
  close(): void;
}

/** Runs vetted SQL on a read-only state of the data, away from whoever writes. */
export interface QueryRunner {
  /** @throws PgvigilError QUERY_REFUSED, QUERY_FAILED */
  describe(sql: string): Promise<Description>;

  /**
   * @param signal ends the query, also while its rows are read
   * @throws PgvigilError QUERY_REFUSED, QUERY_FAILED; reading the rows may throw QUERY_FAILED too
   */
  run(request: QueryRequest, signal?: AbortSignal): Promise<Answer>;
}
