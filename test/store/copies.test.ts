/** The promise: a record that comes from the hub, an archive and Log Analytics is stored once; true twins are kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage } from '../../src/decode/message.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { Store } from '../../src/store/store.ts';
import type { WritableMessage } from '../../src/store/writable-message.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import {
  audit,
  count,
  logRecord,
  message,
  openStore,
  T0,
  temporaryFolder,
  temporaryStore,
} from './support.ts';

/** The record number `n` of a history, as every source brings it. */
const line = (n: number, changes: Partial<LogRecord> = {}) =>
  logRecord(audit({ statementId: n }), {
    message: `AUDIT: ${n}`,
    eventTime: T0 + n,
    azureTime: T0 + n,
    ...changes,
  });

let places = 0;

/** A message of a source of its own: one of a hub, or the lines of a file, one each. */
function fromHub(...records: LogRecord[]): WritableMessage[] {
  const numbered = records.map((record, index) => ({ ...record, index }));
  return [message(1, { partition: `hub ${++places}`, records: numbered })];
}
function fromFile(...records: LogRecord[]): WritableMessage[] {
  const partition = `file ${++places}`;
  return records.map((record, index) =>
    message(index + 1, { partition, records: [record], contiguous: false }),
  );
}

async function messagesOf(store: Store): Promise<string[]> {
  const rows = await store.rows<{ id: bigint }>(
    'SELECT statement_id AS id FROM store.activities ORDER BY id',
  );
  return rows.map(({ id }) => String(id));
}

test('hub, archive and Log Analytics bring the same records: each is stored once, whichever comes first', async (t) => {
  for (const first of [fromHub, fromFile]) {
    const store = await temporaryStore(t);
    const writer = await StoreWriter.create(store);
    assert.equal((await writer.commit(first(line(1), line(2)))).copies, 0);
    // Log Analytics has no `timestamp`: its event time is Azure's time; nor CONTEXT, nor the backend type.
    const analytics = [line(2), line(3)].map((one) => ({
      ...one,
      eventTime: one.azureTime + 7,
      context: null,
      backendType: null,
    }));
    assert.deepEqual(await writer.commit(fromFile(...analytics)), {
      records: 1,
      rejects: 0,
      repeated: 0,
      copies: 1,
      missing: 0,
    });
    assert.equal((await writer.commit(fromHub(line(1), line(2), line(3)))).copies, 3);
    assert.deepEqual(await messagesOf(store), ['1', '2', '3']);
  }
});

test('copies within one commit, and after a restart, are left out as well', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, folder);
  const writer = await StoreWriter.create(store);
  assert.equal((await writer.commit([...fromHub(line(1)), ...fromFile(line(1))])).copies, 1);
  await store.close();
  const again = await openStore(t, folder);
  assert.equal((await (await StoreWriter.create(again)).commit(fromHub(line(1), line(2)))).copies, 1);
  assert.deepEqual(await messagesOf(again), ['1', '2']);
});

test('lines that are equal to the millisecond are no copies when one message or one file has several', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  await writer.commit(fromHub(line(1), line(1), line(2)));
  assert.deepEqual(await messagesOf(store), ['1', '1', '2']);
  const [first, second, third, fourth] = fromFile(line(1), line(1), line(1), line(2));
  await writer.commit([first!, second!]);
  await writer.commit([third!, fourth!]); // the third of them falls into another commit
  assert.deepEqual(await messagesOf(store), ['1', '1', '1', '2']);
});

test('records that differ in anything that tells them apart are all stored', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const variants = [
    line(1),
    line(1, { server: 'other' }),
    line(1, { sessionId: '69a55080.1b' }),
    line(1, { sessionId: null }),
    line(1, { sessionId: null, pid: 27 }),
    line(1, { azureTime: T0 + 2 }),
    line(1, { level: 'WARNING' }),
    line(1, { sqlstate: '42501' }),
    line(1, { message: 'AUDIT: 1 ' }),
    line(1, { detail: 'parameters' }),
    line(1, { prefixUser: 'a' }),
    line(1, { prefixUser: 'a', prefixDatabase: 'b' }),
    line(1, { prefixUser: 'a\0b' }),
    line(1, { prefixDatabase: 'a' }),
    line(1, { properties: '{}' }),
    line(1, { category: 'metrics' }),
  ];
  for (const record of variants) assert.equal((await writer.commit(fromHub(record))).copies, 0);
  assert.equal(await count(store, 'records'), variants.length);
});

