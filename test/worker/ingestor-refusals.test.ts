import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CommitResult, StoreWriter } from '../../src/store/writer.ts';
import { connection, count, logRecord, SOURCE, temporaryStore } from '../store/support.ts';
import { ingestor, RefusingWriter, sourceMessage } from './ingestor-rig.ts';

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
  assert.deepEqual(commits, [{ records: 3, rejects: 0, repeated: 0, copies: 0, missing: 0 }]);
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
    decode: () => ({
      records: [logRecord(connection('received', { clientPort: 2 ** 40 }))],
      rejects: [],
      unexplained: [],
    }),
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
