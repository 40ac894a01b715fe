/** The promise: detectors that run side by side are told in order, and none is left running. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inLanes } from '../../src/detect/lanes.ts';

test('as many at once as there are lanes, one in each, and results in the order of the jobs', async () => {
  const busy = new Set<string>();
  let most = 0;
  const run = async (lane: string, milliseconds: number) => {
    assert.ok(!busy.has(lane));
    busy.add(lane);
    most = Math.max(most, busy.size);
    await sleep(milliseconds);
    busy.delete(lane);
    return milliseconds;
  };
  const jobs = [40, 5, 5, 20, 1];
  const results: number[] = [];
  for await (const result of inLanes(['a', 'b'], jobs, run)) results.push(result);
  assert.deepEqual(results, jobs);
  assert.equal(most, 2);
});

test('nothing to do is nothing to wait for', async () => {
  for await (const _ of inLanes(['a'], [], async () => 1)) assert.fail();
});

test('who stops reading has no job left running behind', async () => {
  let running = 0;
  const begun: number[] = [];
  const run = async (_: string, job: number) => {
    begun.push(job);
    running += 1;
    await sleep(5);
    running -= 1;
    return job;
  };
  for await (const result of inLanes(['a', 'b'], [1, 2, 3, 4, 5, 6, 7, 8], run)) if (result === 2) break;
  assert.equal(running, 0);
  assert.ok(begun.length < 8, String(begun));
});
