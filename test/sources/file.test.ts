import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readdir, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { PgvigilError } from '../../src/errors.ts';
import type { Position, SourceMessage } from '../../src/model.ts';
import { fileInfo, readFileMessages } from '../../src/sources/file.ts';

const MAX_LINE_BYTES = 16 * 1024 * 1024;

let folder = '';
let files = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgvigil-file-'));
});
after(() => rm(folder, { recursive: true }));

async function fileOf(content: string | Buffer): Promise<string> {
  const path = join(folder, `${++files}.json`);
  await writeFile(path, content);
  return path;
}

/** What a store does with a source: it keeps messages and, with them, the position of the last one. */
class Shelf {
  readonly positions = new Map<string, Position>();
  readonly stored: SourceMessage[] = [];

  readonly position = (source: string) => this.positions.get(source);

  get lines(): string[] {
    return this.stored.map(({ body }) => Buffer.from(body).toString());
  }

  keep(messages: SourceMessage[]): void {
    for (const message of messages) {
      const last = this.positions.get(message.source);
      assert.ok(last === undefined || last.sequenceNumber < message.sequenceNumber, 'positions move forward');
      this.positions.set(message.source, message);
      this.stored.push(message);
    }
  }

  /** Reads a file to its end; returns what was new in it. */
  async read(path: string, batchBytes?: number): Promise<{ lines: string[]; unfinishedBytes: number }> {
    const known = this.stored.length;
    let unfinishedBytes = 0;
    for await (const batch of readFileMessages(path, this.position, batchBytes)) {
      this.keep(batch.messages);
      unfinishedBytes = batch.unfinishedBytes;
    }
    return { lines: this.lines.slice(known), unfinishedBytes };
  }
}

const isUnreadable = (path: string) => (error: unknown) =>
  error instanceof PgvigilError &&
  error.code === 'FILE_UNREADABLE' &&
  error.message.includes(path) &&
  error.hint !== '';

const record = (number: number) => JSON.stringify({ records: [{ number, text: 'SELECT 1 -- ☃' }] });
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => record(from + index));
const text = (lines: string[]) => lines.map((line) => `${line}\n`).join('');

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
      assert.deepEqual(await shelf.read(await fileOf(content)), { lines: wanted, unfinishedBytes: 0 });
      assert.equal(new Set(shelf.stored.map(({ source }) => source)).size, 1);
    });
  }

  it('are none in an empty file', async () => {
    for (const content of ['', '\n', '\r\n\n', gzipSync('')])
      assert.deepEqual(await new Shelf().read(await fileOf(content)), { lines: [], unfinishedBytes: 0 });
  });

  it('keep bytes that are not text', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0xfe, 0x7d, 0x0a]);
    const shelf = new Shelf();
    await shelf.read(await fileOf(bytes));
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
          const path = await fileOf(packed ? gzipSync(content) : content);
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
      const path = await fileOf(packed ? gzipSync(text(lines)) : text(lines));
      const shelf = new Shelf();
      for (let readings = 0; readings < 200; readings++) {
        const batches = readFileMessages(path, shelf.position, 150);
        const { value } = await batches.next();
        await batches.return(undefined);
        if (value.messages.length === 0) break;
        shelf.keep(value.messages);
      }
      assert.deepEqual(shelf.lines, records(0, 30));
    });
  }

  it('goes on with what it has grown by', async () => {
    const shelf = new Shelf();
    const path = await fileOf(text(records(0, 5)));
    await shelf.read(path);
    await appendFile(path, text(records(5, 9)));
    assert.deepEqual((await shelf.read(path)).lines, records(5, 9));
    await appendFile(path, `\n\r\n${text(records(9, 10))}`);
    assert.deepEqual((await shelf.read(path)).lines, records(9, 10));
    assert.equal(shelf.positions.size, 1);
  });

  it('is the same under another name, and packed', async () => {
    const shelf = new Shelf();
    const path = await fileOf(text(records(0, 5)));
    await shelf.read(path);
    const renamed = join(folder, 'renamed');
    await rename(path, renamed);
    await appendFile(renamed, text(records(5, 6)));
    assert.deepEqual((await shelf.read(renamed)).lines, records(5, 6));
    const packed = await fileOf(gzipSync(text(records(0, 7))));
    assert.deepEqual((await shelf.read(packed)).lines, records(6, 7));
  });

  it('leaves a last line without its end for later, and says so', async () => {
    const shelf = new Shelf();
    const half = record(2).slice(0, -5);
    const path = await fileOf(text(records(0, 2)) + half);
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
    const path = await fileOf(record(0).slice(0, 7));
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
    await shelf.read(await fileOf(text(records(0, 6))));
    for (const lines of others) {
      const path = await fileOf(text(lines));
      assert.deepEqual((await shelf.read(path)).lines, lines);
      assert.deepEqual((await shelf.read(path)).lines, []);
    }
    assert.equal(shelf.positions.size, 1 + others.length);
  });

  it('does not disturb the first, whichever grows', async () => {
    const shelf = new Shelf();
    const first = await fileOf(text(records(0, 4)));
    const second = await fileOf(text([record(0), record(50)]));
    await shelf.read(first);
    await shelf.read(second);
    await appendFile(first, text(records(4, 5)));
    await appendFile(second, text(records(51, 52)));
    assert.deepEqual((await shelf.read(second)).lines, records(51, 52));
    assert.deepEqual((await shelf.read(first)).lines, records(4, 5));
  });
});

