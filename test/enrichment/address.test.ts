import assert from 'node:assert/strict';
import { isIPv4 as isNodeIPv4, isIPv6 as isNodeIPv6 } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { addressText, isIPv4, parseAddress, parseBlocks } from '../../src/enrichment/address.ts';

describe('parseAddress', () => {
  test('an address in any spelling is one number', () => {
    for (const [one, other] of [
      ['192.0.2.1', '::ffff:192.0.2.1'],
      ['192.0.2.1', '::FFFF:c000:201'],
      ['2001:db8::1', '2001:0DB8:0:0:0:0:0:0001'],
      ['fe80::1', 'fe80::1%eth0'],
      ['::', '0:0:0:0:0:0:0:0'],
    ] as const)
      assert.equal(parseAddress(one), parseAddress(other), `${one} ${other}`);
    assert.notEqual(parseAddress('1.2.3.4'), parseAddress('::1.2.3.4'));
  });

  test('what is no address is null, whatever a client or a list writes', () => {
    for (const text of [
      '',
      '[local]',
      'host.example.com',
      '1.2.3',
      '1.2.3.4.5',
      '256.1.1.1',
      '010.0.0.1',
      '1.2.3.4 ',
      ' 1.2.3.4',
      '1.2.3.-4',
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7::8',
      '12345::',
      'g::',
      '1.2.3.4::',
      '::1.2.3',
      '0x7f.1',
      '１.2.3.4',
      '1'.repeat(1_000_000),
      ':'.repeat(1_000_000),
    ])
      assert.equal(parseAddress(text), null, text.slice(0, 40));
  });

  test('it takes what Node takes, and writes what means the same', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '.', '2') })),
        (text) => {
          const address = parseAddress(text);
          assert.equal(address !== null, isNodeIPv4(text) || isNodeIPv6(text), text);
          if (address !== null) assert.equal(parseAddress(addressText(address)), address);
          if (isNodeIPv4(text))
            assert.ok(address !== null && isIPv4(address) && addressText(address) === text);
        },
      ),
    );
  });
});

describe('parseBlocks', () => {
  const ends = (text: string) =>
    parseBlocks(text)?.map(({ first, last }) => `${addressText(first)}-${addressText(last)}`) ?? null;

  test('an address, a CIDR and a range are blocks', () => {
    assert.deepEqual(ends('10.1.2.3'), ['10.1.2.3-10.1.2.3']);
    assert.deepEqual(ends('10.1.2.3/8'), ['10.0.0.0-10.255.255.255']);
    assert.deepEqual(ends('0.0.0.0/0'), ['0.0.0.0-255.255.255.255']);
    assert.deepEqual(ends('::ffff:10.0.0.0/104'), ['10.0.0.0-10.255.255.255']);
    assert.deepEqual(ends('2001:db8::/33'), ['2001:db8:0:0:0:0:0:0-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff']);
    assert.deepEqual(ends('10.0.0.5 - 10.0.0.8'), [
      '10.0.0.5-10.0.0.5',
      '10.0.0.6-10.0.0.7',
      '10.0.0.8-10.0.0.8',
    ]);
    assert.deepEqual(ends('::/0'), ends('::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'));
    assert.ok(parseAddress('255.255.255.255')! < parseBlocks('::/0')![0]!.first, 'it holds no IPv4');
  });

  test('anything else is null', () => {
    for (const text of [
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/',
      '10.0.0.0/08',
      '::/129',
      '::ffff:10.0.0.0/95',
      '10.0.0.9-10.0.0.1',
      '10.0.0.1-::1',
      '-',
      'a/8',
    ])
      assert.equal(parseBlocks(text), null, text);
  });

  test('a range is covered without holes or overlaps by few blocks', () => {
    const number = fc.bigInt(0n, (1n << 32n) - 1n);
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const at = (n: bigint) => addressText(n - (1n << 32n));
        const blocks = parseBlocks(`${at(low)}-${at(high)}`)!;
        assert.ok(blocks.length <= 64);
        assert.equal(blocks[0]!.first + (1n << 32n), low);
        assert.equal(blocks.at(-1)!.last + (1n << 32n), high);
        for (const [index, { first, last }] of blocks.entries()) {
          const size = last - first + 1n;
          assert.equal(first % size, 0n);
          assert.equal(size & (size - 1n), 0n);
          if (index > 0) assert.equal(first, blocks[index - 1]!.last + 1n);
        }
      }),
    );
  });
});
