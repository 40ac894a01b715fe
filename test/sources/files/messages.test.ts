import assert from 'node:assert/strict';
import { appendFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { HistoryBatch } from '../../../src/sources/history.ts';
import { Random } from '../../fuzz/random.ts';
import { batchesOf, historyOf, record, records, Shelf, TestFolder, text } from './shelf.ts';

const folder = new TestFolder();

describe('the lines of a file', () => {
  const wanted = ['{"a":1}', '{"b":"x"}', '{"c":null}'];
  const shapes: Array<[string, string | Buffer]> = [
    ['line feeds', '{"a":1}\n{"b":"x"}\n{"c":null}\n'],
    ['carriage returns', '{"a":1}\r\n{"b":"x"}\r\n{"c":null}\r\n'],
    ['no line end at the end', '{"a":1}\n{"b":"x"}\n{"c":null}'],
    ['a carriage return at the end', '{"a":1}\n{"b":"x"}\n{"c":null}\r'],
    ['empty lines', '\n\r\n{"a":1}\n\n\n{"b":"x"}\n\r\n{"c":null}\n\n'],
    ['gzip', gzipSync('{"a":1}\n{"b":"x"}\n{"c":null}\n')],
    ['gzip of several members', Buffer.concat([gzipSync('{"a":1}\n{"b":'), gzipSync('"x"}\r\n{"c":null}')])],
    ['gzip padded with zeros', Buffer.concat([gzipSync(text(wanted)), Buffer.alloc(200_000)])],
  ];
  for (const [name, content] of shapes) {
    it(`are messages, with ${name}`, async () => {
      const shelf = new Shelf();
      assert.deepEqual(await shelf.read(await folder.fileOf(content)), { lines: wanted, unfinishedBytes: 0 });
      assert.equal(new Set(shelf.stored.map(({ source }) => source)).size, 1);
    });
  }

  it('are none in an empty file', async () => {
    for (const content of ['', '\n', '\r\n\n', gzipSync('')])
      assert.deepEqual(await new Shelf().read(await folder.fileOf(content)), {
        lines: [],
        unfinishedBytes: 0,
      });
  });

  it('keep bytes that are not text', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0xfe, 0x7d, 0x0a]);
    const shelf = new Shelf();
    await shelf.read(await folder.fileOf(bytes));
    assert.deepEqual(Buffer.from(shelf.stored[0]!.body), bytes.subarray(0, -1));
  });

  it('are the same wherever a batch ends, and whether packed or not', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom('a', '{', '"', '☃', ' ') }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 100 }),
        fc.boolean(),
        fc.boolean(),
        async (lines, batchBytes, packed, windows) => {
          const content = lines.map((line) => line + (windows ? '\r\n' : '\n')).join('');
          const path = await folder.fileOf(packed ? gzipSync(content) : content);
          const shelf = new Shelf();
          const read = await shelf.read(path, batchBytes);
          assert.deepEqual(
            read.lines,
            lines.filter((line) => line !== ''),
          );
          assert.deepEqual(await shelf.read(path, batchBytes), { lines: [], unfinishedBytes: 0 });
          await rm(path);
        },
      ),
      { numRuns: 60 },
    ));
});

