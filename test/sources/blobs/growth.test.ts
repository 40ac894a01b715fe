import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ContainerClient } from '@azure/storage-blob';
import fc from 'fast-check';
import { type BlobHistoryOptions, blobHistory } from '../../../src/sources/blobs/blob-history.ts';
import type { History } from '../../../src/sources/history.ts';
import { Azurite, append, put, skipAzurite } from './azurite.ts';
import { Front } from './front.ts';
import { HOUR_MS, hourOf, Ledger, linesOf, text } from './ledger.ts';

const azurite = new Azurite();
const front = new Front(azurite);
beforeEach(() => void front.take());
/** Only what was written a short time ago grows. */
const TODAY = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const name = hourOf('A', 0, TODAY);
const lines = linesOf('A', 3, 0, 5000);

const historyOf = ({ url }: ContainerClient, options: Partial<BlobHistoryOptions> = {}) =>
  blobHistory({ address: { url, credential: azurite.credential }, ...options });

/** A history that is read through the front, which sees what is asked for. */
const watched = ({ containerName }: ContainerClient, options: Partial<BlobHistoryOptions> = {}) =>
  blobHistory({
    address: { url: `${front.url}/${containerName}`, credential: azurite.credential },
    ...options,
  });

describe('a blob that is still being written', { skip: skipAzurite }, () => {
  it('is downloaded from where the store stands, and not at all while it is unchanged', async () => {
    const container = await azurite.container();
    await append(container, name, text(lines.slice(0, 2000)));
    const ledger = new Ledger(TODAY);
    const history = watched(container);
    await ledger.read(history);
    assert.equal(front.take().downloads.length, 1);
    for (const again of [history, watched(container)]) assert.deepEqual(await ledger.read(again), []);
    assert.deepEqual(front.take().downloads, []);
    await append(container, name, text(lines.slice(2000, 2010)));
    for (const again of [watched(container), history]) {
      const found = await ledger.read(again);
      assert.deepEqual(found, again === history ? [] : lines.slice(2000, 2010));
    }
    const [download, ...more] = front.take().downloads;
    assert.deepEqual(more, []);
    const from = Number(/^bytes=(\d+)-/.exec(download!.range)![1]);
    const stored = Buffer.byteLength(text(lines.slice(0, 2000)));
    assert.ok(from > stored - 33_000 && from < stored, `${from} of ${stored}`);
  });

  it('keeps half a line for later, and says so once', async () => {
    const container = await azurite.container();
    const cut = lines[2]!.length - 9;
    await append(container, name, text(lines.slice(0, 2)) + lines[2]!.slice(0, cut));
    const ledger = new Ledger(TODAY);
    const history = watched(container);
    assert.deepEqual(await ledger.read(history), lines.slice(0, 2));
    assert.equal(ledger.leftOut.length, 1);
    assert.match(ledger.leftOut[0]!, /PT1H\.json ends in the middle of a record: its last \d+ bytes/);
    assert.deepEqual(await ledger.read(history), []);
    assert.equal(front.take().downloads.length, 1);
    assert.deepEqual(await ledger.read(watched(container)), []);
    assert.deepEqual(front.take().downloads, []);
    await append(container, name, `${lines[2]!.slice(cut)}\n${lines[3]}`);
    assert.deepEqual(await ledger.read(history), lines.slice(2, 4));
    await append(container, name, `\n${lines[4]}\n`);
    assert.deepEqual(await ledger.read(history), lines.slice(4, 5));
    assert.equal(ledger.leftOut.length, 1);
  });

  it('of which nothing is whole yet is not downloaded again and again', async () => {
    const container = await azurite.container();
    await append(container, name, lines[0]!.slice(0, 20));
    const ledger = new Ledger(TODAY);
    const history = watched(container);
    for (let readings = 0; readings < 3; readings++) assert.deepEqual(await ledger.read(history), []);
    assert.equal(front.take().downloads.length, 1);
    assert.equal(ledger.leftOut.length, 1);
    await append(container, name, `${lines[0]!.slice(20)}\n`);
    assert.deepEqual(await ledger.read(history), lines.slice(0, 1));
  });

  it('gives each line once, however it grows and wherever a reading stops', async () => {
    const half = fc.record({ lines: fc.integer({ min: 0, max: 6 }), cut: fc.integer({ min: 0, max: 60 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(half, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 30, max: 400 }),
        fc.integer({ min: 1, max: 300 }),
        async (steps, chunkBytes, batchBytes) => {
          const container = await azurite.container();
          const ledger = new Ledger(TODAY);
          let written = 0;
          let rest = '';
          for (const step of steps) {
            const more = rest + text(lines.slice(written, written + step.lines));
            written += step.lines;
            const kept = more.slice(0, Math.max(0, more.length - step.cut));
            rest = more.slice(kept.length);
            if (kept.length > 0) await append(container, name, kept);
            await ledger.read(historyOf(container, { chunkBytes, batchBytes }), {}, step.cut % 4);
          }
          if (rest !== '') await append(container, name, rest);
          await ledger.read(historyOf(container, { chunkBytes, batchBytes }));
          assert.deepEqual(ledger.lines, lines.slice(0, written));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('may grow while it is downloaded', async () => {
    const container = await azurite.container();
    await append(container, name, text(lines.slice(0, 100)));
    let written = 100;
    front.before = async (request) => {
      if (request.range === '' || written >= 400) return;
      await append(container, name, text(lines.slice(written, written + 10)));
      written += 10;
    };
    const ledger = new Ledger(TODAY);
    const history = watched(container, { chunkBytes: 700, concurrency: 1 });
    for (let readings = 0; readings < 10; readings++) await ledger.read(history);
    assert.ok(front.take().answers.includes(412), 'it was noticed');
    assert.equal(written, 400);
    assert.deepEqual(ledger.lines, lines.slice(0, 400));
    assert.deepEqual(ledger.events, []);
  });
});

describe('a blob that was replaced', { skip: skipAzurite }, () => {
  const replacements: [string, string[]][] = [
    ['a shorter one', lines.slice(1, 3)],
    ['one of the same length', [...lines.slice(10, 16)]],
    ['a longer one', lines.slice(100, 130)],
    ['one with another first line', [lines[9]!, ...lines.slice(1, 20)]],
  ];
  for (const [what, others] of replacements) {
    for (const kind of ['append', 'block', 'gzip'] as const) {
      it(`by ${what} is read as new (${kind})`, async () => {
        const container = await azurite.container();
        const blob = kind === 'gzip' ? 'logs.json.gz' : name;
        const write = async (content: string) => {
          if (kind !== 'append') return put(container, blob, kind === 'gzip' ? gzipSync(content) : content);
          await container.deleteBlob(blob).catch(() => undefined);
          await append(container, blob, content);
        };
        const ledger = new Ledger(TODAY);
        const read = (history: History) => ledger.read(history);
        await write(text(lines.slice(0, 6)));
        assert.deepEqual(await read(historyOf(container)), lines.slice(0, 6));
        await write(text(others));
        assert.deepEqual(await read(historyOf(container)), others);
        assert.deepEqual(await read(historyOf(container)), []);
        const partitions = new Set([...ledger.positions.values()].map(({ partition }) => partition));
        assert.deepEqual([...partitions], [blob, `${blob}#2`]);
      });
    }
  }

  it('while it is downloaded is read as the new one, from its beginning', async () => {
    const container = await azurite.container();
    await append(container, name, text(lines.slice(0, 100)));
    let downloads = 0;
    front.before = async (request) => {
      if (request.range === '' || ++downloads !== 5) return;
      await container.deleteBlob(name);
      await append(container, name, text(lines.slice(200, 230)));
    };
    const ledger = new Ledger(TODAY);
    await ledger.read(watched(container, { chunkBytes: 300, concurrency: 1 }));
    front.take();
    const before = ledger.lines.length - 30;
    assert.ok(before > 0 && before < 100, `${before}`);
    assert.deepEqual(ledger.lines, [...lines.slice(0, before), ...lines.slice(200, 230)]);
  });

  it('by itself, as a copy does, is not read again', async () => {
    const container = await azurite.container();
    await put(container, name, text(lines.slice(0, 2000)));
    const ledger = new Ledger(TODAY);
    await ledger.read(historyOf(container));
    const [before] = ledger.positions.values();
    await container.getBlobClient(name).setMetadata({ touched: 'yes' });
    assert.deepEqual(await ledger.read(historyOf(container)), []);
    assert.deepEqual([...ledger.positions.values()], [before]);
  });
});

describe('reading again and again', { skip: skipAzurite }, () => {
  it('lists the newest hours only', async () => {
    const container = await azurite.container();
    const now = Date.now();
    const days = 20;
    const since = now - days * 86_400_000;
    for (let day = 0; day < days; day++)
      await append(container, hourOf('A', 0, since + day * 86_400_000), `{"day":${day}}\n`);
    await append(container, hourOf('A', 0, now), '{"hour":1}\n');
    const ledger = new Ledger(TODAY);
    const history = watched(container);
    const reading = () => ({ since, until: Date.now() + 60_000 });
    assert.equal((await ledger.read(history, reading())).length, days + 1);
    const first = front.take().requests;
    await append(container, hourOf('A', 0, now), '{"hour":2}\n');
    assert.deepEqual(await ledger.read(history, reading()), ['{"hour":2}']);
    const second = front.take();
    assert.ok(second.requests < 25 && second.requests < first / 2, `${first}, then ${second.requests}`);
    // Who asks for earlier hours gets them.
    await append(container, hourOf('A', 0, since - 86_400_000), '{"day":-1}\n');
    const earlier = { ...reading(), since: since - 2 * 86_400_000 };
    assert.deepEqual(await ledger.read(history, earlier), ['{"day":-1}']);
  });
});
