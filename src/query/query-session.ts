/** What a person's questions need: answers to one query after the other, and what can be asked about. */
import type { QueryRunner } from './query-runner.ts';

export interface View {
  name: string;
  comment: string;
  columns: readonly ViewColumn[];
}

export interface ViewColumn {
  name: string;
  type: string;
  comment: string;
}

/** Each query sees everything that was committed before it began, whether a worker writes or not. */
export interface QuerySession extends Pick<QueryRunner, 'run'> {
  /**
   * The public views, sorted by name.
   *
   * @throws PgvigilError DATA_MISSING, DATA_LOCKED, DATA_TOO_NEW, DATA_DAMAGED, WORKER_UNREACHABLE
   */
  views(): Promise<readonly View[]>;

  /** Ends what still runs. */
  close(): Promise<void>;
}
