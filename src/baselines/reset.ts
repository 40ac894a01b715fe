/** Forgets baselines that are no longer true: after a rename, a move, or when an attacker has taught them. */
import type { Store } from '../store/store.ts';
import { baselineSql } from './sql.ts';

const RESET = ['reset-sightings', 'reset-volumes'].map(baselineSql);

/** What to forget; null: of every. Of a dimension or a metric, and of a role. */
export interface Selection extends Record<string, string | null> {
  server: string | null;
  dimension: string | null;
  entity: string | null;
}

/** Deletes the rows. What they were made of is not learned again; learning goes on with what happens next. */
export async function resetBaselines(store: Store, selection: Selection): Promise<void> {
  await store.transaction(async (transaction) => {
    for (const sql of RESET) await transaction.run(sql, selection);
  });
}
