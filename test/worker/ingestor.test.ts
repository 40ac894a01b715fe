import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Statement } from '../../src/model/statement.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { features, logRecord, temporaryStore } from '../store/support.ts';
import { decode, ingestor, LIMITS, RefusingWriter, sourceMessage } from './ingestor-rig.ts';

/** Whether a promise has settled by now, given a little time. */
async function settled(promise: Promise<unknown>, withinMs = 30): Promise<boolean> {
  return Promise.race([promise.then(() => true), sleep(withinMs, false)]);
}

test('ingest resolves when its messages are stored, not before', async () => {
  const writer = new RefusingWriter();
  const release = writer.hold();
  const running = ingestor(writer);
  const done = running.ingest([sourceMessage(1)], true);
  assert.equal(await settled(done), false);
  release();
  await done;
  assert.deepEqual(writer.sequence(), [1]);
  await running.stop();
});

test('what several partitions bring at one time is stored in one commit', async () => {
  const writer = new RefusingWriter();
  const running = ingestor(writer, { limits: { ...LIMITS, maxDelayMs: 20 } });
  await Promise.all(
    [0, 1, 2, 3].map((number) => running.ingest([sourceMessage(1, '1', `p${number}`)], true)),
  );
  assert.equal(writer.calls, 1);
  await running.stop();
});

test('above its bytes the ingestor takes no more until something is stored, but one large message passes', async () => {
  const writer = new RefusingWriter();
  let decoded = 0;
  const running = ingestor(writer, {
    limits: { ...LIMITS, maxRecords: 1, maxBufferedBytes: 10 },
    decode: (body) => {
      decoded += body.byteLength;
      return decode(body);
    },
  });
  let release = writer.hold();
  const first = running.ingest([sourceMessage(1, '11111')], true);
  const second = running.ingest([sourceMessage(2, '22222')], true);
  const third = running.ingest([sourceMessage(3, '3')], true);
  await sleep(20);
  assert.equal(decoded, 10); // the third waits outside
  assert.equal(await settled(third), false);
  release();
  await Promise.all([first, second, third]);
  assert.deepEqual(writer.sequence(), [1, 2, 3]);

  release = writer.hold();
  const large = running.ingest([sourceMessage(4, '4'.repeat(50))], true);
  await sleep(20);
  assert.equal(decoded, 61);
  release();
  await large;
  await running.stop();
});

test('bytes that wait never exceed the bound, however many partitions push', async () => {
  const writer = new RefusingWriter();
  let waiting = 0;
  let most = 0;
  const running = ingestor(writer, {
    limits: { maxRecords: 3, maxDelayMs: 0, maxBufferedBytes: 40 },
    decode: (body) => {
      waiting += body.byteLength;
      most = Math.max(most, waiting);
      return decode(body);
    },
    onCommit: (_result, bytes) => {
      waiting -= bytes;
    },
  });
  const push = async (partition: string) => {
    for (let number = 1; number <= 10; number++) {
      await running.ingest([sourceMessage(number, '1'.repeat(1 + (number % 8)), partition)], true);
    }
  };
  const partitions = Array.from({ length: 12 }, (_, index) => `p${index}`);
  await Promise.all(partitions.map(push));
  await running.stop();
  assert.ok(most <= 40, `${most} bytes`);
  assert.ok(most > 20, 'the bound was never near');
  const inOrder = Array.from({ length: 10 }, (_, index) => index + 1);
  for (const partition of partitions) assert.deepEqual(writer.sequence(partition), inOrder);
});

test('features go with the record that they are of', async (t) => {
  const store = await temporaryStore(t);
  const running = ingestor(await StoreWriter.create(store), {
    decode: () => ({
      records: [0, 1].map((index) =>
        logRecord(
          { kind: 'failure', sqlstate: '42501', message: 'no', statement: null },
          { index, pid: index },
        ),
      ),
      rejects: [],
      unexplained: [],
    }),
    statements: async () => [new Map([[1, features('of-1')]])],
  });
  await running.ingest([sourceMessage(1)], true);
  await running.stop();
  const rows = await store.rows('SELECT statement_hash FROM activity ORDER BY record_id');
  assert.deepEqual(
    rows.map((row) => row.statement_hash),
    [null, 'of-1'],
  );
});

