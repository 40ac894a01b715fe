/** The promise: a detector that fails is tried again, and one that always fails costs less and less. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Retries } from '../../src/detect/retries.ts';
import { MINUTE } from './support.ts';

test('the first failure is tried again at once, the next ones later and later, at most ten minutes', () => {
  const retries = new Retries();
  let now = 0;
  const waits: number[] = [];
  for (let failure = 0; failure < 8; failure += 1) {
    retries.failed('T01', now);
    const failedAt = now;
    while (!retries.isDue('T01', now)) now += MINUTE / 2;
    waits.push((now - failedAt) / MINUTE);
  }
  assert.deepEqual(waits, [0, 1, 2, 4, 8, 10, 10, 10]);
});

test('it gives up at the third failure in a row; a success in between starts anew', () => {
  const retries = new Retries();
  assert.deepEqual([retries.failed('T01', 0), retries.failed('T01', 0)], [false, false]);
  retries.succeeded('T01');
  assert.deepEqual(
    [retries.failed('T01', 0), retries.failed('T01', 0), retries.failed('T01', 0)],
    [false, false, true],
  );
  assert.equal(retries.isDue('T02', 0), true);
});
