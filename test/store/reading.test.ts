import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { databasePath, openForReading } from '../../src/store/database.ts';
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { message } from './support.ts';

let folder: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgvigil-reading-'));
  const store = await Store.open(folder);
  await (await StoreWriter.create(store)).commit([message(1)]);
  await store.close();
  await writeFile(join(folder, 'secret.csv'), 'a,b\n1,2\n');
  instance = await openForReading(folder);
  connection = await instance.connect();
});

after(async () => {
  connection.closeSync();
  instance.closeSync();
  await rm(folder, { recursive: true, force: true });
});

test('the public views can be read', async () => {
  const reader = await connection.runAndReadAll('SELECT record_id FROM records');
  assert.deepEqual(reader.getRows(), [[1n]]);
});

const forbidden = {
  'write a row': ["INSERT INTO store.meta VALUES ('a', 'b')", /read-only/i],
  'delete rows': ['DELETE FROM store.records', /read-only/i],
  'drop a view': ['DROP VIEW records', /read-only/i],
  'make a table': ['CREATE TABLE copy AS SELECT * FROM records', /read-only/i],
  'read a file': ["SELECT * FROM read_csv('FOLDER/secret.csv')", /disabled by configuration|permission/i],
  'read a file by its bare name': [
    "SELECT * FROM 'FOLDER/secret.csv'",
    /disabled|does not exist|permission/i,
  ],
  'list files': ["SELECT * FROM glob('FOLDER/*')", /disabled by configuration|permission/i],
  'write a file': ["COPY records TO 'FOLDER/stolen.csv'", /disabled by configuration|permission/i],
  'export the database': ["EXPORT DATABASE 'FOLDER/export'", /disabled by configuration|permission/i],
  'attach a database': ["ATTACH 'FOLDER/other.duckdb'", /disabled by configuration|permission/i],
  'install an extension': ['INSTALL httpfs', /disabled by configuration|permission/i],
  'load an extension': ["LOAD 'FOLDER/evil.duckdb_extension'", /disabled by configuration|permission/i],
  'call the network': ["SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')", /disabled|httpfs|permission/i],
  'open the way out again': ['SET enable_external_access = true', /locked|cannot/i],
  'unlock the settings': ['SET lock_configuration = false', /locked|cannot/i],
  'raise the memory limit': ["SET memory_limit = '900GB'", /locked|cannot/i],
  'choose where to spill': ["SET temp_directory = 'FOLDER/spill'", /locked|cannot/i],
  'reset a setting': ['RESET memory_limit', /locked|cannot/i],
} as const;

for (const [deed, [sql, refusal]] of Object.entries(forbidden)) {
  test(`a reader cannot ${deed}`, async () => {
    await assert.rejects(connection.run(sql.replaceAll('FOLDER', folder)), refusal);
  });
}

test('reading leaves the database file as it was', async () => {
  const before = await readFile(databasePath(folder));
  await connection.runAndReadAll('SELECT count(*) FROM activity, records');
  assert.deepEqual(await readFile(databasePath(folder)), before);
});
