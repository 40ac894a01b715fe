import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type FileHistoryOptions, fileHistory } from '../../../src/sources/files/history.ts';
import { records, Shelf, TestFolder, text } from './shelf.ts';

const folder = new TestFolder();

const inputOf = (content: string | Buffer, options: FileHistoryOptions = {}) => {
  const bytes = Buffer.from(content);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 50) }, (_, at) =>
    bytes.subarray(at * 50, at * 50 + 50),
  );
  return fileHistory(['-'], {
    server: 'db1',
    stdin: Readable.from(pieces, { objectMode: false }),
    ...options,
  });
};
const row = (message: string): string =>
  `2026-11-28 07:00:49.042 UTC,,,17,,6b0a7c21.8e5,4,,2026-11-28 07:00:49 UTC,,0,LOG,00000,"${message}",,,,,,,,,"","checkpointer",,0\n`;
const textsOf = (bodies: string[]): string[] =>
  bodies.map(
    (body) => JSON.parse(body).properties?.message ?? `refused: ${JSON.parse(body).pgvigil_refused.text}`,
  );

describe('standard input', () => {
  it('is told by its content, packed or not', async () => {
    for (const content of [text(records(0, 5)), gzipSync(text(records(0, 5)))])
      assert.deepEqual(await new Shelf().take(inputOf(content)), records(0, 5));
    assert.deepEqual(textsOf(await new Shelf().take(inputOf(gzipSync(row('a') + row('b'))))), ['a', 'b']);
    assert.deepEqual(await new Shelf().take(inputOf('')), []);
  });

  it('ends with an entry also where that has no line end, or only half of itself', async () => {
    const line = (message: string) => `2026-11-28 07:00:49.042 UTC [17] LOG:  ${message}`;
    assert.deepEqual(textsOf(await new Shelf().take(inputOf(`${line('a')}\n${line('b')}`))), [
      line('a'),
      line('b'),
    ]);
    assert.deepEqual(textsOf(await new Shelf().take(inputOf((row('a') + row('b')).trimEnd()))), ['a', 'b']);
    const half = row('b').slice(0, 80);
    assert.deepEqual(textsOf(await new Shelf().take(inputOf(row('a') + half))), ['a', `refused: ${half}`]);
  });

  it('is a stream of its own each time: what is a copy, the store tells', async () => {
    const shelf = new Shelf();
    await shelf.take(inputOf(text(records(0, 3))));
    assert.deepEqual(await shelf.take(inputOf(text(records(0, 4)))), records(0, 4));
    assert.equal(shelf.positions.size, 2);
  });

  it('is read once, and after the files', async () => {
    const path = await folder.fileOf(text(records(0, 2)));
    const stdin = Readable.from([Buffer.from(text(records(2, 4)))], { objectMode: false });
    const history = fileHistory(['-', path], { stdin });
    const shelf = new Shelf();
    assert.deepEqual(await shelf.take(history), records(0, 4));
    assert.deepEqual(await shelf.take(history), []);
    assert.match(history.title, /standard input/);
  });

  it('is read up to the cut of its gzip stream, then refused', async () => {
    const packed = gzipSync(text(records(0, 2000)));
    const shelf = new Shelf();
    await assert.rejects(shelf.take(inputOf(packed.subarray(0, packed.length - 10))), {
      code: 'FILE_UNREADABLE',
      message: /standard input.*unexpected end of file/,
    });
    assert.ok(shelf.stored.length > 1900);
  });

  it('is closed where its times cannot be told, so that whoever writes into it does not wait for ever', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.from(row('a').replaceAll('UTC', 'CST'));
      })(),
      { objectMode: false },
    );
    await assert.rejects(new Shelf().take(fileHistory(['-'], { stdin: endless })), {
      code: 'FILE_UNREADABLE',
    });
    assert.equal(endless.destroyed, true);
  });
});

const hasZstd = 'createZstdDecompress' in (await import('node:zlib')).default;

describe('zstd', () => {
  /** `{"a":1}` and a line end, packed with zstd -1. */
  const packed = Buffer.from('28b52ffd24084100007b2261223a317d0ae2efece0', 'hex');

  it('is read where Node.js can, else refused with what to do', async () => {
    const path = await folder.fileOf(packed);
    const shelf = new Shelf();
    const reading = shelf.take(fileHistory([path]));
    if (hasZstd) assert.deepEqual(await reading, ['{"a":1}']);
    else
      await assert.rejects(reading, {
        code: 'FILE_UNREADABLE',
        message: /packed with zstd/,
        hint: /zstd -dc x \| pgvigil backfill -/,
      });
  });
});
