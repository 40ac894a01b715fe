/** Reads what readiness is judged by from a data folder. */
import type { QueryResult } from '../query/result.ts';
import type { Cell } from '../query/values.ts';
import { type Observation, observationOf } from './observation.ts';
import { daysLeftSql, hasLearningSql, observedSql } from './sql.ts';

/** Whoever runs SQL of pgvigil itself: a reader of a data folder, or the worker over its own. */
export interface TrustedReader {
  trusted(sql: string): Promise<QueryResult>;
}

/** What was seen of each server, by name. */
export async function readObservations(reader: TrustedReader): Promise<Observation[]> {
  return (await rowsOf(reader, observedSql)).map(observationOf);
}

/** Days until the baselines of each server are complete; null where the data folder keeps no baselines. */
export async function readDaysLeft(reader: TrustedReader): Promise<Map<string, number> | null> {
  if ((await rowsOf(reader, hasLearningSql)).length === 0) return null;
  const rows = await rowsOf(reader, daysLeftSql);
  return new Map(rows.map(({ server, days_left }) => [String(server), Number(days_left)]));
}

async function rowsOf(reader: TrustedReader, sql: string): Promise<Record<string, Cell>[]> {
  const { columns, rows } = await reader.trusted(sql);
  const objects: Record<string, Cell>[] = [];
  for await (const row of rows) {
    objects.push(Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])));
  }
  return objects;
}
