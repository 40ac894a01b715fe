import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { decodeMessage, keptBytes } from '../../../src/decode/message.ts';
import { lineRecord, NO_PREFIXES } from '../build.ts';

const message = JSON.stringify({
  records: [1, 2, 3].map((port) => lineRecord('LOG', `connection received: host=127.0.0.1 port=${port}`)),
});

describe('a message that is packed with gzip', () => {
  it('decodes as it does unpacked', () => {
    const plain = decodeMessage(Buffer.from(message), NO_PREFIXES);
    assert.equal(plain.records.length, 3);
    assert.deepEqual(decodeMessage(gzipSync(message), NO_PREFIXES), plain);
    const members = Buffer.concat([gzipSync(message.slice(0, 100)), gzipSync(message.slice(100))]);
    assert.deepEqual(decodeMessage(members, NO_PREFIXES), plain);
  });

  it('has its records up to where it is cut', () => {
    const packed = gzipSync(message, { level: 0 });
    const { records, rejects } = decodeMessage(packed.subarray(0, packed.length - 60), NO_PREFIXES);
    assert.equal(records.length, 2);
    assert.deepEqual(
      rejects.map(({ code }) => code),
      ['INVALID_JSON', 'INVALID_JSON'],
    );
  });

  it('is a reject with its bytes when it is damaged or a bomb, and takes no more memory than it may', () => {
    const damaged = gzipSync(message);
    damaged[20]! ^= 0xff;
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, ' '));
    for (const body of [damaged, bomb, Buffer.from([0x1f, 0x8b, 8, 0])]) {
      const { records, rejects } = decodeMessage(body, NO_PREFIXES);
      assert.deepEqual(records, []);
      assert.deepEqual(
        rejects.map(({ code, index }) => [code, index]),
        [['INVALID_JSON', null]],
      );
    }
    assert.match(
      Buffer.from(decodeMessage(bomb, NO_PREFIXES).rejects[0]!.raw).toString(),
      new RegExp(`^${bomb.length} bytes of gzip, SHA-256 [0-9a-f]{64}$`),
    );
  });

  it('hides no secret in what is kept of it', () => {
    const secret = 'hunter2-a-secret';
    const text = `ERROR:  syntax error; ALTER ROLE app PASSWORD '${secret}'`;
    const packed = gzipSync(JSON.stringify({ records: [lineRecord('ERROR', text), 1] }), { level: 0 });
    const damaged = Buffer.from(packed);
    damaged[packed.length - 5]! ^= 0xff;
    const cut = packed.subarray(0, packed.length - 12);
    for (const body of [packed, cut, damaged]) {
      const { rejects } = decodeMessage(body, NO_PREFIXES);
      assert.ok(rejects.length >= 1);
      for (const { raw } of [...rejects, { raw: keptBytes(body) }])
        assert.ok(!Buffer.from(raw).includes(secret));
    }
  });

  it('never throws, whatever follows its magic number', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const body = Buffer.concat([Buffer.from([0x1f, 0x8b, 0x08]), bytes]);
        const { records, rejects } = decodeMessage(body, NO_PREFIXES);
        assert.equal(records.length, 0);
        assert.ok(rejects.length >= 1);
      }),
    ));
});
