/** The promise: all is learned by midnight, and never more at once than memory holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY, HOUR, learnableUntil, stretchEnds } from '../../src/baselines/schedule.ts';

const MINUTE = 60_000;
const MIDNIGHT = Date.UTC(2026, 2, 2);

test('a quarter of an hour waits for one, the last of a day are learned with midnight', () => {
  const noon = MIDNIGHT + 12 * HOUR;
  assert.equal(learnableUntil(noon), noon - 15 * MINUTE);
  assert.equal(learnableUntil(noon - 1), noon - 30 * MINUTE);
  assert.equal(learnableUntil(MIDNIGHT), MIDNIGHT);
  assert.equal(learnableUntil(MIDNIGHT + 10 * MINUTE), MIDNIGHT);
  assert.equal(learnableUntil(MIDNIGHT - 1), MIDNIGHT - 30 * MINUTE);
});

test('a long history is cut by records, a busy hour by the minute, and nothing is left out', () => {
  const until = MIDNIGHT + 3 * DAY;
  const minute = (start: number, records: number) => ({ start: MIDNIGHT + start, records });
  assert.deepEqual(stretchEnds(until, [], 100), [until]);
  assert.deepEqual(stretchEnds(until, [minute(0, 40), minute(DAY, 60)], 100), [until]);
  assert.deepEqual(
    stretchEnds(
      until,
      [minute(0, 40), minute(DAY, 61), minute(2 * DAY, 40), minute(2 * DAY + MINUTE, 300)],
      100,
    ),
    [MIDNIGHT + DAY, MIDNIGHT + 2 * DAY, MIDNIGHT + 2 * DAY + MINUTE, until],
    'one minute that has more is not cut',
  );
});
