/** The promise: `kill -9` at any moment, and each record is counted once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../fuzz/random.ts';
import { openStore, startChild, temporaryFolder } from '../store/support.ts';
import { expectedOf } from './model.ts';
import { DAY, FIRST_DAY, learnedBy, someDays, sorted } from './support.ts';

const SEED = 77;

test('a learner that is killed again and again ends with the counts of the model', async (t) => {
  const folder = await temporaryFolder(t);
  let kills = 0;
  for (const lifeMs of [400, 900, null]) {
    const child = startChild('../baselines/learning-child.ts', folder, String(SEED));
    let output = '';
    const started = new Promise<void>((first) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        first();
      });
    });
    const ended = new Promise((closed) => child.once('close', closed));
    if (lifeMs !== null) {
      await Promise.race([started, ended]);
      await sleep(lifeMs);
      if (child.kill('SIGKILL')) kills++;
    }
    await ended;
    if (lifeMs === null) assert.match(output, /done/);
  }
  assert.ok(kills >= 1, 'the child was too quick to be killed');
  const store = await openStore(t, folder);
  const lines = someDays(new Random(SEED), 2, 10);
  const expected = expectedOf(lines, new Set(), 0, FIRST_DAY + 5 * DAY);
  assert.deepEqual(sorted(await learnedBy(store)), sorted(expected));
});
