/** The promise: slices cover a span once, in order, and none of them holds two days or much more than fits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Minute, slicesOf } from '../../src/detect/slices.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const D0 = Date.UTC(2026, 2, 2);

test('little is one slice', () => {
  const span = { from: D0 + MINUTE, to: D0 + 3 * MINUTE };
  assert.deepEqual(slicesOf(span, [{ start: D0 + MINUTE, records: 10 }], 100), [span]);
  assert.deepEqual(slicesOf(span, [], 100), [span]);
});

test('a slice ends before the minute that would be too much, and at midnight', () => {
  const minutes = [
    { start: D0, records: 60 },
    { start: D0 + MINUTE, records: 60 },
    { start: D0 + 3 * DAY + MINUTE, records: 1 },
  ];
  assert.deepEqual(slicesOf({ from: D0 - 1, to: D0 + 4 * DAY }, minutes, 100), [
    { from: D0 - 1, to: D0 + MINUTE - 1 },
    { from: D0 + MINUTE - 1, to: D0 + 3 * DAY - 1 },
    { from: D0 + 3 * DAY - 1, to: D0 + 4 * DAY },
  ]);
});

const history = fc
  .uniqueArray(
    fc.record({
      start: fc.nat(5_000).map((n) => D0 + n * 7 * MINUTE),
      records: fc.integer({ min: 1, max: 60 }),
    }),
    {
      selector: ({ start }) => start,
      maxLength: 60,
    },
  )
  .map((minutes: Minute[]) => minutes.sort((a, b) => a.start - b.start));

test('slices follow one upon the other; each holds one day and, but for a single minute, no more than its bound', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 30, max: 200 }), (minutes, max) => {
      const first = minutes[0]?.start ?? D0;
      const last = minutes.at(-1)?.start ?? D0;
      const span = { from: first - 1, to: last + MINUTE };
      const slices = slicesOf(span, minutes, max);
      assert.equal(slices[0]?.from, span.from);
      assert.equal(slices.at(-1)?.to, span.to);
      for (const [index, slice] of slices.entries()) {
        assert.ok(slice.to > slice.from);
        if (index > 0) assert.equal(slice.from, slices[index - 1]!.to);
        const held = minutes.filter(({ start }) => start > slice.from && start <= slice.to);
        assert.ok(new Set(held.map(({ start }) => Math.floor(start / DAY))).size <= 1);
        const records = held.reduce((sum, minute) => sum + minute.records, 0);
        assert.ok(records <= max || held.length === 1);
      }
    }),
  );
});
