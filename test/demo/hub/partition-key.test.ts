import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { lookup3, partitionOfKey } from '../../../src/demo/hub/partition-key.ts';

describe('partition keys', () => {
  it("hash to the values in the self-test of Jenkins' lookup3", () => {
    assert.deepEqual(lookup3(Buffer.from('')), [0xdeadbeef, 0xdeadbeef]);
    assert.deepEqual(lookup3(Buffer.from('Four score and seven years ago')), [0x17770551, 0xce7226e6]);
  });

  it('always name a partition that exists, and always the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 32 }), (key, partitions) => {
        const index = partitionOfKey(key, partitions);
        assert.ok(Number.isInteger(index) && index >= 0 && index < partitions);
        assert.equal(partitionOfKey(key, partitions), index);
      }),
    );
  });
});
