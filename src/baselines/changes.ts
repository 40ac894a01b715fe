/**
 * Finds what records change in the baselines, reading only. The heavy part of learning: it runs on a connection of its own,
 * so that nobody who writes waits for it.
 */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { PgvigilError } from '../errors.ts';
import { timestamp } from '../store/rows.ts';
import { baselineSql, rowsOf } from './sql.ts';

const WITHHELD = baselineSql('withheld');
const RECONSIDERED = baselineSql('reconsidered');
const CHOSEN = ['chosen-activities', 'chosen-sign-ins', 'chosen-events'].map(baselineSql);
const WANTED_SESSIONS = baselineSql('wanted-sessions');
const SIGHTINGS = ['sightings', 'overflow'].map(baselineSql);
const BOUNDED_SIGHTINGS = baselineSql('bounded-sightings');
const VOLUMES = baselineSql('volumes');
const CHANGED_WITHHELD =
  "SELECT coalesce(to_json(list(r)), '[]')::VARCHAR AS changes, count(*) AS size FROM reconsidered r";

/** Rows of one MERGE. */
const CHUNK = 20_000;
/** Values that are kept of one entity in one dimension; beyond, it is open-ended. */
const MOST_VALUES = 2_000;

/** What is counted already and what is to be counted. Times in milliseconds; `until` and `knownUntil` are exclusive. */
export interface Bounds {
  knownRecord: bigint;
  knownUntil: number;
  lastRecord: bigint;
  until: number;
  /** Nothing before it is remembered. */
  oldest: number;
}

/** JSON arrays of rows, for the MERGE of each table. */
export interface Changes {
  sightings: string[];
  volumes: string[];
  withheld: string[];
  /** Rows in these. */
  size: { sightings: number; volumes: number; withheld: number };
}

/** What the records between the bounds change, and what alerts of since then take back or give free. */
export async function findChanges(
  connection: DuckDBConnection,
  bounds: Bounds,
  mostValues = MOST_VALUES,
): Promise<Changes> {
  const values: Record<string, DuckDBValue> = {
    known_record: bounds.knownRecord,
    known_until: timestamp(bounds.knownUntil),
    last_record: bounds.lastRecord,
    until: timestamp(bounds.until),
    oldest: timestamp(bounds.oldest),
    most_values: mostValues,
    chunk: CHUNK,
  };
  for (const sql of [WITHHELD, RECONSIDERED, ...CHOSEN]) await rowsOf(connection, sql, values);
  await rowsOf(connection, await chosenSessions(connection));
  for (const sql of SIGHTINGS) await rowsOf(connection, sql, values);
  const [sightings, volumes, withheld] = [
    await chunks(connection, BOUNDED_SIGHTINGS, values),
    await chunks(connection, VOLUMES, values),
    await chunks(connection, CHANGED_WITHHELD, values),
  ];
  return {
    sightings: sightings.texts,
    volumes: volumes.texts,
    withheld: withheld.texts,
    size: { sightings: sightings.size, volumes: volumes.size, withheld: withheld.size },
  };
}

async function chunks(
  connection: DuckDBConnection,
  sql: string,
  values: Readonly<Record<string, DuckDBValue>>,
): Promise<{ texts: string[]; size: number }> {
  const rows = (await rowsOf<{ changes: string; size: bigint }>(connection, sql, values)).filter(
    ({ size }) => size > 0n,
  );
  return {
    texts: rows.map(({ changes }) => changes),
    size: rows.reduce((sum, { size }) => sum + Number(size), 0),
  };
}

/** The view `sessions`, with its own definition, over the events that were chosen. */
async function chosenSessions(connection: DuckDBConnection): Promise<string> {
  const [view] = await rowsOf<{ definition: string }>(connection, WANTED_SESSIONS);
  const parts = (view?.definition ?? '').split('store.connection_events');
  if (parts.length < 2)
    throw new PgvigilError(
      'INTERNAL',
      'the view sessions does not read store.connection_events',
      'This is a defect of pgvigil. Please report it.',
    );
  return `CREATE OR REPLACE TEMP TABLE chosen_sessions AS ${parts.join('chosen_events')}`;
}
