import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerClient } from '@azure/storage-blob';
import fc from 'fast-check';
import { type BlobHistoryOptions, blobHistory } from '../../../src/sources/blobs/blob-history.ts';
import { capturePlaceOf } from '../../../src/sources/blobs/capture-path.ts';
import { Azurite, put, skipAzurite } from './azurite.ts';
import { avroFile, type Codec, event, wideSchema } from './capture-files.ts';
import { DAY, HOUR_MS, Ledger } from './ledger.ts';

const azurite = new Azurite();
const historyOf = ({ url }: ContainerClient, options: Partial<BlobHistoryOptions> = {}) =>
  blobHistory({ address: { url, credential: azurite.credential }, ...options });

/** Name of the file that began at a minute of the day. */
function fileAt(minute: number, partition: number | string = 0, hub = 'ns-1/pg-logs'): string {
  const [, mo, d, h, mi, s] = new Date(DAY + minute * 60_000).toISOString().split(/\D/);
  return `${hub}/${partition}/2026/${mo}/${d}/${h}/${mi}/${s}.avro`;
}

const bodyOf = (number: number): string => JSON.stringify({ records: [{ number, text: '☃'.repeat(20) }] });
const events = (from: number, to: number): object[] =>
  Array.from({ length: to - from }, (_, index) => event(from + index, bodyOf(from + index)));
const bodies = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => bodyOf(from + index));
const numbersOf = (ledger: Ledger, partition: string): number[] =>
  ledger.stored
    .filter((message) => message.partition === partition)
    .map(({ sequenceNumber }) => sequenceNumber);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('names of capture files', () => {
  it('tell hub, partition and time in whatever order the portal offers', () => {
    const wanted = {
      namespace: 'ns-1',
      hub: 'pg.logs_2',
      partition: '12',
      at: Date.UTC(2026, 6, 2, 3, 4, 5),
    };
    const time = ['2026', '07', '02', '03', '04', '05'];
    for (let at = 0; at <= 6; at++) {
      const parts = [...time.slice(0, at), 'ns-1', 'pg.logs_2', '12', ...time.slice(at)];
      assert.deepEqual(capturePlaceOf(`${parts.join('/')}.avro`), wanted, parts.join('/'));
      assert.deepEqual(capturePlaceOf(`copied/${parts.join('/')}.avro`), wanted);
    }
    assert.deepEqual(capturePlaceOf('ns-1/pg.logs_2/12_2026_07_02_03_04_05.avro'), wanted);
    assert.deepEqual(capturePlaceOf('ns-1/pg.logs_2/12/2026-07-02-03-04-05.avro'), wanted);
  });

  it('are no others', () => {
    for (const name of [
      'a.avro',
      'ns-1/hub/0/2026/07/02/03/04/05.json',
      'ns-1/hub/x/2026/07/02/03/04/05.avro',
    ])
      assert.equal(capturePlaceOf(name), null);
  });
});

