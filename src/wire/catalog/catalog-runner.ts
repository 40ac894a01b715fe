/** Who answers questions about the catalogs of PostgreSQL, wherever that runs. */
import type { Answer, Description, QueryRequest } from '../../query/query-runner.ts';

/** What a question about the catalogs may ask of the session. Plain values: they may cross to another process. */
export interface CatalogSession {
  user: string;
  database: string;
  pid: number;
  settings: Readonly<Record<string, string>>;
}

/** The same as a QueryRunner, with null where the text asks about something else: that is for the runner of the data. */
export interface CatalogRunner {
  /** @throws PgvigilError QUERY_REFUSED, QUERY_FAILED */
  describe(sql: string, session: CatalogSession): Promise<Description | null>;

  /** @throws PgvigilError QUERY_REFUSED, QUERY_FAILED */
  run(request: QueryRequest, session: CatalogSession, signal?: AbortSignal): Promise<Answer | null>;
}

/** A public view, as the catalogs show it. */
export interface ViewInfo {
  name: string;
  comment: string | null;
  columns: readonly { name: string; type: string; comment: string | null }[];
}
