/** Brings a database to the schema of this version. Forward only; each step is followed by a checkpoint. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { PgvigilError } from '../errors.ts';
import { packagePath } from '../paths.ts';

interface SqlFile {
  name: string;
  sql: string;
}

async function sqlFiles(folder: string): Promise<SqlFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(join(folder, name), 'utf8') })));
}

/**
 * Applies missing steps of `queries/schema` and, when they changed, all of `queries/views`.
 *
 * DDL in the write-ahead log is what DuckDB replays worst, so a checkpoint follows at once.
 *
 * @throws PgvigilError DATA_TOO_NEW when the database knows steps that this version does not
 */
export async function migrate(connection: DuckDBConnection): Promise<void> {
  const steps = await sqlFiles(packagePath('queries/schema'));
  const views = await sqlFiles(packagePath('queries/views'));
  const viewsDigest = createHash('sha256')
    .update(JSON.stringify(views.map((view) => view.sql)))
    .digest('hex');

  const applied = await metaValue(connection, 'schema');
  const appliedSteps = applied === null ? 0 : Number(applied);
  if (appliedSteps > steps.length) {
    throw new PgvigilError(
      'DATA_TOO_NEW',
      `the data folder has schema ${appliedSteps}, this pgvigil knows ${steps.length}`,
      'Update pgvigil, or use another data folder with --data.',
    );
  }
  if (appliedSteps === steps.length && (await metaValue(connection, 'views')) === viewsDigest) return;

  await connection.run('BEGIN');
  try {
    for (const step of steps.slice(appliedSteps)) await connection.run(step.sql);
    for (const view of views) await connection.run(view.sql);
    await setMeta(connection, 'schema', String(steps.length));
    await setMeta(connection, 'views', viewsDigest);
    await connection.run('COMMIT');
  } catch (error) {
    // Of a commit that failed nothing is left to roll back; what matters is why it failed.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
  await connection.run('CHECKPOINT');
}

async function metaValue(connection: DuckDBConnection, key: string): Promise<string | null> {
  const known = await connection.runAndReadAll(
    "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'store' AND table_name = 'meta'",
  );
  if (known.currentRowCount === 0) return null;
  const found = await connection.runAndReadAll('SELECT value FROM store.meta WHERE key = $key', { key });
  return found.currentRowCount === 0 ? null : String(found.value(0, 0));
}

async function setMeta(connection: DuckDBConnection, key: string, value: string): Promise<void> {
  await connection.run('DELETE FROM store.meta WHERE key = $key', { key });
  await connection.run('INSERT INTO store.meta VALUES ($key, $value)', { key, value });
}
