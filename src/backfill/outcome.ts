/** What a backfill has brought, as the store tells it. */
import { readFileSync } from 'node:fs';
import { packagePath } from '../paths.ts';
import { timestamp } from '../store/rows.ts';
import type { Row, Store } from '../store/store.ts';

const sql = (name: string) => readFileSync(packagePath(`queries/backfill/${name}.sql`), 'utf8');
const SERVERS = sql('servers');
const REJECTS = sql('rejects');
const READINESS = sql('readiness');

/** Times in milliseconds since 1970. */
export interface ServerOutcome {
  server: string;
  records: number;
  first: number;
  last: number;
  /** How often an hour or more went by without a line, and the longest such time. */
  silences: number;
  longest: { from: number; to: number } | null;
  /** How many detectors are in which state: armed, partly, learning, unproven, blind. */
  readiness: { state: string; detectors: number }[];
}

export interface Outcome {
  servers: ServerOutcome[];
  rejects: { code: string; rejects: number }[];
}

interface ServerRow extends Row {
  server: string;
  records: bigint;
  first_ms: bigint;
  last_ms: bigint;
  silences: bigint;
  longest: { from_ms: bigint; to_ms: bigint } | null;
}

/** What a store held before a backfill. */
export interface Beginning {
  lastRecordId: bigint;
  /** Milliseconds since 1970. */
  started: number;
}

export async function beginning(store: Store, now: number): Promise<Beginning> {
  const [last] = await store.rows<{ id: bigint | null }>('SELECT max(record_id) AS id FROM store.records');
  return { lastRecordId: last?.id ?? 0n, started: now };
}

/** What came since. The table behind the view `readiness` has to be fresh. */
export async function readOutcome(store: Store, { lastRecordId, started }: Beginning): Promise<Outcome> {
  const servers = await store.rows<ServerRow>(SERVERS, { last_record_id: lastRecordId });
  const rejects = await store.rows<{ code: string; rejects: bigint }>(REJECTS, {
    started: timestamp(started),
  });
  const states = await store.rows<{ server: string; state: string; detectors: bigint }>(READINESS);
  return {
    servers: servers.map((row) => ({
      server: row.server,
      records: Number(row.records),
      first: Number(row.first_ms),
      last: Number(row.last_ms),
      silences: Number(row.silences),
      longest: row.longest && { from: Number(row.longest.from_ms), to: Number(row.longest.to_ms) },
      readiness: states
        .filter(({ server }) => server === row.server)
        .map(({ state, detectors }) => ({ state, detectors: Number(detectors) })),
    })),
    rejects: rejects.map(({ code, rejects }) => ({ code, rejects: Number(rejects) })),
  };
}
