import assert from 'node:assert/strict';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AddressBook } from '../../src/enrichment/address-book.ts';
import type { EnrichmentSettings } from '../../src/enrichment/enrichment-files.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import {
  connection,
  logRecord,
  message,
  openStore,
  temporaryFolder,
  temporaryStore,
} from '../store/support.ts';

const NOTHING: EnrichmentSettings = { enrichment: { providers: [], threatLists: [] }, networks: [] };

/** Stores a connection from each of these clients. */
async function connect(store: Store, sequenceNumber: number, clients: readonly string[]): Promise<void> {
  const writer = await StoreWriter.create(store);
  const records = clients.map((client, index) => ({
    ...logRecord(connection('received', { client })),
    index,
  }));
  await writer.commit([message(sequenceNumber, { records })]);
}

async function rows(store: Store): Promise<string[]> {
  const found = await store.rows<{ text: string }>(
    `SELECT concat_ws(' ', client, kind, is_private, is_trusted, array_to_string(lists, ','), array_to_string(labels, ',')) AS text
     FROM addresses ORDER BY client`,
  );
  return found.map(({ text }) => text.trimEnd());
}

test('each client is looked up once, when it comes', async (t) => {
  const store = await temporaryStore(t);
  const book = await AddressBook.open(store, NOTHING);
  assert.equal(await book.enrich(), 0);
  await connect(store, 1, ['10.0.0.1', '203.0.113.5', '10.0.0.1', '[local]', 'host.example.com']);
  assert.equal(await book.enrich(), 4);
  assert.equal(await book.enrich(), 0);
  await connect(store, 2, ['10.0.0.1', '::1']);
  assert.equal(await book.enrich(), 1);
  assert.deepEqual(await rows(store), [
    '10.0.0.1 private true',
    '203.0.113.5 documentation false',
    '::1 loopback true',
    '[local] local true',
    'host.example.com unknown',
  ]);
});

test('all are looked up again when a file or the configuration changes, and not after a mere restart', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(await temporaryFolder(t), 'tor.txt');
  await writeFile(path, '203.0.113.5\n');
  const store = await openStore(t, folder);
  const settings = { ...NOTHING, enrichment: { providers: [], threatLists: [{ name: 'tor', path }] } };
  const book = await AddressBook.open(store, settings);
  await connect(store, 1, ['203.0.113.5', '203.0.113.6']);
  assert.equal(await book.enrich(), 2);
  assert.deepEqual(await rows(store), [
    '203.0.113.5 documentation false tor',
    '203.0.113.6 documentation false',
  ]);

  assert.equal(await (await AddressBook.open(store, settings)).enrich(), 0, 'a restart');

  await writeFile(path, '203.0.113.6\n');
  await utimes(path, 1, 1);
  assert.equal(await book.enrich(), 2, 'a changed file');
  assert.deepEqual(await rows(store), [
    '203.0.113.5 documentation false',
    '203.0.113.6 documentation false tor',
  ]);

  const networks = [{ name: 'office', cidrs: ['203.0.113.5'], trusted: true }];
  const changed = await AddressBook.open(store, { ...settings, networks });
  await connect(store, 2, ['203.0.113.7']);
  assert.equal(await changed.enrich(), 3, 'a changed configuration');
  assert.deepEqual(await rows(store), [
    '203.0.113.5 documentation false true  office',
    '203.0.113.6 documentation false false tor',
    '203.0.113.7 documentation false false',
  ]);
});
