import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { redactBytes } from '../../src/decode/redact.ts';
import type { DecodedMessage, SourceMessage } from '../../src/model.ts';
import { type CommitResult, StoreWriter, type WritableMessage } from '../../src/store/writer.ts';
import { type IngestLimits, Ingestor, type IngestorOptions } from '../../src/worker/ingestor.ts';
import { connection, count, features, logRecord, SOURCE, temporaryStore } from '../store/support.ts';

/** Bodies of these tests: a number is a client port, `!` a message that is no JSON. */
function decode(body: Uint8Array): DecodedMessage {
  const text = Buffer.from(body).toString();
  if (text.startsWith('!')) {
    return { records: [], rejects: [{ index: null, code: 'INVALID_JSON', reason: 'no JSON', raw: body }] };
  }
  return { records: [logRecord(connection('received', { clientPort: Number(text) }))], rejects: [] };
}

function sourceMessage(sequenceNumber: number, body = '5432', partition = '0'): SourceMessage {
  return {
    source: SOURCE,
    partition,
    sequenceNumber,
    offset: `o${sequenceNumber}`,
    body: Buffer.from(body),
  };
}

const LIMITS: IngestLimits = { maxRecords: 100, maxDelayMs: 1, maxBufferedBytes: 1 << 20 };

function ingestor(writer: Pick<StoreWriter, 'commit'>, options: Partial<IngestorOptions> = {}): Ingestor {
  return new Ingestor({
    writer: writer as StoreWriter,
    decode,
    features: () => null,
    redactBytes,
    limits: LIMITS,
    ...options,
  });
}

/**
 * Stands in for a store that refuses: a full disk cannot be had in a test. Keeps what it takes, and skips what it
 * has, as the real one does.
 */
class RefusingWriter {
  readonly stored: WritableMessage[] = [];
  calls = 0;
  refusals: number;
  gate: Promise<void> = Promise.resolve();

  readonly error: string;

  constructor(refusals = 0, error = 'IO Error: no space left on device') {
    this.refusals = refusals;
    this.error = error;
  }

  async commit(messages: readonly WritableMessage[]): Promise<CommitResult> {
    this.calls++;
    await this.gate;
    if (this.refusals > 0) {
      this.refusals--;
      throw new Error(this.error);
    }
    const fresh = messages.filter((message) => !this.stored.some((one) => sameplace(one, message)));
    this.stored.push(...fresh);
    const records = fresh.reduce((sum, message) => sum + message.decoded.records.length, 0);
    const rejects = fresh.reduce((sum, message) => sum + message.decoded.rejects.length, 0);
    return { records, rejects, repeated: messages.length - fresh.length, missing: 0 };
  }

  /** Sequence numbers of a partition, in the order in which they were stored. */
  sequence(partition = '0'): number[] {
    return this.stored
      .filter(({ position }) => position.partition === partition)
      .map(({ position }) => position.sequenceNumber);
  }

  /** Holds every commit until the returned function is called. */
  hold(): () => void {
    let open = () => {};
    this.gate = new Promise((resolve) => {
      open = resolve;
    });
    return () => open();
  }
}

function sameplace(a: WritableMessage, b: WritableMessage): boolean {
  return (
    a.position.partition === b.position.partition && a.position.sequenceNumber === b.position.sequenceNumber
  );
}

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

test('a store that refuses is tried again: nothing is lost, nothing out of order, and it is told', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(2),
      // DuckDB's own words for a full disk, and an error that does not tell whose fault it is.
      fc.constantFrom(
        'TransactionContext Error: Failed to commit: Could not write file',
        'Invalid Error: who knows',
      ),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      async (rounds, error, sizes) => {
        // An unclear refusal is tried three times: the batch, its first message alone, that message's bytes.
        const writer = new RefusingWriter(rounds * (error.startsWith('Invalid') ? 3 : 1), error);
        const waits: number[] = [];
        const commits: CommitResult[] = [];
        const running = ingestor(writer, {
          onRefused: (told, retryInMs) => {
            assert.equal(told, error);
            waits.push(retryInMs);
          },
          onCommit: (result) => commits.push(result),
        });
        let next = 1;
        await Promise.all(
          sizes.map((size) =>
            running.ingest(
              Array.from({ length: size }, () => sourceMessage(next++)),
              true,
            ),
          ),
        );
        await running.stop();
        assert.deepEqual(
          writer.sequence(),
          Array.from({ length: next - 1 }, (_, index) => index + 1),
        );
        assert.deepEqual(waits, [250, 500].slice(0, rounds));
        assert.ok(writer.stored.every((message) => message.decoded.rejects.length === 0));
        assert.equal(
          commits.reduce((sum, commit) => sum + commit.records, 0),
          next - 1,
        );
      },
    ),
    { numRuns: 8 },
  );
});