describe('a file that cannot be read', () => {
  it('is refused when it is missing or a folder', async () => {
    const path = join(folder, 'a folder');
    await mkdir(path);
    for (const wrong of [path, join(folder, 'missing.gz'), join(folder, 'missing', 'file')]) {
      await assert.rejects(fileInfo(wrong), isUnreadable(wrong));
      await assert.rejects(new Shelf().read(wrong), isUnreadable(wrong));
    }
  });

  it('is read up to the cut of its gzip stream, and from there when it is whole', async () => {
    const lines = Array.from({ length: 2000 }, (_, index) => JSON.stringify({ index, noise: Math.random() }));
    const whole = gzipSync(text(lines));
    for (const cut of [whole.length - 1, whole.length - 8, whole.length >> 1, 4000, 12, 3]) {
      const path = await fileOf(whole.subarray(0, cut));
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
    const lines = Array.from({ length: 20_000 }, () => JSON.stringify({ noise: Math.random() }));
    const damaged = gzipSync(text(lines));
    damaged[damaged.length - 8]! ^= 1;
    const path = await fileOf(damaged);
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
      return links.filter((link) => link.startsWith(folder));
    };
    const shelf = new Shelf();
    // Larger than what a stream reads ahead.
    const noise = () => text(Array.from({ length: 20_000 }, () => JSON.stringify({ noise: Math.random() })));
    for (const content of [noise(), gzipSync(noise()), gzipSync(noise()).subarray(0, 100_000)]) {
      const path = await fileOf(content);
      const batches = readFileMessages(path, shelf.position, 1000);
      shelf.keep((await batches.next()).value.messages);
      await batches.return(undefined);
      await shelf.read(path).catch(() => undefined);
    }
    for (let tries = 0; (await open()).length > 0 && tries < 50; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(await open(), []);
  });
});

describe('progress', () => {
  for (const packed of [false, true]) {
    it(`counts bytes on disk up to the size of the file (${packed ? 'gzip' : 'plain'})`, async () => {
      const content = Buffer.from(text(Array.from({ length: 20_000 }, () => String(Math.random()))));
      const path = await fileOf(packed ? gzipSync(content) : content);
      const { bytes } = await fileInfo(path);
      let last = 0;
      let between = 0;
      for await (const { bytesRead } of readFileMessages(path, () => undefined, 10_000)) {
        assert.ok(bytesRead >= last && bytesRead <= bytes);
        if (bytesRead > 0 && bytesRead < bytes) between++;
        last = bytesRead;
      }
      assert.ok(between > 0);
      assert.equal(last, bytes);
    });
  }
});

describe('a line beyond the limit', () => {
  it('is cut at the limit, the same way each time, and memory stays', { timeout: 60_000 }, async () => {
    const length = 5 * MAX_LINE_BYTES + 12_345;
    const line = Buffer.alloc(length, 'x');
    const around = (last: number) =>
      Buffer.concat([Buffer.from(text(records(0, 1))), line, Buffer.from(`\n${text(records(1, last))}`)]);
    const plain = await fileOf(around(3));
    const packed = await fileOf(gzipSync(around(4)));
    const positions = new Map<string, Position>();
    const sizes: number[] = [];
    const before = process.memoryUsage();
    let peak = 0;
    const read = async (path: string) => {
      for await (const { messages } of readFileMessages(path, (source) => positions.get(source))) {
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
