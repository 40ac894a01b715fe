import assert from 'node:assert/strict';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { PgvigilError } from '../../../src/errors.ts';
import type { Position } from '../../../src/model/position.ts';
import { checkInputs } from '../../../src/sources/files/inputs.ts';
import { Random } from '../../fuzz/random.ts';
import { batchesOf, historyOf, records, Shelf, TestFolder, text } from './shelf.ts';

const MAX_LINE_BYTES = 16 * 1024 * 1024;
const folder = new TestFolder();

const random = new Random(1);

/** Numbers that gzip cannot make much shorter; others each time, but the same in every run. */
function noise(count: number): number[] {
  return Array.from({ length: count }, () => random.below(2 ** 32));
}

const isUnreadable = (path: string) => (error: unknown) =>
  error instanceof PgvigilError &&
  error.code === 'FILE_UNREADABLE' &&
  error.message.includes(path) &&
  error.hint !== '';

describe('a file that cannot be read', () => {
  it('is refused when it is missing', async () => {
    for (const wrong of [join(folder.path, 'missing.gz'), join(folder.path, 'missing', 'file')]) {
      await assert.rejects(checkInputs([wrong]), isUnreadable(wrong));
      await assert.rejects(new Shelf().read(wrong), isUnreadable(wrong));
    }
  });

  it('is read up to the cut of its gzip stream, and from there when it is whole', async () => {
    const lines = noise(2000).map((value, index) => JSON.stringify({ index, noise: value }));
    const whole = gzipSync(text(lines));
    for (const cut of [whole.length - 1, whole.length - 8, whole.length >> 1, 4000, 12, 3]) {
      const path = await folder.fileOf(whole.subarray(0, cut));
      const shelf = new Shelf();
      await assert.rejects(shelf.read(path, 1000), isUnreadable(path));
      const { length } = shelf.lines;
      assert.deepEqual(shelf.lines, lines.slice(0, length));
      // The last line is left where its end is cut off: nothing else of what could be unpacked.
      if (cut >= whole.length - 8) assert.equal(length, lines.length);
      else if (cut >= 4000) assert.ok(length > 0.8 * (cut / whole.length) * lines.length, `${length} lines`);
      await writeFile(path, whole);
      assert.deepEqual((await shelf.read(path)).lines, lines.slice(length));
    }
  });

  it('is read nearly to the end when its gzip checksum is wrong', async () => {
    const lines = noise(20_000).map((value) => JSON.stringify({ noise: value }));
    const damaged = gzipSync(text(lines));
    damaged[damaged.length - 8]! ^= 1;
    const path = await folder.fileOf(damaged);
    const shelf = new Shelf();
    await assert.rejects(shelf.read(path), isUnreadable(path));
    assert.ok(shelf.lines.length > 18_000);
    assert.deepEqual(shelf.lines, lines.slice(0, shelf.lines.length));
  });

  it('leaves no file open', async () => {
    const open = async () => {
      const links = await Promise.all(
        (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
      );
      return links.filter((link) => link.startsWith(folder.path));
    };
    const shelf = new Shelf();
    // Larger than what a stream reads ahead.
    const lines = () => text(noise(40_000).map((value) => JSON.stringify({ noise: value })));
    for (const content of [lines(), gzipSync(lines()), gzipSync(lines()).subarray(0, 100_000)]) {
      const path = await folder.fileOf(content);
      const batches = batchesOf(path, 1000);
      shelf.keep((await batches.next()).value.messages);
      await batches.return(undefined);
      await shelf.read(path).catch(() => undefined);
    }
    for (let tries = 0; (await open()).length > 0 && tries < 50; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(await open(), []);
  });
});

describe('a line beyond the limit', () => {
  it('is cut at the limit, the same way each time, and memory stays', { timeout: 60_000 }, async () => {
    const length = 5 * MAX_LINE_BYTES + 12_345;
    const line = Buffer.alloc(length, 'x');
    const around = (last: number) =>
      Buffer.concat([Buffer.from(text(records(0, 1))), line, Buffer.from(`\n${text(records(1, last))}`)]);
    const plain = await folder.fileOf(around(3));
    const packed = await folder.fileOf(gzipSync(around(4)));
    const positions = new Map<string, Position>();
    const sizes: number[] = [];
    const before = process.memoryUsage();
    let peak = 0;
    const read = async (path: string) => {
      const reading = new Shelf().reading({ position: (source) => positions.get(source) });
      for await (const { messages } of historyOf(path).read(reading)) {
        for (const message of messages) {
          sizes.push(message.body.length);
          const { source, partition, sequenceNumber, offset } = message;
          positions.set(source, { source, partition, sequenceNumber, offset });
        }
        const { arrayBuffers } = process.memoryUsage();
        peak = Math.max(peak, arrayBuffers - before.arrayBuffers);
      }
    };
    await read(plain);
    const short = records(0, 4).map((text) => Buffer.byteLength(text));
    assert.deepEqual(sizes, [short[0], ...Array(5).fill(MAX_LINE_BYTES), 12_345, short[1], short[2]]);
    // Packed, it comes in other chunks: the pieces must be the same for the position to hold.
    await read(packed);
    assert.deepEqual(sizes.slice(9), [short[3]]);
    assert.ok(peak < 4.5 * MAX_LINE_BYTES, `${peak} bytes`);
  });
});
