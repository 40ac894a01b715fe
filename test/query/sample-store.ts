/** A data folder with a few rows, as a worker would have written them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store } from '../../src/store/store.ts';

/** Text that tries everything a terminal, a spreadsheet or a line of a log reacts to. */
export const HOSTILE = 'x\u001b[2J\u001b]0;owned\u0007\r\n=cmd()|"q", \u009b31m\u202eevil\u2028end';

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
          replication)
       VALUES (1, '2026-01-01 10:00:00', 'pg1', 'aa.1', 'received', NULL, NULL, '203.0.113.7', NULL, false),
              (2, '2026-01-01 10:00:01', 'pg1', 'aa.1', 'authorized', 'alice', 'shop', NULL, $application,
               false)`,
      { application: HOSTILE },
    );
    await transaction.run(
      `INSERT INTO store.statements
         SELECT 'h1', 3, 'SELECT * FROM app.orders', 24, true, 'f1', 'SELECT * FROM app.orders', ['SelectStmt'],
                ['app.orders'], [], [], ['count'], [], NULL, NULL, NULL, [], [], [], [], NULL, NULL, NULL, NULL,
                1, 0, 0, 0, false`,
    );
    await transaction.run(
      `INSERT INTO store.activities
         (record_id, event_time, server, session_id, source, user_name, class, command, statement_hash, row_count,
          truncated)
       SELECT i, TIMESTAMP '2026-01-01 10:00:02' + to_seconds(i), 'pg1', 'aa.1', 'audit', 'alice', 'READ', 'SELECT',
              'h1', i * 100, false
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
