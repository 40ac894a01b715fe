import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ahead, withTotal } from '../../../src/sources/blobs/ahead.ts';

async function* numbers(count: number, failure?: Error): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) yield number;
  if (failure !== undefined) throw failure;
}

test('tasks run ahead up to the limit, and their results come in order', async () => {
  let running = 0;
  let most = 0;
  const run = async (task: number) => {
    most = Math.max(most, ++running);
    await sleep(task % 3);
    running--;
    return task * 10;
  };
  const results: number[] = [];
  for await (const { task, result } of ahead(numbers(30), run, 4)) {
    assert.equal(await result, task * 10);
    results.push(task);
  }
  assert.deepEqual(
    results,
    Array.from({ length: 30 }, (_, number) => number),
  );
  assert.equal(most, 4);
});

test('what was begun before the tasks fail comes first', async () => {
  const results: number[] = [];
  await assert.rejects(async () => {
    for await (const { result } of ahead(numbers(3, new Error('the list ends')), async (task) => task, 10))
      results.push(await result);
  }, /the list ends/);
  assert.deepEqual(results, [0, 1, 2]);
});

test('the total is told as soon as the rest fits in what is looked ahead', async () => {
  const sizes = async function* () {
    for await (const size of numbers(6)) yield { size };
  };
  const totals: (number | null)[] = [];
  for await (const { total } of withTotal(sizes(), 4)) totals.push(total);
  assert.deepEqual(totals, [null, null, 15, 15, 15, 15]);
});
