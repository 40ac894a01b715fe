/** The promise: a statement is not judged while the line that says whose it is waits in another partition. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { horizon } from '../../src/detect/horizon.ts';
import { count, temporaryStore } from '../store/support.ts';
import { detection, detectorOf, refusals, SECOND, storedAlerts, T0, write } from './support.ts';

test('the horizon is the newest event less the lateness, until nothing has come for as long', () => {
  assert.equal(horizon(1_000, 300, 0), 700);
  assert.equal(horizon(1_000, 300, 299), 700);
  assert.equal(horizon(1_000, 300, 300), 1_000);
  assert.equal(horizon(1_000, 0, 0), 1_000);
});

test('a partition that is behind holds it back, quiet or not, and never moves it on', () => {
  assert.equal(horizon(1_000, 300, 0, 500), 200);
  assert.equal(horizon(1_000, 300, 300, 500), 200);
  assert.equal(horizon(1_000, 300, 0, 5_000), 700);
  assert.equal(horizon(1_000, 300, 300, 1_200), 900);
  assert.equal(horizon(1_000, 300, 0, Number.NEGATIVE_INFINITY), Number.NEGATIVE_INFINITY);
});

test('detection looks at nothing while a partition has brought nothing, and at all of it later', async (t) => {
  const store = await temporaryStore(t);
  let clock = T0;
  let slowest = Number.NEGATIVE_INFINITY;
  const running = detection(store, [await detectorOf('A01')], {
    latenessMs: 30 * SECOND,
    now: () => clock,
    slowest: async () => slowest,
  });
  await write(store, refusals(T0, 10, SECOND, { user: 'app_rw', client: '203.0.113.7' }));
  await running.tick();
  clock += 60 * SECOND;
  await running.tick();
  assert.equal(await count(store, 'detector_state'), 0, 'nothing counts as judged');
  slowest = Number.POSITIVE_INFINITY;
  await running.tick();
  assert.equal((await storedAlerts(store)).length, 1);
});
