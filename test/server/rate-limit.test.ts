/** The promise: a bucket gives what it holds, fills again over a minute, and is nobody else's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateLimit } from '../../src/server/rate-limit.ts';

test('it gives so many at once, then one after the other', () => {
  let now = 0;
  const limit = new RateLimit(60, () => now);
  for (let left = 59; left >= 0; left--) assert.equal(limit.take('a').remaining, left);
  assert.deepEqual(limit.take('a'), { allowed: false, limit: 60, remaining: 0, waitS: 1 });
  assert.equal(limit.take('b').allowed, true);
  now += 1_000;
  assert.equal(limit.take('a').allowed, true);
  assert.equal(limit.take('a').allowed, false);
  now += 3_600_000;
  assert.equal(limit.take('a').remaining, 59);
});

test('who asks too often does not wait longer for it', () => {
  let now = 0;
  const limit = new RateLimit(6, () => now);
  for (let time = 0; time < 100; time++) limit.take('a');
  assert.equal(limit.take('a').waitS, 10);
  now += 10_000;
  assert.equal(limit.take('a').allowed, true);
});
