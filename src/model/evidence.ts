import type { Severity } from './severity.ts';

/** A row that a detector returned: one event that speaks for an alert. */
export interface Evidence {
  recordId: bigint;
  server: string;
  /** Sub-key of deduplication, e.g. `app_rw@203.0.113.7`. */
  entity: string;
  eventTime: number;
  sessionId: string | null;
  user: string | null;
  client: string | null;
  database: string | null;
  application: string | null;
  severity: Severity | null;
  /** What this row shows, in one sentence without literals of SQL. */
  summary: string;
  statementHash: string | null;
  observed: number | null;
  threshold: number | null;
  /** What is usual, in the unit of `observed`; null where the detector does not know it. */
  baseline: number | null;
}
