/** The promise: what was rejected is stored as soon as it can be decoded, in its place, once, and in one transaction. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecodedMessage } from '../../src/model/message.ts';
import type { Reject } from '../../src/model/reject.ts';
import { type DecodeAgain, restoreRejects } from '../../src/store/rejects.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { audit, count, features, logRecord, message, T0, temporaryStore } from './support.ts';

const mismatch = (index: number | null, text: string): Reject => ({
  index,
  code: 'PREFIX_MISMATCH',
  reason: 'no prefix fits',
  raw: Buffer.from(text),
});

/** Bodies of this test: what begins with `?` cannot be decoded yet; else a statement of that text. */
const decodeAgain =
  (isKnown: (text: string) => boolean): DecodeAgain =>
  async (raw) => {
    const text = Buffer.from(raw).toString();
    const decoded: DecodedMessage = isKnown(text)
      ? { records: [logRecord(audit({ statement: text }), { message: text })], rejects: [], unexplained: [] }
      : { records: [], rejects: [mismatch(0, text)], unexplained: [] };
    return { decoded, statements: new Map(isKnown(text) ? [[0, features(`hash of ${text}`)]] : []) };
  };

const unexplained = (server: string) => ({
  server,
  message: '',
  eventTime: T0,
  level: null,
  sqlstate: null,
  pid: null,
  backendType: null,
});

test('rejects that can be decoded now are stored in their place; the others stay', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const first = message(1, { records: [logRecord(null)], rejects: [mismatch(1, 'a'), mismatch(2, 'b')] });
  first.decoded.unexplained.push(unexplained('pg-1'), unexplained('pg-2'));
  const second = message(2, { records: [], rejects: [mismatch(null, 'c')] });
  second.decoded.unexplained.push(unexplained('pg-1'));
  await writer.commit([first, second]);

  assert.equal(
    await restoreRejects(
      store,
      writer,
      decodeAgain((text) => text !== 'c'),
      'pg-1',
    ),
    1,
  );
  const places = await store.rows(
    `SELECT sequence_number, record_index, sql_text FROM records r JOIN activity a USING (record_id) ORDER BY ALL`,
  );
  assert.deepEqual(
    places.map((row) => Object.values(row)),
    [[1n, 1, "SELECT 'hash of a'"]],
  );
  const left = await store.rows<{ server: string }>('SELECT server FROM rejects ORDER BY server');
  assert.deepEqual(
    left.map(({ server }) => server),
    ['pg-1', 'pg-2'],
  );
  assert.equal(
    await restoreRejects(
      store,
      writer,
      decodeAgain(() => true),
      null,
    ),
    2,
  );
  assert.equal(await count(store, 'rejects'), 0);
  assert.equal(await count(store, 'records'), 4);
  assert.equal(writer.position('eventhub:test/logs/$Default', '0')?.sequenceNumber, 2, 'the position stays');
  assert.equal(
    await restoreRejects(
      store,
      writer,
      decodeAgain(() => true),
      null,
    ),
    0,
  );
});

test('thousands of rejects are restored page by page, each once, also where pages are full of hopeless ones', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const rejects = Array.from({ length: 2_600 }, (_, index) => mismatch(index, `${index}`));
  await writer.commit([message(1, { records: [], rejects })]);
  const third = decodeAgain((text) => Number(text) % 3 === 0 && Number(text) > 1_300);
  const restored = await restoreRejects(store, writer, third, null);
  assert.equal(
    restored,
    Array.from({ length: 2_600 }, (_, n) => n).filter((n) => n % 3 === 0 && n > 1_300).length,
  );
  assert.equal(await count(store, 'rejects'), 2_600 - restored);
  assert.equal(await count(store, 'records'), restored);
});

test('told to end, it ends after the page under way, and the next time goes on with what is left', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const rejects = Array.from({ length: 450 }, (_, index) => mismatch(index, `${index}`));
  await writer.commit([message(1, { records: [], rejects })]);
  const stop = new AbortController();
  let decoded = 0;
  const decode: DecodeAgain = (raw) => {
    if (++decoded === 150) stop.abort();
    return decodeAgain(() => true)(raw);
  };
  const restored = await restoreRejects(store, writer, decode, null, stop.signal);
  assert.ok(restored >= 150 && restored < 450, `${restored}`);
  assert.equal(await count(store, 'rejects'), 450 - restored);
  assert.equal(
    await restoreRejects(
      store,
      writer,
      decodeAgain(() => true),
      null,
    ),
    450 - restored,
  );
  assert.equal(await count(store, 'records'), 450);
});

test('a reject whose record another source has brought meanwhile leaves, and the record is there once', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const record = logRecord(audit({ statement: 'x' }), { message: 'x' });
  await writer.commit([message(1, { records: [], rejects: [mismatch(0, 'x')] })]);
  await writer.commit([message(1, { partition: 'file', records: [record], contiguous: false })]);
  assert.equal(
    await restoreRejects(
      store,
      writer,
      decodeAgain(() => true),
      null,
    ),
    1,
  );
  assert.equal(await count(store, 'records'), 1);
  assert.equal(await count(store, 'rejects'), 0);
});

test('what a prefix explains is counted per server, and the share counts what nothing explains', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const of = (server: string, prefix: string | null, after: number) =>
    logRecord(null, { server, prefix, eventTime: T0 + after });
  const last = message(2, { records: [of('pg-1', '%m ', 9)], rejects: [mismatch(1, 'x')] });
  last.decoded.unexplained.push(unexplained('pg-1'));
  await writer.commit([
    message(1, { records: [of('pg-1', '%t-%c-', 1), of('pg-2', '%t-%c-', 2), of('pg-1', '%t-%c-', 3)] }),
  ]);
  await writer.commit([last, message(3, { records: [of('pg-1', null, 4)] })]);
  const rows = await store.rows('SELECT * FROM log_line_prefixes ORDER BY server, format');
  assert.deepEqual(
    rows.map((row) => [
      row.server,
      row.format,
      row.origin,
      Number(row.lines),
      row.share,
      Number(row.unexplained),
    ]),
    [
      ['pg-1', '%m ', 'configured', 1, 0.25, 1],
      ['pg-1', '%t-%c-', 'configured', 2, 0.5, 1],
      ['pg-2', '%t-%c-', 'configured', 1, 1, 0],
    ],
  );
  assert.deepEqual([rows[1]?.first_seen, rows[1]?.last_seen], [new Date(T0 + 1), new Date(T0 + 3)]);
});
