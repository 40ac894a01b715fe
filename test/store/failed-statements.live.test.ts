/** The promise, held against PostgreSQL 15 with pgaudit: a statement that failed is one row, and a success stays a success. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import pg from 'pg';
import { findBinaries, INSTALL_COMMAND, missingBinary } from '../../fixtures/recorder/binaries.ts';
import { type Cluster, startCluster } from '../../fixtures/recorder/cluster.ts';
import { envelopeOf } from '../../fixtures/recorder/envelope.ts';
import { matchLogs, parseJsonLog } from '../../fixtures/recorder/server-log.ts';
import { PLATFORM_ROLE } from '../../fixtures/recorder/settings.ts';
import { type Row, Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { createIngestor } from '../../src/worker/ingestion.ts';
import { CASES, SETUP, type Step } from './failed-statements-cases.ts';

const missing = missingBinary();
const required = process.env.PGVIGIL_REQUIRE_REAL === '1';
const skip = missing === null || required ? false : `${missing}; install it: ${INSTALL_COMMAND}`;
if (skip !== false) process.stderr.write(`SKIPPED, no real PostgreSQL: ${skip}\n`);

/** Rows of `activity` by the process id of their session. */
const bySession = new Map<number, Row[]>();
const pids = new Map<string, number>();

/** Runs the steps in a session of their own; those that PostgreSQL refuses are part of the play. */
async function play(cluster: Cluster, settings: Record<string, string>, steps: readonly Step[]) {
  const { authority, platform } = cluster.certificates;
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: cluster.port, user: PLATFORM_ROLE, database: 'postgres' },
    options: Object.entries(settings)
      .map(([name, value]) => `-c pgaudit.${name}=${value}`)
      .join(' '),
    ssl: { ca: authority.certificate, key: platform.key, cert: platform.certificate },
  });
  await client.connect();
  // Of the startup message; node-postgres keeps it, its types do not say so.
  const { processID } = client as unknown as { processID: number };
  for (const step of steps) await client.query(step).catch(() => {});
  await client.end();
  return processID;
}

/** The log as one message of a hub. */
async function logOf(cluster: Cluster): Promise<Uint8Array> {
  const events = parseJsonLog(await readFile(cluster.jsonLog, 'utf8'));
  const { messages } = matchLogs(events, await readFile(cluster.stderrLog, 'utf8'));
  // The last words of the postmaster may stand in one of the two logs only.
  const records = events.flatMap((event) => {
    const text = messages.get(event);
    return text === undefined ? [] : [envelopeOf(event, text, cluster.dataFolder)];
  });
  return Buffer.from(JSON.stringify({ records }));
}

async function storeLog(folder: string, body: Uint8Array): Promise<Row[]> {
  const store = await Store.open(folder);
  try {
    const limits = { maxRecords: 5_000, maxDelayMs: 0, maxBufferedBytes: 1 << 26 };
    const ingestor = await createIngestor(store, await StoreWriter.create(store), ['%t-%c-'], limits, {});
    await ingestor.ingest([{ source: 'test', partition: '0', sequenceNumber: 1, offset: '1', body }], true);
    await ingestor.stop();
    return await store.rows(
      'SELECT a.*, r.pid FROM activity a JOIN store.records r USING (record_id) ORDER BY a.record_id',
    );
  } finally {
    await store.close();
  }
}

before(async () => {
  if (skip !== false) return;
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-store-'));
  const cluster = await startCluster(findBinaries());
  try {
    await play(cluster, { log: 'none' }, SETUP);
    for (const { name, settings, steps } of CASES)
      pids.set(
        name,
        await play(cluster, { log: 'read,write,function,ddl', log_rows: 'off', ...settings }, steps),
      );
    await cluster.stop();
    for (const row of await storeLog(folder, await logOf(cluster)))
      bySession.set(Number(row.pid), [...(bySession.get(Number(row.pid)) ?? []), row]);
  } finally {
    await cluster.remove();
    await rm(folder, { recursive: true, force: true });
  }
});

/** `ok` or the SQLSTATE, then what pgaudit said. */
function shown({ ok, sqlstate, command, object_name, sql_text }: Row): string[] {
  const what = [ok ? 'ok' : sqlstate, command, object_name].filter((text) => text !== null).join(' ');
  return [what, String(sql_text)];
}

for (const { name, rows } of CASES)
  test(name, { skip }, () => {
    assert.deepEqual((bySession.get(pids.get(name)!) ?? []).map(shown), rows);
  });
