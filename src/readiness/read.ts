/** Reads what readiness is judged by from a data folder. */
import type { Reader } from '../query/reader.ts';
import type { Cell } from '../query/values.ts';
import { type Observation, observationOf } from './observation.ts';
import { daysLeftSql, hasLearningSql, observedSql } from './sql.ts';

/** What was seen of each server, by name. */
export async function readObservations(reader: Reader): Promise<Observation[]> {
  return (await rowsOf(reader, observedSql)).map(observationOf);
}

/** Days until the baselines of each server are complete; null where the data folder keeps no baselines. */
export async function readDaysLeft(reader: Reader): Promise<Map<string, number> | null> {
  if ((await rowsOf(reader, hasLearningSql)).length === 0) return null;
  const rows = await rowsOf(reader, daysLeftSql);
  return new Map(rows.map(({ server, days_left }) => [String(server), Number(days_left)]));
}

async function rowsOf(reader: Reader, sql: string): Promise<Record<string, Cell>[]> {
  const { columns, rows } = await reader.trusted(sql);
  const objects: Record<string, Cell>[] = [];
  for await (const row of rows) {
    objects.push(Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])));
  }
  return objects;
}
