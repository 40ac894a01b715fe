/** What PostgreSQL 15 with pgaudit logs of statements that this test sent itself, decoded. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import pg from 'pg';
import { findBinaries, INSTALL_COMMAND, missingBinary } from '../../../fixtures/recorder/binaries.ts';
import { type Cluster, startCluster } from '../../../fixtures/recorder/cluster.ts';
import { envelopeOf } from '../../../fixtures/recorder/envelope.ts';
import { matchLogs, parseJsonLog } from '../../../fixtures/recorder/server-log.ts';
import { PLATFORM_ROLE } from '../../../fixtures/recorder/settings.ts';
import { decodeMessage } from '../../../src/decode/message.ts';
import { isWellFormedAudit } from '../../../src/decode/pgaudit/pgaudit.ts';
import type { AuditEntry } from '../../../src/model/fact.ts';
import type { LogRecord } from '../../../src/model/record.ts';
import { CASES, type Case, SETUP, type Step } from './pgaudit-cases.ts';

const missing = missingBinary();
const required = process.env.PGVIGIL_REQUIRE_REAL === '1';
const skip = missing === null || required ? false : `${missing}; install it: ${INSTALL_COMMAND}`;
if (skip !== false) process.stderr.write(`SKIPPED, no real PostgreSQL: ${skip}\n`);

/** Decoded audit records by the process id of their session. */
const bySession = new Map<number | null, LogRecord[]>();
const pids = new Map<string, number>();

/** Runs the steps in a session of their own; those that PostgreSQL refuses are part of the play. */
async function play(cluster: Cluster, settings: Record<string, string>, steps: Step[]): Promise<number> {
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
  const { processID: processId } = client as unknown as { processID: number };
  for (const step of steps) await client.query(step).catch(() => {});
  await client.end();
  return processId;
}

before(async () => {
  if (skip !== false) return;
  const cluster = await startCluster(findBinaries());
  try {
    await play(cluster, { log: 'none' }, SETUP);
    for (const { name, settings, steps } of CASES) pids.set(name, await play(cluster, settings, steps));
    await cluster.stop();
    const events = parseJsonLog(await readFile(cluster.jsonLog, 'utf8'));
    const { messages } = matchLogs(events, await readFile(cluster.stderrLog, 'utf8'));
    const records = events.map((event) => envelopeOf(event, messages.get(event)!, cluster.dataFolder));
    const decoded = decodeMessage(Buffer.from(JSON.stringify({ records })), { prefixes: [] });
    assert.deepEqual(decoded.rejects, []);
    for (const record of decoded.records)
      if (record.fact?.kind === 'audit')
        bySession.set(record.pid, [...(bySession.get(record.pid) ?? []), record]);
  } finally {
    await cluster.remove();
  }
});

function shown(record: LogRecord): Case['entries'][number] {
  const entry = record.fact as AuditEntry;
  const what = [
    ...(record.level === 'LOG' ? [] : [record.level]),
    ...(entry.auditType === 'SESSION' ? [] : [entry.auditType]),
    `${entry.statementId},${entry.substatementId}`,
    ...[entry.class, entry.command, entry.objectType, entry.objectName].filter((text) => text !== null),
  ].join(' ');
  const statement = entry.previouslyLogged ? '<previously logged>' : entry.statement;
  return entry.parameters === null
    ? [what, statement, entry.rows]
    : [what, statement, entry.rows, entry.parameters];
}

for (const { name, entries } of CASES)
  test(name, { skip }, () => {
    const records = bySession.get(pids.get(name)!) ?? [];
    assert.deepEqual(records.map(shown), entries);
    for (const record of records) {
      assert.equal((record.fact as AuditEntry).truncated, false);
      assert.ok(isWellFormedAudit(record.message!.slice(7)), record.message!);
    }
  });
