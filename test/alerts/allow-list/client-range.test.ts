import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientMatcher, rangeProblem } from '../../../src/alerts/allow-list/client-range.ts';

test('a range holds its addresses, however they are written, and no others', () => {
  const inside = clientMatcher('10.1.0.0/16');
  assert.deepEqual(['10.1.0.0', '10.1.255.255', '::ffff:10.1.2.3'].map(inside), [true, true, true]);
  assert.deepEqual(
    ['10.2.0.0', '110.1.0.1', '10.1.0.1.evil.example', '[local]', '', '2001:db8::1'].map(inside),
    [false, false, false, false, false, false],
  );
  const six = clientMatcher('2001:DB8::/32');
  assert.deepEqual(['2001:db8:0:0::1', '2001:db9::1', '10.1.2.3'].map(six), [true, false, false]);
});

test('an address is itself in every spelling, also with an interface behind it', () => {
  assert.equal(clientMatcher('2001:db8::1')('2001:0DB8:0:0:0:0:0:1'), true);
  assert.equal(clientMatcher('fe80::1')('fe80::1%eth0'), true);
  assert.equal(clientMatcher('10.1.2.3')('10.1.2.30'), false);
});

test('what is no address is text', () => {
  assert.equal(clientMatcher('[local]')('[local]'), true);
  assert.equal(clientMatcher('10.1.*')('10.1.2.3'), true);
  assert.equal(clientMatcher('*.corp.example')('db.corp.example'), true);
});

test('ranges that hold nearly everybody, and what only looks like a range, are named', () => {
  for (const wide of ['0.0.0.0/0', '10.0.0.0/7', '::/0', '2000::/15'])
    assert.match(rangeProblem(wide) ?? '', /nearly everybody/, wide);
  for (const broken of [
    '10.1.0.0/33',
    '10.1/16',
    '10.1.0.0/',
    '10.1.0.0/a',
    '10.1.0.0/16/8',
    'fe80::1%a/64',
    'x/24',
  ])
    assert.match(rangeProblem(broken) ?? '', /no range/, broken);
  for (const right of ['10.0.0.0/8', '10.1.2.3', '2001:db8::/32', '10.1.*', '[local]'])
    assert.equal(rangeProblem(right), null, right);
});
