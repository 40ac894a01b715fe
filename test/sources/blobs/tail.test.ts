import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { markText, readMark } from '../../../src/sources/blobs/mark.ts';
import { Tail } from '../../../src/sources/blobs/tail.ts';

const STEP = 16 * 1024;
const bytes = createHash('shake256', { outputLength: 8 * STEP }).digest();

/** The digest of what stands before `end`, reading from `start` in pieces. */
function digest(content: Buffer, start: number, end: number, piece: number): string {
  const tail = new Tail(start);
  for (let at = start; at < end; at += piece) tail.add(content.subarray(at, Math.min(at + piece, end)));
  return tail.digest();
}

test('a tail is the same from the beginning and from where it has to begin, in any pieces', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.integer({ min: 1, max: bytes.length }),
        fc.integer({ min: 1, max: 8 }).map((step) => step * STEP),
      ),
      fc.integer({ min: 1, max: 50_000 }),
      fc.integer({ min: 1, max: 50_000 }),
      (end, one, other) => {
        const start = Tail.start(end);
        assert.ok(start >= 0 && end - start < 2 * STEP && (start === 0 || end - start >= STEP));
        assert.equal(digest(bytes, start, end, one), digest(bytes, 0, end, other));
      },
    ),
  );
});

test('a tail tells a change of any byte that it covers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: bytes.length }), fc.nat(), (end, back) => {
      const covered = end - Tail.start(end);
      const other = Buffer.from(bytes);
      other[end - 1 - (back % covered)]! ^= 1;
      assert.notEqual(digest(other, 0, end, STEP), digest(bytes, 0, end, STEP));
    }),
  );
});

test('a mark is read as it was written; what is no mark is none', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          end: fc.nat(),
          layout: fc.constantFrom('lines' as const, 'envelope' as const),
          packed: fc.boolean(),
          created: fc.nat(),
          digest: fc.constantFrom('', 'ab12'),
          settled: fc.boolean(),
          etag: fc.constantFrom('0x8DD1F2A3', ''),
        },
        { noNullPrototype: true },
      ),
      (mark) => assert.deepEqual(readMark(markText(mark)), mark),
    ),
  );
  for (const offset of ['', '12', 'ab12cd', '[1,2]']) assert.equal(readMark(offset), null);
});