describe('a file that is read again', () => {
  for (const packed of [false, true]) {
    it(`goes on after any batch (${packed ? 'gzip' : 'plain'})`, async () => {
      const lines = [...records(0, 10), '', ...records(10, 30)];
      const path = await folder.fileOf(packed ? gzipSync(text(lines)) : text(lines));
      const shelf = new Shelf();
      for (let readings = 0; readings < 200; readings++) {
        const read = historyOf(path, { batchBytes: 150 }).read(shelf.reading());
        const batches = read as AsyncGenerator<HistoryBatch>;
        const next = await batches.next();
        await batches.return(undefined);
        if (next.done === true) break;
        shelf.keep(next.value.messages);
      }
      assert.deepEqual(shelf.lines, records(0, 30));
    });
  }

  it('goes on with what it has grown by', async () => {
    const shelf = new Shelf();
    const path = await folder.fileOf(text(records(0, 5)));
    await shelf.read(path);
    await appendFile(path, text(records(5, 9)));
    assert.deepEqual((await shelf.read(path)).lines, records(5, 9));
    await appendFile(path, `\n\r\n${text(records(9, 10))}`);
    assert.deepEqual((await shelf.read(path)).lines, records(9, 10));
    assert.equal(shelf.positions.size, 1);
  });

  it('is the same under another name, and packed', async () => {
    const shelf = new Shelf();
    const path = await folder.fileOf(text(records(0, 5)));
    await shelf.read(path);
    const renamed = join(folder.path, 'renamed');
    await rename(path, renamed);
    await appendFile(renamed, text(records(5, 6)));
    assert.deepEqual((await shelf.read(renamed)).lines, records(5, 6));
    const packed = await folder.fileOf(gzipSync(text(records(0, 7))));
    assert.deepEqual((await shelf.read(packed)).lines, records(6, 7));
  });

  it('leaves a last line without its end for later, and says so', async () => {
    const shelf = new Shelf();
    const half = record(2).slice(0, -5);
    const path = await folder.fileOf(text(records(0, 2)) + half);
    const unfinished = { lines: [], unfinishedBytes: Buffer.byteLength(half) };
    assert.deepEqual(await shelf.read(path), { ...unfinished, lines: records(0, 2) });
    assert.deepEqual(await shelf.read(path), unfinished);
    await appendFile(path, `${record(2).slice(-5)}\n${record(3)}`);
    assert.deepEqual(await shelf.read(path), { lines: records(2, 4), unfinishedBytes: 0 });
    await appendFile(path, `\n${record(4)}\n`);
    assert.deepEqual((await shelf.read(path)).lines, [record(4)]);
  });

  it('leaves a first line without its end for later', async () => {
    const shelf = new Shelf();
    const path = await folder.fileOf(record(0).slice(0, 7));
    assert.deepEqual(await shelf.read(path), { lines: [], unfinishedBytes: 7 });
    await appendFile(path, `${record(0).slice(7)}\n`);
    assert.deepEqual((await shelf.read(path)).lines, [record(0)]);
  });
});

describe('a file that begins like another', () => {
  it('is a source of its own, and nothing of it is skipped', async () => {
    const shelf = new Shelf();
    const others: string[][] = [
      [...records(0, 3), ...records(100, 110)],
      [...records(0, 1), ...records(200, 203)],
      records(0, 2),
      [...records(0, 1), 'changed', ...records(2, 6)],
    ];
    await shelf.read(await folder.fileOf(text(records(0, 6))));
    for (const lines of others) {
      const path = await folder.fileOf(text(lines));
      assert.deepEqual((await shelf.read(path)).lines, lines);
      assert.deepEqual((await shelf.read(path)).lines, []);
    }
    assert.equal(shelf.positions.size, 1 + others.length);
  });

  it('does not disturb the first, whichever grows', async () => {
    const shelf = new Shelf();
    const first = await folder.fileOf(text(records(0, 4)));
    const second = await folder.fileOf(text([record(0), record(50)]));
    await shelf.read(first);
    await shelf.read(second);
    await appendFile(first, text(records(4, 5)));
    await appendFile(second, text(records(51, 52)));
    assert.deepEqual((await shelf.read(second)).lines, records(51, 52));
    assert.deepEqual((await shelf.read(first)).lines, records(4, 5));
  });
});

describe('progress', () => {
  for (const packed of [false, true]) {
    it(`counts bytes on disk up to the size of the file (${packed ? 'gzip' : 'plain'})`, async () => {
      const random = new Random(1);
      const lines = Array.from({ length: 40_000 }, () => String(random.below(2 ** 32)));
      const content = Buffer.from(text(lines));
      const path = await folder.fileOf(packed ? gzipSync(content) : content);
      const { size: bytes } = await stat(path);
      let last = 0;
      let between = 0;
      for await (const { done: bytesRead, total, unit } of batchesOf(path, 10_000)) {
        assert.deepEqual([total, unit], [bytes, 'bytes']);
        assert.ok(bytesRead >= last && bytesRead <= bytes);
        if (bytesRead > 0 && bytesRead < bytes) between++;
        last = bytesRead;
      }
      assert.ok(between > 0);
      assert.equal(last, bytes);
    });
  }
});
