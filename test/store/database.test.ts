import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ErrorCode, PgvigilError } from '../../src/errors.ts';
import { databasePath, openForReading } from '../../src/store/database.ts';
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { Snapshots } from '../../src/worker/snapshots.ts';
import { count, message, openStore, outputOf, SOURCE, startChild, temporaryFolder } from './support.ts';

const isError = (code: ErrorCode) => (error: unknown) =>
  error instanceof PgvigilError && error.code === code && error.hint.length > 20;

test('a second process is told that the folder is in use, also after a reader got its files', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, folder);
  assert.equal(await outputOf('./opener.ts', 'write', folder), 'DATA_LOCKED');
  assert.equal(await outputOf('./opener.ts', 'read', folder), 'DATA_LOCKED');
  // POSIX drops a process's locks on a file when it closes any descriptor of it.
  const snapshots = await Snapshots.open(folder, store);
  await snapshots.take();
  await snapshots.close();
  assert.equal(await outputOf('./opener.ts', 'write', folder), 'DATA_LOCKED');
  await store.close();
  assert.equal(await outputOf('./opener.ts', 'write', folder), 'opened');
});

test('a folder that pgvigil did not make is DATA_MISSING for readers', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(openForReading(folder), isError('DATA_MISSING'));
  await assert.rejects(openForReading(join(folder, 'nowhere')), isError('DATA_MISSING'));
  assert.deepEqual(await readdir(folder), []);
});

test('a folder that cannot be made is STORE_WRITE', async (t) => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  await assert.rejects(Store.open(join(file, 'data')), isError('STORE_WRITE'));
});

/** A closed data folder with one message in it. */
async function filledFolder(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, folder);
  await (await StoreWriter.create(store)).commit([message(1)]);
  await store.close();
  return folder;
}

test('damage to the database file is DATA_DAMAGED, and the file stays as it is', async (t) => {
  const damage: ((bytes: Buffer) => Buffer)[] = [
    (bytes) => bytes.fill(0xaa, 0, 4096), // main header
    (bytes) => bytes.fill(0xaa, 4096, 12_288), // both database headers
    (bytes) => bytes.fill(0xaa, 12_288), // every block
    (bytes) => bytes.subarray(0, 6000),
    () => Buffer.from('This is a text file, not a database.\n'.repeat(1000)),
  ];
  for (const harm of damage) {
    const folder = await filledFolder(t);
    const file = databasePath(folder);
    await writeFile(file, harm(await readFile(file)));
    const before = await readFile(file);
    await assert.rejects(Store.open(folder), isError('DATA_DAMAGED'), harm.toString());
    await assert.rejects(openForReading(folder), isError('DATA_DAMAGED'), harm.toString());
    assert.deepEqual(await readFile(file), before);
  }
});

/**
 * Sets the version in DuckDB's main header: a checksum of 8 bytes, `DUCK`, the version. The checksum is the XOR over
 * all words, each times a constant (DuckDB's src/common/checksum.cpp), so one word can be exchanged.
 */
function withFormatVersion(bytes: Buffer, version: bigint): Buffer {
  const term = (word: bigint) => BigInt.asUintN(64, word * 0xbf58476d1ce4e5b9n);
  const word = bytes.readBigUInt64LE(8);
  const changed = (version << 32n) | (word & 0xffffffffn);
  bytes.writeBigUInt64LE(changed, 8);
  bytes.writeBigUInt64LE(bytes.readBigUInt64LE(0) ^ term(word) ^ term(changed), 0);
  return bytes;
}

test('a database of a newer DuckDB, or of a newer schema, is DATA_TOO_NEW', async (t) => {
  const newerFormat = await filledFolder(t);
  const file = databasePath(newerFormat);
  await writeFile(file, withFormatVersion(await readFile(file), 9_999n));
  await assert.rejects(Store.open(newerFormat), isError('DATA_TOO_NEW'));
  await assert.rejects(openForReading(newerFormat), isError('DATA_TOO_NEW'));

  const newerSchema = await filledFolder(t);
  const store = await openStore(t, newerSchema);
  await store.transaction((transaction) =>
    transaction.run("UPDATE store.meta SET value = '999' WHERE key = 'schema'"),
  );
  await store.close();
  await assert.rejects(Store.open(newerSchema), isError('DATA_TOO_NEW'));
  // The refusal let go of the file.
  assert.equal(await outputOf('./opener.ts', 'read', newerSchema), '1 records');
});

/** Fills a folder in a process that is killed, so that its write-ahead log stays behind. Returns what it acknowledged. */
async function killedAfter(folder: string, acknowledged: number): Promise<number> {
  const child = startChild('./committer.ts', folder, '7');
  let lines = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines += text;
    if (lines.split('\n').length > acknowledged) child.kill('SIGKILL');
  });
  await new Promise((ended) => child.once('close', ended));
  return Number(lines.trim().split('\n').at(-1));
}

test('a damaged write-ahead log is set aside and reading resumes from the last checkpoint', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await openStore(t, folder);
  await (await StoreWriter.create(first)).commit([message(1), message(2)]);
  await first.close(); // writes a checkpoint
  await killedAfter(folder, 8);
  const wal = `${databasePath(folder)}.wal`;
  const bytes = await readFile(wal);
  // From an eighth of it on nothing is legible. A flipped byte in the last entry alone is cut off in silence.
  bytes.fill(0xff, Math.floor(bytes.length / 8));
  await writeFile(wal, bytes);

  let setAside = '';
  const store = await openStore(t, folder, {
    walRecovered: (path) => {
      setAside = path;
    },
  });
  assert.match(setAside, /\.wal\.damaged-[0-9T.-]+Z$/);
  assert.deepEqual(await readFile(setAside), bytes);
  const writer = await StoreWriter.create(store);
  const position = writer.position(SOURCE, '0')?.sequenceNumber ?? 0;
  assert.ok(position >= 2, `position ${position} lies before the last checkpoint`);
  const [row] = await store.rows('SELECT max(sequence_number) AS last FROM store.records');
  assert.equal(row?.last, BigInt(position));

  await writer.commit([message(position + 1)]);
  assert.equal(await count(store, 'gaps'), 0);
});

test('a write-ahead log that only a reader meets is not set aside by it', async (t) => {
  const folder = await temporaryFolder(t);
  await killedAfter(folder, 8);
  const wal = `${databasePath(folder)}.wal`;
  const bytes = await readFile(wal);
  bytes.fill(0xff, Math.floor(bytes.length / 8));
  await writeFile(wal, bytes);
  assert.equal(await outputOf('./opener.ts', 'read', folder), 'DATA_DAMAGED');
  assert.equal((await stat(wal)).size, bytes.length);
});
