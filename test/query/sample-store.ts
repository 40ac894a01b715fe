/** A data folder with a few rows, as a worker would have written them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionKey } from '../../src/store/session-key.ts';
import { Store } from '../../src/store/store.ts';

/** Text that tries everything a terminal, a spreadsheet or a line of a log reacts to. */
export const HOSTILE = 'x\u001b[2J\u001b]0;owned\u0007\r\n=cmd()|"q", \u009b31m\u202eevil\u2028end';

const KEY = `${sessionKey('pg1', 'aa.1')}::UBIGINT`;

export interface SampleFolder {
  dataDir: string;
  remove(): Promise<void>;
}

export async function emptyFolder(): Promise<SampleFolder> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pgvigil-query-'));
  return { dataDir, remove: () => rm(dataDir, { recursive: true, force: true }) };
}

/** One session of alice on server pg1 that signed in and read `app.orders` three times. */
export async function fill(store: Store): Promise<void> {
  await store.transaction(async (transaction) => {
    await transaction.run(
      `INSERT INTO store.connection_events
         (record_id, event_time, server, session_id, event, user_name, database_name, client, application,
          replication, session_key)
       VALUES (1, '2026-01-01 10:00:00', 'pg1', 'aa.1', 'received', NULL, NULL, '203.0.113.7', NULL, false,
               ${KEY}),
              (2, '2026-01-01 10:00:01', 'pg1', 'aa.1', 'authorized', 'alice', 'shop', NULL, $application,
               false, ${KEY})`,
      { application: HOSTILE },
    );
    await transaction.run(
      `INSERT INTO store.statements VALUES ('h1', 't1', 3, 'SELECT * FROM app.orders', 24);
       INSERT INTO store.templates BY NAME
         SELECT 't1' AS template_id, '' AS version, [] AS literals_read, true AS parse_ok, 'f1' AS fingerprint,
                'SELECT * FROM app.orders' AS normalized, ['SelectStmt'] AS kinds, ['app.orders'] AS relations_read,
                [] AS relations_written, [] AS catalogs, [] AS catalogs_written, [] AS columns_read,
                [] AS columns_written, ['count'] AS functions, [] AS flags, [] AS roles_granted, [] AS grantees,
                [] AS role_options, [] AS hosts, 1 AS statement_count, 0 AS drop_count, 0 AS null_pads, 0 AS chr_chain,
                false AS tail_redacted, 3 AS first_record_id`,
    );
    await transaction.run(
      `INSERT INTO store.activities
         (record_id, event_time, server, session_id, source, user_name, class, command, session_key,
          statement_record_id, template_record_id, row_count, truncated)
       SELECT i, TIMESTAMP '2026-01-01 10:00:02' + to_seconds(i), 'pg1', 'aa.1', 'audit', 'alice', 'READ', 'SELECT',
              ${KEY}, 3, 3, i * 100, false
       FROM range(3, 6) t(i)`,
    );
  });
}

/** A folder that was filled and closed again. */
export async function sampleFolder(): Promise<SampleFolder> {
  const folder = await emptyFolder();
  const store = await Store.open(folder.dataDir);
  await fill(store);
  await store.close();
  return folder;
}