describe('files of a captured hub', { skip: skipAzurite }, () => {
  for (const codec of ['null', 'deflate', 'snappy'] as Codec[]) {
    it(`give its events their places in the hub (${codec})`, async () => {
      const container = await azurite.container();
      for (const partition of [0, 1, 12]) {
        await put(container, fileAt(0, partition), await avroFile(events(5, 40), { codec }));
        await put(container, fileAt(5, partition), await avroFile([], { codec }));
        await put(container, fileAt(10, partition), await avroFile(events(40, 60), { codec }));
      }
      const ledger = new Ledger();
      await ledger.read(historyOf(container, { chunkBytes: 777, batchBytes: 1000 }));
      for (const partition of ['0', '1', '12']) assert.deepEqual(numbersOf(ledger, partition), range(5, 60));
      assert.deepEqual([...new Set(ledger.stored.map(({ source }) => source))], ['capture:ns-1/pg-logs']);
      assert.ok(
        ledger.stored.every(
          ({ sequenceNumber, body }) => Buffer.from(body).toString() === bodyOf(sequenceNumber),
        ),
      );
      assert.ok(ledger.batches.every(({ contiguous }) => contiguous));
      assert.deepEqual(await ledger.read(historyOf(container)), []);
      assert.deepEqual(ledger.events, []);
    });
  }

  it('are those of the hours asked for', async () => {
    const container = await azurite.container();
    for (const hour of range(0, 12))
      await put(container, fileAt(hour * 60), await avroFile([event(hour, `${hour}`)]));
    const asked = { since: DAY + 5 * HOUR_MS, until: DAY + 7 * HOUR_MS };
    assert.deepEqual(await new Ledger().read(historyOf(container), asked), ['4', '5', '6', '7']);
  });

  it('go on after any batch, as if reading had never stopped', async () => {
    const container = await azurite.container();
    for (const partition of [0, 1])
      for (const file of range(0, 4))
        await put(container, fileAt(5 * file, partition), await avroFile(events(20 * file, 20 * file + 20)));
    const ledger = new Ledger();
    for (let readings = 0; readings < 100; readings++)
      if ((await ledger.read(historyOf(container, { batchBytes: 600 }), {}, 1)).length === 0) break;
    for (const partition of ['0', '1']) assert.deepEqual(numbersOf(ledger, partition), range(0, 80));
  });

  it('may hold events without a body, and numbers larger than JavaScript has', async () => {
    const container = await azurite.container();
    const wide = {
      ...event(2, 'two'),
      SequenceNumber: 2n,
      SystemProperties: {},
      Properties: { big: 2n ** 62n },
    };
    await put(container, fileAt(0), await avroFile([event(1, null)]));
    await put(container, fileAt(1), await avroFile([wide], { schema: wideSchema() }));
    const ledger = new Ledger();
    assert.deepEqual(await ledger.read(historyOf(container)), ['', 'two']);
    assert.deepEqual(numbersOf(ledger, '0'), [1, 2]);
  });

  it('are read up to where they are cut, which is told once, and from there when they are whole', async () => {
    const container = await azurite.container();
    const whole = await avroFile(events(0, 50), { codec: 'deflate', blockSize: 500 });
    await put(container, fileAt(0), whole.subarray(0, whole.length >> 1));
    const ledger = new Ledger();
    const history = historyOf(container);
    const { length } = await ledger.read(history);
    assert.ok(length > 5 && length < 50, `${length}`);
    assert.deepEqual(await ledger.read(history), []);
    assert.deepEqual(await ledger.read(historyOf(container)), []);
    assert.equal(ledger.leftOut.length, 1);
    assert.match(ledger.leftOut[0]!, /00\.avro is left out from there on: it is cut in a block/);
    await put(container, fileAt(0), whole);
    await ledger.read(historyOf(container));
    assert.deepEqual(ledger.lines, bodies(0, 50));
  });

  it('that are none, or of another schema or codec, are told and left out; the others are read', async () => {
    const container = await azurite.container();
    const fields = [{ name: 'SequenceNumber', type: 'string' }];
    const other = { type: 'record', name: 'EventData', fields };
    await put(container, fileAt(0), 'no avro at all');
    await put(container, fileAt(1), await avroFile([{ SequenceNumber: 'x' }], { schema: other }));
    await put(container, fileAt(2), await avroFile(events(0, 3), { codec: 'bzip2' }));
    await put(container, fileAt(3), await avroFile(events(0, 3)));
    const ledger = new Ledger();
    assert.deepEqual(await ledger.read(historyOf(container)), bodies(0, 3));
    assert.equal(ledger.leftOut.length, 3);
    assert.match(ledger.leftOut.join(' '), /no Avro file.*schema is not that.*codec is "bzip2"/);
  });

  it('under other names are streams of their own', async () => {
    const container = await azurite.container();
    await put(container, 'one.avro', await avroFile(events(7, 9)));
    await put(container, 'two.avro', await avroFile(events(7, 9)));
    const ledger = new Ledger();
    assert.deepEqual(await ledger.read(historyOf(container), {}, 1), [...bodies(7, 9), ...bodies(7, 9)]);
    assert.deepEqual(await ledger.read(historyOf(container)), []);
    await put(container, 'two.avro', await avroFile(events(1, 3)));
    assert.deepEqual(await ledger.read(historyOf(container)), bodies(1, 3));
    assert.ok(ledger.batches.every(({ contiguous }) => !contiguous));
  });
});

describe('hours that are read in any order', { skip: skipAzurite }, () => {
  it('give each event once, and none is taken for stored that is not', async () => {
    const container = await azurite.container();
    const hours = range(0, 9);
    // Sequence numbers have a hole between hours 4 and 5, as when the hub had lost some.
    const first = (hour: number) => hour * 4 + (hour >= 5 ? 3 : 0);
    for (const hour of hours)
      await put(container, fileAt(hour * 60 + 30), await avroFile(events(first(hour), first(hour) + 4)));
    const span = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 1, max: 4 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(span, { maxLength: 3 }),
        fc.integer({ min: 0, max: 3 }),
        async (spans, stop) => {
          const ledger = new Ledger();
          for (const [from, length] of spans) {
            const asked = { since: DAY + from * HOUR_MS, until: DAY + (from + length) * HOUR_MS };
            await ledger.read(historyOf(container, { batchBytes: 300 }), asked, stop === 0 ? Infinity : stop);
          }
          await ledger.read(historyOf(container));
          const read = ledger.stored.map(({ sequenceNumber }) => sequenceNumber).sort((a, b) => a - b);
          assert.deepEqual(
            read,
            hours.flatMap((hour) => range(first(hour), first(hour) + 4)),
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it('leave a gap where events are missing, and none where hours were not asked for', async () => {
    const container = await azurite.container();
    for (const hour of [0, 8])
      await put(container, fileAt(hour * 60), await avroFile(events(hour, hour + 2)));
    const apart = new Ledger();
    await apart.read(historyOf(container), { until: DAY + HOUR_MS });
    await apart.read(historyOf(container), { since: DAY + 7 * HOUR_MS });
    assert.deepEqual(
      [...apart.positions.values()].map(({ partition }) => partition),
      ['0', '0#2'],
    );
    const together = new Ledger();
    await together.read(historyOf(container));
    assert.deepEqual(
      [...together.positions.values()].map(({ partition }) => partition),
      ['0'],
    );
  });

  it('of a hub that was deleted and made again are not taken for those of the old one', async () => {
    const container = await azurite.container();
    await put(container, fileAt(0), await avroFile(events(0, 50)));
    await put(container, fileAt(5), await avroFile(events(0, 10)));
    await put(container, fileAt(10), await avroFile(events(10, 20)));
    const ledger = new Ledger();
    await ledger.read(historyOf(container));
    assert.deepEqual(numbersOf(ledger, '0'), range(0, 50));
    assert.deepEqual(numbersOf(ledger, '0#2'), range(0, 20));
    assert.deepEqual(await ledger.read(historyOf(container)), []);
  });
});
