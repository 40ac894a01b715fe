/** What joins an activity with its text and its template: the records that brought each first. */
export interface StatementKey {
  statement: bigint;
  template: bigint;
}

/** By statement hash. */
export type StatementKeys = { get(statementHash: string): StatementKey | undefined };
