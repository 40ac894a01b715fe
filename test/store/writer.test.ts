import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readPositions } from '../../src/store/positions.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import {
  audit,
  connection,
  count,
  features,
  logRecord,
  message,
  openStore,
  reject,
  SOURCE,
  temporaryFolder,
  temporaryStore,
} from './support.ts';

const TABLES = [
  'records',
  'connection_events',
  'activities',
  'statements',
  'setting_changes',
  'rejects',
  'gaps',
  'positions',
];

async function counts(store: Store): Promise<Record<string, number>> {
  const entries = await Promise.all(TABLES.map(async (table) => [table, await count(store, table)] as const));
  return Object.fromEntries(entries);
}

/** A message that leaves a row in every table of a commit but `gaps`. */
function fullMessage(sequenceNumber: number) {
  return message(sequenceNumber, {
    records: [
      logRecord(connection('received', { client: '203.0.113.7', clientPort: 5001 }), { index: 0 }),
      logRecord(audit(), { index: 1 }),
      logRecord({ kind: 'setting', parameter: 'work_mem', value: '8MB' }, { index: 2 }),
    ],
    features: [[1, features(`hash-${sequenceNumber}`)]],
    rejects: [reject()],
  });
}

test('every kind of fact gets a row in its table, and the position moves with them', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const result = await writer.commit([fullMessage(7)]);
  assert.deepEqual(result, { records: 3, rejects: 1, repeated: 0, copies: 0, missing: 0 });
  assert.deepEqual(await counts(store), {
    records: 3,
    connection_events: 1,
    activities: 1,
    statements: 1,
    setting_changes: 1,
    rejects: 1,
    gaps: 0,
    positions: 1,
  });
  assert.equal(writer.position(SOURCE, '0')?.sequenceNumber, 7);
  assert.deepEqual(
    (await readPositions(store, SOURCE)).map((position) => [position.sequenceNumber, position.offset]),
    [[7, 'offset-7']],
  );
  assert.deepEqual(await readPositions(store, 'file:other'), []);
});

test('a commit that fails in its last table leaves nothing of itself, and the next one works', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  await writer.commit([fullMessage(1)]);
  const before = await counts(store);
  // Records, events, activities and settings are appended by the time the statement turns out to be too large.
  const poison = { ...fullMessage(3), statements: new Map([[1, features('big', { dropCount: 2 ** 31 })]]) };
  await assert.rejects(writer.commit([fullMessage(2), poison]), /int32/);
  assert.deepEqual(await counts(store), before);
  assert.equal(writer.position(SOURCE, '0')?.sequenceNumber, 1);

  await writer.commit([fullMessage(2)]);
  const ids = await store.rows<{ record_id: bigint }>('SELECT record_id FROM store.records ORDER BY ALL');
  assert.deepEqual(
    ids.map((row) => row.record_id),
    [1n, 2n, 3n, 4n, 5n, 6n],
  );
  assert.equal(await count(store, 'statements'), 2);
});

test('a message that is delivered again is skipped, within a commit, across commits and after a restart', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, folder);
  const writer = await StoreWriter.create(store);
  assert.equal((await writer.commit([message(1), message(2), message(2)])).repeated, 1);
  assert.equal((await writer.commit([message(1), message(3)])).repeated, 1);
  await store.close();

  const reopened = await openStore(t, folder);
  const again = await StoreWriter.create(reopened);
  const result = await again.commit([message(2), message(3), message(4)]);
  assert.deepEqual(result, { records: 1, rejects: 0, repeated: 2, copies: 0, missing: 0 });
  const rows = await reopened.rows<{ record_id: bigint; sequence_number: bigint }>(
    'SELECT record_id, sequence_number FROM store.records ORDER BY record_id',
  );
  assert.deepEqual(
    rows.map((row) => [row.record_id, row.sequence_number]),
    [1n, 2n, 3n, 4n].map((number) => [number, number]),
  );
});

test('a hole in a contiguous source is written down; one in a file is none', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const result = await writer.commit([message(10), message(14), message(15), message(17)]);
  assert.equal(result.missing, 4);
  await writer.commit([
    message(10, { partition: 'file', contiguous: false }),
    message(40, { partition: 'file', contiguous: false }),
  ]);
  const gaps = await store.rows('SELECT partition, first_missing, last_missing FROM gaps ORDER BY ALL');
  assert.deepEqual(
    gaps.map((row) => [row.partition, row.first_missing, row.last_missing]),
    [
      ['0', 11n, 13n],
      ['0', 16n, 16n],
    ],
  );
});

test('a source that is first seen in the middle has no hole before it', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  assert.equal((await writer.commit([message(5000)])).missing, 0);
  assert.equal(await count(store, 'gaps'), 0);
});

test('a statement is stored once, over messages, commits and restarts', async (t) => {
  const folder = await temporaryFolder(t);
  const twice = (sequence: number) =>
    message(sequence, {
      records: [logRecord(audit(), { index: 0 }), logRecord(audit(), { index: 1 })],
      features: [
        [0, features('same')],
        [1, features('same')],
      ],
    });
  for (const [first, second] of [
    [1, 2],
    [3, 4],
  ] as const) {
    const store = await openStore(t, folder);
    const writer = await StoreWriter.create(store);
    await writer.commit([twice(first), twice(second)]);
    assert.equal(await count(store, 'statements'), 1);
    await store.close();
  }
  const store = await openStore(t, folder);
  const [row] = await store.rows('SELECT first_record_id FROM store.statements');
  assert.equal(row?.first_record_id, 1n);
  assert.equal(await count(store, 'activities'), 8);
});

test('texts of the wildest kind come back as they went in', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  let sequence = 0;
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger(), async (text, rows) => {
      await writer.commit([
        message(++sequence, {
          records: [logRecord(audit({ parameters: text, rows, objectName: text }))],
          features: [[0, features(`${sequence}`, { sqlText: text, relationsRead: [text, "it's"] })]],
        }),
      ]);
      const [row] = await store.rows(
        `SELECT parameters, object_name, row_count, sql_text, relations_read FROM activity WHERE statement_hash = $hash`,
        { hash: `${sequence}` },
      );
      assert.deepEqual(
        { ...row },
        {
          parameters: text,
          object_name: text,
          row_count: BigInt(rows),
          sql_text: text,
          relations_read: [text, "it's"],
        },
      );
    }),
    { numRuns: 40 },
  );
});

test('redelivered, doubled and cut into any commits: every message is stored exactly once', async (t) => {
  const store = await temporaryStore(t);
  let round = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ back: fc.nat(4), length: fc.integer({ min: 1, max: 6 }) }), {
        minLength: 1,
        maxLength: 8,
      }),
      async (deliveries) => {
        const partition = `p${++round}`;
        let next = 1;
        for (const { back, length } of deliveries) {
          // Each delivery starts some messages back, as after a lost link, with a writer that has just started.
          const writer = await StoreWriter.create(store);
          const from = Math.max(1, next - back);
          const batch = Array.from({ length }, (_, step) => message(from + step, { partition }));
          await writer.commit(batch);
          next = Math.max(next, from + length);
        }
        const rows = await store.rows<{ sequence_number: bigint }>(
          'SELECT sequence_number FROM store.records WHERE partition = $partition ORDER BY ALL',
          { partition },
        );
        assert.deepEqual(
          rows.map((row) => Number(row.sequence_number)),
          Array.from({ length: next - 1 }, (_, index) => index + 1),
        );
      },
    ),
    { numRuns: 15 },
  );
  assert.equal(await count(store, 'gaps'), 0);
});
