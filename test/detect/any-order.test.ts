/** Each detector raises the alerts of its cases in whatever order the lines arrive, and however often it looks. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, test } from 'node:test';
import { StatementReader } from '../../src/statements/statement-reader.ts';
import { type Delivery, runCases } from '../../src/worker/detector-cases.ts';
import { Random } from '../fuzz/random.ts';
import { detectorsToVary } from './cases-of-all.ts';
import { MINUTE } from './support.ts';

const LATENESS_MS = 15 * MINUTE;

type Timed = { time: string };

/** Each record up to 15 minutes late, and a look in the middle. */
function shuffled(seed: number): Delivery {
  return {
    latenessMs: LATENESS_MS,
    batches: (records) => {
      const random = new Random(seed);
      const order = (records as Timed[])
        .map((record) => ({ record, at: Date.parse(record.time) + random.below(LATENESS_MS) }))
        .sort((a, b) => a.at - b.at)
        .map(({ record }) => record);
      const middle = random.below(order.length + 1);
      return [order.slice(0, middle), order.slice(middle)];
    },
  };
}

const reader = await StatementReader.start();
after(() => reader.close());

for (const { detector, cases } of await detectorsToVary())
  test(`${basename(detector.file)}: shuffled within 15 minutes, in two halves`, async () => {
    for (const result of await runCases(detector, cases, shuffled(20_261_127), reader))
      assert.deepEqual(result.differences, [], result.case);
  });
