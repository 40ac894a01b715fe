import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from '../../src/model/duration.ts';

test('durations of one number and one unit are read', () => {
  assert.equal(parseDuration('90s'), 90_000);
  assert.equal(parseDuration('10m'), 600_000);
  assert.equal(parseDuration('4h'), 14_400_000);
  assert.equal(parseDuration('1d'), 86_400_000);
  assert.equal(parseDuration(' 0s '), 0);
  assert.equal(parseDuration('999999d'), 999_999 * 86_400_000);
});

test('anything else is no duration', () => {
  for (const text of [
    '',
    '10',
    'm',
    '-5m',
    '1.5h',
    '10 m',
    '10M',
    '1h30m',
    '1w',
    '1000000s',
    '1e3s',
    '٣m',
    '10m\n10m',
  ])
    assert.equal(parseDuration(text), null, JSON.stringify(text));
});