test('a store that fails in the middle of a batch counts each message once when it works again', async () => {
  const writer = new RefusingWriter(1, 'Invalid Error'); // the batch is refused, then message 1 alone is taken …
  const commit = writer.commit.bind(writer);
  let alone = 0;
  writer.commit = async (messages) => {
    if (messages.length === 1 && ++alone === 2) writer.refusals = 2; // … and the disk is full again
    return commit(messages);
  };
  const commits: CommitResult[] = [];
  const running = ingestor(writer, { onCommit: (result) => commits.push(result) });
  await running.ingest([sourceMessage(1), sourceMessage(2), sourceMessage(3)], true);
  await running.stop();
  assert.deepEqual(writer.sequence(), [1, 2, 3]);
  assert.deepEqual(commits, [{ records: 3, rejects: 0, repeated: 0, missing: 0 }]);
});

test('a message that alone cannot be stored is kept as a reject; its neighbours are stored as they are', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const running = ingestor(writer, { onRefused: (error) => assert.fail(error) });
  const poison = JSON.stringify(2 ** 40); // a client port that no INTEGER holds
  await running.ingest(
    [sourceMessage(1), sourceMessage(2, poison), sourceMessage(3), sourceMessage(4, '!'), sourceMessage(5)],
    true,
  );
  await running.stop();
  const rejects = await store.rows<{
    sequence_number: bigint;
    code: string;
    reason: string;
    raw: Uint8Array;
  }>('SELECT sequence_number, code, reason, raw FROM store.rejects ORDER BY ALL');
  assert.deepEqual(
    rejects.map((row) => [row.sequence_number, row.code, Buffer.from(row.raw).toString()]),
    [
      [2n, 'NOT_STORABLE', poison],
      [4n, 'INVALID_JSON', '!'],
    ],
  );
  assert.match(rejects[0]?.reason ?? '', /int32/);
  const records = await store.rows<{ sequence_number: bigint }>(
    'SELECT sequence_number FROM store.records ORDER BY ALL',
  );
  assert.deepEqual(
    records.map((row) => row.sequence_number),
    [1n, 3n, 5n],
  );
  assert.equal(await count(store, 'gaps'), 0);
  assert.equal(writer.position(SOURCE, '0')?.sequenceNumber, 5);
});

test('secrets in a message that is kept as a reject are blanked', async (t) => {
  const store = await temporaryStore(t);
  const running = ingestor(await StoreWriter.create(store), {
    decode: () => ({ records: [logRecord(connection('received', { clientPort: 2 ** 40 }))], rejects: [] }),
  });
  await running.ingest([sourceMessage(1, `{"message":"CREATE ROLE x PASSWORD 'TopSecret1'"}`)], true);
  await running.stop();
  const [row] = await store.rows<{ raw: Uint8Array }>('SELECT raw FROM store.rejects');
  const raw = Buffer.from(row?.raw ?? []).toString();
  assert.match(raw, /CREATE ROLE x/);
  assert.doesNotMatch(raw, /TopSecret1/);
});

test('a disk that fills up makes no rejects of sound messages', async () => {
  const writer = new RefusingWriter(1, 'Invalid Error');
  const commit = writer.commit.bind(writer);
  const refused: string[] = [];
  writer.commit = async (messages) => {
    // Rows no longer fit, the bytes of a single message still would.
    const rows = messages.some((message) => message.decoded.records.length > 0);
    if (rows && messages.length === 1 && refused.length === 0)
      throw new Error('TransactionContext Error: Failed to commit: Could not write file');
    return commit(messages);
  };
  const running = ingestor(writer, { onRefused: (error) => refused.push(error) });
  await running.ingest([sourceMessage(1), sourceMessage(2)], true);
  await running.stop();
  assert.equal(refused.length, 1);
  assert.deepEqual(
    writer.stored.map((message) => message.decoded.records.length),
    [1, 1],
  );
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
    }),
    features: (record) => (record.index === 1 ? features('of-1') : null),
  });
  await running.ingest([sourceMessage(1)], true);
  await running.stop();
  const rows = await store.rows('SELECT statement_hash FROM store.activities ORDER BY record_id');
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

test('nothing to ingest is nothing to wait for', async () => {
  const running = ingestor(new RefusingWriter());
  await running.ingest([], true);
  await running.stop();
});