test('stop stores what was taken; what is offered afterwards is not taken', async () => {
  const writer = new RefusingWriter();
  const release = writer.hold();
  const running = ingestor(writer, { limits: { ...LIMITS, maxRecords: 1 } });
  const taken = [1, 2, 3].map((number) => running.ingest([sourceMessage(number)], true));
  await sleep(10);
  const stopped = running.stop();
  assert.equal(await settled(stopped), false);
  const late = running.ingest([sourceMessage(4)], true);
  assert.equal(await settled(late), true);
  release();
  await stopped;
  await Promise.all(taken);
  assert.deepEqual(writer.sequence(), [1, 2, 3]);
  await running.ingest([sourceMessage(5)], true);
  assert.deepEqual(writer.sequence(), [1, 2, 3]);
});

test('a source that waits for room is let go by stop, and its messages are not taken', async () => {
  const writer = new RefusingWriter();
  const release = writer.hold();
  const running = ingestor(writer, { limits: { ...LIMITS, maxBufferedBytes: 4 } });
  const first = running.ingest([sourceMessage(1)], true);
  const waiting = running.ingest([sourceMessage(2)], true);
  await sleep(10);
  const stopped = running.stop();
  release();
  await Promise.all([first, waiting, stopped]);
  assert.deepEqual(writer.sequence(), [1]);
});

test('stop gives up at its deadline when the store refuses to the end, and nobody waits for ever', async () => {
  const writer = new RefusingWriter(Number.POSITIVE_INFINITY);
  const running = ingestor(writer, { limits: { ...LIMITS, maxRecords: 1 } });
  const taken = [1, 2].map((number) => running.ingest([sourceMessage(number)], true));
  await sleep(10);
  const started = performance.now();
  await running.stop(50);
  await Promise.all(taken);
  assert.ok(performance.now() - started < 2_000);
  assert.deepEqual(writer.stored, []);
});

test('stop gives up at its deadline when a text is not understood to the end, and nobody waits for ever', async () => {
  const writer = new RefusingWriter();
  let answer: (statements: ReadonlyMap<number, Statement>[]) => void = () => {};
  let asked = 0;
  let closed = 0;
  const running = ingestor(writer, {
    statements: (messages) => {
      asked++;
      if (asked === 1) return Promise.resolve(messages.map(() => new Map()));
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    close: () => {
      closed++;
      return new Promise(() => {});
    },
  });
  const stored = running.ingest([sourceMessage(1)], true);
  const stuck = running.ingest([sourceMessage(2)], true);
  const behind = running.ingest([sourceMessage(1, '1', '1')], true);
  await stored;
  const started = performance.now();
  await running.stop(50);
  await Promise.all([stuck, behind]);
  assert.ok(performance.now() - started < 5_000);
  assert.equal(closed, 1);
  // What is understood too late is not stored, and what waited behind it is not looked at any more.
  answer([new Map()]);
  await sleep(20);
  assert.equal(asked, 2);
  assert.deepEqual([writer.sequence('0'), writer.sequence('1')], [[1], []]);
});

test('what is understood before the deadline of stop is stored', async () => {
  const writer = new RefusingWriter();
  const running = ingestor(writer, {
    statements: async (messages) => {
      await sleep(20);
      return messages.map(() => new Map());
    },
  });
  const taken = [1, 2, 3].map((number) => running.ingest([sourceMessage(number)], true));
  await running.stop();
  await Promise.all(taken);
  assert.deepEqual(writer.sequence(), [1, 2, 3]);
});

test('nothing to ingest is nothing to wait for', async () => {
  const running = ingestor(new RefusingWriter());
  await running.ingest([], true);
  await running.stop();
});
