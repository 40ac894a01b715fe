import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FixedWindow } from '../../src/worker/fixed-window.ts';

test('so many in a window, and as many again in the next', () => {
  const window = new FixedWindow(2, 1_000);
  const taken = [0, 1, 999, 1_000, 1_999, 2_000, 5_000, 5_001, 5_002].map((now) => window.take(now));
  assert.deepEqual(taken, [true, true, false, true, true, true, true, true, false]);
});

test('a clock that is set back begins a new window: nobody is kept out for hours', () => {
  const window = new FixedWindow(1, 1_000);
  assert.deepEqual(
    [10_000, 10_001, 5_000, 5_001, 6_000].map((now) => window.take(now)),
    [true, false, true, false, true],
  );
});
