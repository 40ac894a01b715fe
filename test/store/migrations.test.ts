/** The promise: a data folder of an earlier version is brought up to date, and nothing in it is lost. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { packagePath } from '../../src/paths.ts';
import { databasePath } from '../../src/store/database.ts';
import { sessionKey } from '../../src/store/session-key.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { audit, connection, logRecord, message, openStore, temporaryFolder } from './support.ts';

/** A folder as the first schema left it, with one session and one statement. */
async function folderOfSchema1(folder: string): Promise<void> {
  const instance = await DuckDBInstance.create(databasePath(folder));
  const database = await instance.connect();
  await database.run(await readFile(packagePath('queries/schema/0001-initial.sql'), 'utf8'));
  await database.run(`
    INSERT INTO store.meta VALUES ('schema', '1'), ('views', 'of an earlier version');
    CREATE VIEW sessions AS SELECT 1 AS something_else;
    INSERT INTO store.records BY NAME SELECT unnest([1, 2]) AS record_id, 'hub' AS source, '0' AS partition,
      1 AS sequence_number, record_id - 1 AS record_index, TIMESTAMP '2026-03-02 09:00' AS event_time,
      event_time AS received_at, 'pg-1' AS server, 'PostgreSQLLogs' AS category, '69a55080.1a' AS session_id;
    INSERT INTO store.connection_events BY NAME SELECT 1 AS record_id, TIMESTAMP '2026-03-02 09:00' AS event_time,
      'pg-1' AS server, '69a55080.1a' AS session_id, 'authorized' AS event, 'app_rw' AS user_name, false AS replication;
    INSERT INTO store.activities BY NAME SELECT 2 AS record_id, TIMESTAMP '2026-03-02 09:00' AS event_time,
      'pg-1' AS server, '69a55080.1a' AS session_id, 'audit' AS source, 1 AS statement_id, false AS truncated,
      'a hash' AS statement_hash;
    INSERT INTO store.statements BY NAME SELECT 'a hash' AS statement_hash, 2 AS first_record_id, 'TRUNCATE t' AS sql_text,
      10 AS text_length, true AS parse_ok, '0123456789abcdef' AS fingerprint, 'TRUNCATE t' AS normalized,
      ['TruncateStmt'] AS kinds, [] AS relations_read, ['t'] AS relations_written, [] AS catalogs, [] AS functions,
      ['truncate'] AS flags, [] AS roles_granted, [] AS grantees, [] AS role_options, [] AS hosts, 't' AS target,
      1 AS statement_count, 1 AS drop_count, 0 AS null_pads, 0 AS chr_chain, false AS tail_redacted,
      'role' AS setting_name, 'a' AS setting_value, 'session' AS setting_scope;
    INSERT INTO store.rejects VALUES ('hub', '0', 1, 2, TIMESTAMP '2026-03-02 09:00', 'PREFIX_MISMATCH', 'x', 'y');
    INSERT INTO store.positions VALUES ('hub', '0', 1, 'o', TIMESTAMP '2026-03-02 09:00')`);
  database.closeSync();
  instance.closeSync();
}

test('a folder of the first schema opens, is read, and is written on', async (t) => {
  const folder = await temporaryFolder(t);
  await folderOfSchema1(folder);
  const store = await openStore(t, folder);
  const [row] = await store.rows(
    'SELECT user_name, statement_id, sql_text, flags, relations_written, columns_read, target, drop_count, settings FROM activity',
  );
  assert.deepEqual(
    { ...row },
    {
      user_name: 'app_rw',
      statement_id: 1n,
      sql_text: 'TRUNCATE t',
      flags: ['truncate'],
      relations_written: ['t'],
      columns_read: [],
      target: 't',
      drop_count: 1,
      settings: [{ name: 'role', value: 'a', scope: 'session' }],
    },
  );
  const [statement] = await store.rows('SELECT normalized, first_seen IS NOT NULL AS seen FROM statements');
  assert.deepEqual({ ...statement }, { normalized: 'TRUNCATE t', seen: true });
  const writer = await StoreWriter.create(store);
  assert.equal(writer.position('hub', '0')?.sequenceNumber, 1);
  const records = [
    logRecord(audit({ statementId: 2 }), { index: 0, sessionId: '69a55080.1a' }),
    logRecord(connection('disconnected', { user: 'app_rw' }), { index: 1, sessionId: '69a55080.1a' }),
  ];
  assert.equal((await writer.commit([message(1, { records })])).records, 2);
  const rows = await store.rows('SELECT record_id, user_name FROM records ORDER BY record_id');
  assert.deepEqual(
    rows.map((one) => [one.record_id, one.user_name]),
    [1n, 2n, 3n, 4n].map((id) => [id, 'app_rw']),
  );
  // The numbers of old rows are those of new ones.
  const sessions = await store.rows('SELECT session_key FROM sessions');
  assert.deepEqual(
    sessions.map((one) => one.session_key),
    [sessionKey('pg-1', '69a55080.1a')],
  );
  const activities = await store.rows('SELECT session_key, user_name FROM activity');
  assert.equal(activities.length, 2);
  for (const one of activities) assert.deepEqual({ ...one }, { ...sessions[0], user_name: 'app_rw' });
  const [rejects] = await store.rows('SELECT count(*) AS n, count(server) AS servers FROM rejects');
  assert.deepEqual({ ...rejects }, { n: 1n, servers: 0n });
});
