/** The promise: detection waits for learning at midnight, and at no other time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LearningAside } from '../../src/worker/learning.ts';

const HOUR = 3_600_000;
const MIDNIGHT = Date.UTC(2026, 2, 2);

/** Learning that takes until it is let go. */
function slowLearning(now: () => number = () => Number.POSITIVE_INFINITY): {
  aside: LearningAside;
  begun: number[];
  signals: AbortSignal[];
  letGo: () => void;
} {
  const begun: number[] = [];
  const signals: AbortSignal[] = [];
  let letGo = () => {};
  const aside = new LearningAside((until, signal) => {
    begun.push(until);
    signals.push(signal!);
    return new Promise((resolve) => {
      letGo = resolve;
    });
  }, now);
  return { aside, begun, signals, letGo: () => letGo() };
}

async function isWaiting(work: Promise<void>): Promise<boolean> {
  return Promise.race([
    work.then(() => false),
    new Promise<boolean>((resolve) => setImmediate(resolve, true)),
  ]);
}

test('the first look and the first of a day wait until all is learned, the others do not', async () => {
  const { aside, begun, letGo } = slowLearning();
  const first = aside.learn(MIDNIGHT - HOUR);
  assert.ok(await isWaiting(first), 'after a start nobody knows what is learned');
  letGo();
  await first;

  await aside.learn(MIDNIGHT - HOUR / 2);
  await aside.learn(MIDNIGHT - HOUR / 4);
  assert.deepEqual(begun, [MIDNIGHT - HOUR, MIDNIGHT - HOUR / 2], 'one at a time');

  const next = aside.learn(MIDNIGHT + 1);
  assert.ok(await isWaiting(next));
  assert.equal(begun.length, 2, 'not beside the one that is under way');
  letGo();
  assert.ok(await isWaiting(next));
  assert.equal(begun.at(-1), MIDNIGHT + 1);
  letGo();
  await next;

  await aside.learn(MIDNIGHT + HOUR);
  assert.equal(begun.length, 4);
});

test('late records of the day before do not wait, and a line from the future does not end the waiting', async () => {
  let now = MIDNIGHT + 2 * HOUR;
  const { aside, letGo } = slowLearning(() => now);
  const waits = async (until: number) => {
    const work = aside.learn(until);
    const waited = await isWaiting(work);
    letGo();
    await work;
    return waited;
  };
  assert.ok(await waits(MIDNIGHT - HOUR));
  assert.ok(await waits(MIDNIGHT + HOUR));
  assert.ok(!(await waits(MIDNIGHT - 1)));
  assert.ok(!(await waits(MIDNIGHT + 900 * 24 * HOUR)));
  now = MIDNIGHT + 25 * HOUR;
  assert.ok(await waits(now));
});

test('stopping tells what is under way, and waits for it', async () => {
  const { aside, signals, letGo } = slowLearning();
  const first = aside.learn(MIDNIGHT);
  assert.ok(await isWaiting(first));
  letGo();
  await first;
  await aside.learn(MIDNIGHT + HOUR);
  assert.equal(signals.at(-1)?.aborted, false);
  const stopped = aside.stop();
  assert.equal(signals.at(-1)?.aborted, true);
  assert.ok(await isWaiting(stopped));
  letGo();
  await stopped;
});
