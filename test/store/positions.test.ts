import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slowestFront } from '../../src/store/positions.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { logRecord, message, reject, SOURCE, T0, temporaryStore } from './support.ts';

const MINUTE = 60_000;
/** Nothing stands still. */
const PATIENT = { before: 0, began: 0 };

const at = (eventTime: number) => logRecord(null, { eventTime });

test('the slowest of some partitions is the one whose newest event is oldest', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const front = (...partitions: string[]) => slowestFront(store, SOURCE, partitions, PATIENT);
  assert.equal(await front(), Number.POSITIVE_INFINITY, 'none is behind');
  assert.equal(await front('0'), Number.NEGATIVE_INFINITY, 'it may bring anything');
  await writer.commit([
    message(1, { records: [at(T0 + 3 * MINUTE), at(T0 + 2 * MINUTE)] }),
    message(2, { records: [at(T0)] }),
    message(1, { partition: '1', records: [at(T0 + MINUTE)] }),
    message(1, { partition: '2', records: [], rejects: [reject()] }),
  ]);
  assert.equal(await front('0'), T0 + 3 * MINUTE);
  assert.equal(await front('0', '1'), T0 + MINUTE);
  assert.equal(await front('0', '2'), Number.NEGATIVE_INFINITY, 'it has brought no event yet');
  await writer.commit([message(3, { records: [at(T0 + MINUTE)] }), message(4, { records: [] })]);
  assert.equal(await front('0'), T0 + 3 * MINUTE, 'late records do not move it back');
});

test('a partition that stands still is waited for no longer', async (t) => {
  const store = await temporaryStore(t);
  let clock = T0;
  const writer = await StoreWriter.create(store, () => clock);
  await writer.commit([message(1, { records: [at(T0)] })]);
  clock += MINUTE;
  await writer.commit([message(1, { partition: '1', records: [at(T0 + MINUTE)] })]);
  const front = (before: number, began: number) =>
    slowestFront(store, SOURCE, ['0', '1', '2'], { before, began });
  assert.equal(
    await front(T0 + MINUTE, T0),
    T0 + MINUTE,
    'the first has not moved for a minute, the third never did',
  );
  assert.equal(await front(T0 + MINUTE + 1, T0), Number.POSITIVE_INFINITY);
  assert.equal(
    await front(T0 + MINUTE + 1, T0 + 2 * MINUTE),
    Number.NEGATIVE_INFINITY,
    'the worker has just begun',
  );
});
