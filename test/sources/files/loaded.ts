/** Logs in a store, as somebody sees them who asks the views. */
import type { TestContext } from 'node:test';
import { fileHistory } from '../../../src/sources/files/history.ts';
import { StoreWriter } from '../../../src/store/writer.ts';
import { createIngestor } from '../../../src/worker/ingestion.ts';
import { temporaryStore } from '../../store/support.ts';

export type Row = Record<string, unknown>;

export interface Loaded {
  records: Row[];
  rejects: Row[];
  activity: Row[];
  sessions: Row[];
  signIns: Row[];
  errors: Row[];
  gaps: Row[];
}

/** Columns that say where a row came from, not what it says. */
const WITHOUT = 'EXCLUDE (record_id)';

/** Reads files of one server into a new store. @param prefixes configured values of log_line_prefix */
export async function load(
  t: TestContext,
  paths: readonly string[],
  prefixes: readonly string[],
): Promise<Loaded> {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const limits = { maxRecords: 20_000, maxDelayMs: 0, maxBufferedBytes: 2 ** 28 };
  const ingestor = await createIngestor(store, writer, prefixes, limits, {});
  const reading = {
    position: (source: string, partition: string) => writer.position(source, partition),
    since: 0,
    until: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
  };
  try {
    for await (const batch of fileHistory(paths, { server: 'db1' }).read(reading))
      await ingestor.ingest(batch.messages, batch.contiguous);
  } finally {
    await ingestor.stop();
  }
  const rows = (sql: string): Promise<Row[]> => store.rows<Row>(sql);
  return {
    records: await rows(
      'SELECT event_time, session_id, pid, level, sqlstate, message, detail, context, user_name, database_name, client, application FROM records ORDER BY ALL',
    ),
    rejects: await rows('SELECT code, reason, decode(raw) AS raw FROM rejects ORDER BY sequence_number'),
    activity: await rows(`SELECT * ${WITHOUT} FROM activity ORDER BY ALL`),
    sessions: await rows('SELECT * FROM sessions ORDER BY ALL'),
    signIns: await rows(`SELECT * ${WITHOUT} FROM sign_ins ORDER BY ALL`),
    errors: await rows(`SELECT * ${WITHOUT} FROM errors ORDER BY ALL`),
    gaps: await rows('SELECT * FROM audit_gaps'),
  };
}
