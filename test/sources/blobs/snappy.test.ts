import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { unpackSnappy } from '../../../src/sources/blobs/snappy.ts';

/** What a block is made of: bytes, or a copy of what was unpacked before, from `back` bytes ago. */
type Element = Buffer | { back: number; length: number; wide: 1 | 2 | 4 };

/** A block of such elements, as the format is described. */
function packed(elements: readonly Element[]): { block: Buffer; content: Buffer } {
  const content: number[] = [];
  const parts: Buffer[] = [];
  for (const element of elements) {
    if (!('back' in element)) {
      if (element.length === 0) continue;
      parts.push(
        element.length <= 60
          ? Buffer.from([(element.length - 1) << 2])
          : Buffer.from([60 << 2, element.length - 1]),
      );
      parts.push(element);
      content.push(...element);
    } else {
      const back = Math.min(element.back, content.length);
      if (back === 0) continue;
      const length = element.wide === 1 ? 4 + (element.length % 8) : element.length;
      if (element.wide === 1 && back < 2048)
        parts.push(Buffer.from([1 | ((length - 4) << 2) | ((back >> 8) << 5), back & 255]));
      else {
        const bytes = element.wide === 4 ? 4 : 2;
        const copy = Buffer.alloc(1 + bytes);
        copy[0] = (bytes === 2 ? 2 : 3) | ((length - 1) << 2);
        copy.writeUIntLE(back, 1, bytes);
        parts.push(copy);
      }
      for (let index = 0; index < length; index++) content.push(content[content.length - back]!);
    }
  }
  const unpacked = Buffer.from(content);
  const size: number[] = [];
  for (let left = content.length; ; left >>>= 7) {
    size.push(left >= 128 ? (left & 127) | 128 : left);
    if (left < 128) break;
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(unpacked));
  return { block: Buffer.concat([Buffer.from(size), ...parts, sum]), content: unpacked };
}

const element = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.record({
    back: fc.integer({ min: 1, max: 3000 }),
    length: fc.integer({ min: 1, max: 64 }),
    wide: fc.constantFrom<1 | 2 | 4>(1, 2, 4),
  }),
);
const blocks = fc.array(element, { maxLength: 60 }).map(packed);

test('a snappy block gives what was packed', () => {
  fc.assert(
    fc.property(blocks, ({ block, content }) => assert.deepEqual(unpackSnappy(block, 1 << 20), content)),
    { numRuns: 300 },
  );
});

test('a damaged snappy block gives an error, never other bytes', () => {
  fc.assert(
    fc.property(
      blocks,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      ({ block, content }, at, bits, cut) => {
        const damaged = cut ? block.subarray(0, at % block.length) : Buffer.from(block);
        if (!cut) damaged[at % block.length]! ^= bits;
        try {
          assert.deepEqual(unpackSnappy(damaged, 1 << 20), content);
        } catch (error) {
          assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});