test('another data folder has other hashes: nobody can prepare two lines that collide', async (t) => {
  const hashes = await Promise.all(
    [1, 2].map(async () => {
      const store = await temporaryStore(t);
      await (await StoreWriter.create(store)).commit(fromHub(line(1)));
      const [row] = await store.rows<{ content_hash: bigint }>('SELECT content_hash FROM store.records');
      return row?.content_hash;
    }),
  );
  assert.notEqual(hashes[0], hashes[1]);
});

test('a commit that fails and is tried again neither loses nor doubles a record', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  await writer.commit(fromHub(line(1)));
  const messages = fromFile(line(1), line(2), line(2));
  const poison = message(9, {
    partition: 'poison',
    records: [line(3, { pid: Number.MAX_SAFE_INTEGER, index: 2 ** 40 })],
  });
  await assert.rejects(writer.commit([...messages, poison]));
  await assert.rejects(writer.commit([...messages, poison]));
  assert.equal((await writer.commit(messages)).copies, 1);
  assert.deepEqual(await messagesOf(store), ['1', '2', '2']);
});

test('any history in any sources, cut into any commits, is stored once', async (t) => {
  const store = await temporaryStore(t);
  let base = 1_000;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(20), { minLength: 1, maxLength: 12 }),
      fc.array(fc.record({ hub: fc.boolean(), numbers: fc.array(fc.nat(20), { maxLength: 12 }) }), {
        maxLength: 5,
      }),
      fc.integer({ min: 1, max: 5 }),
      async (numbers, others, size) => {
        base += 100;
        const sources = [{ hub: true, numbers }, ...others].map(({ hub, numbers }) =>
          // Each source has each record of the history once, in an order of its own.
          (hub ? fromHub : fromFile)(...[...new Set(numbers)].map((n) => line(base + n))),
        );
        const messages = sources.flat();
        const writer = await StoreWriter.create(store);
        for (let at = 0; at < messages.length; at += size) await writer.commit(messages.slice(at, at + size));
        const expected = new Set(
          [...numbers, ...others.flatMap((other) => other.numbers)].map((n) => base + n),
        );
        const rows = await store.rows<{ id: bigint }>(
          `SELECT statement_id AS id FROM store.activities WHERE statement_id >= ${base} ORDER BY id`,
        );
        assert.deepEqual(
          rows.map(({ id }) => Number(id)),
          [...expected].sort((a, b) => a - b),
        );
      },
    ),
    { numRuns: 25 },
  );
});

test('one event as hub message, archive line and both tables of Log Analytics is one record', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const text = '2026-07-02 03:00:06 UTC-6a45d422.1513f3-ERROR:  permission denied for table "x"';
  const time = '2026-07-02T03:00:06.469Z';
  const resource =
    '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL/FLEXIBLESERVERS/SRV1';
  const properties = {
    timestamp: '2026-07-02 03:00:06.467 UTC',
    processId: 0x1513f3,
    errorLevel: 'ERROR',
    sqlerrcode: '42501',
    backend_type: 'client backend',
    message: text,
    detail: 'why',
    statement: 'select * from x',
  };
  const record = {
    category: 'PostgreSQLLogs',
    properties,
    resourceId: resource,
    time,
    LogicalServerName: 'srv1',
  };
  const forms: [form: string, body: object][] = [
    ['hub', { records: [record] }],
    ['archive', record],
    [
      'PGSQLServerLogs',
      {
        Type: 'PGSQLServerLogs',
        TimeGenerated: time,
        LogicalServerName: 'srv1',
        ErrorLevel: 'ERROR',
        SqlErrorCode: '42501',
        ProcessId: 0x1513f3,
        BackendType: 'client backend',
        Message: text,
        Detail: 'why',
        _ResourceId: resource.toLowerCase(),
      },
    ],
    [
      'AzureDiagnostics',
      {
        Type: 'AzureDiagnostics',
        TimeGenerated: time,
        Category: 'PostgreSQLLogs',
        Resource: 'SRV1',
        ResourceId: resource,
        LogicalServerName_s: 'srv1',
        errorLevel_s: 'ERROR',
        sqlerrcode_s: '42501',
        processId_d: 0x1513f3,
        Message: text,
        Detail: 'why',
      },
    ],
  ];
  for (const [index, [form, body]] of forms.entries()) {
    const decoded = decodeMessage(Buffer.from(JSON.stringify(body)), { prefixes: [] });
    assert.equal(decoded.records.length, 1, form);
    const place = message(1, { partition: form, contiguous: form === 'hub' });
    assert.equal((await writer.commit([{ ...place, decoded }])).copies, index === 0 ? 0 : 1, form);
  }
  assert.equal(await count(store, 'records'), 1);
});
