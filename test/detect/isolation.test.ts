/** What happens on one server changes nothing on another, whose lines, sessions and users are the same. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, test } from 'node:test';
import { StatementReader } from '../../src/statements/statement-reader.ts';
import { runCases } from '../../src/worker/detector-cases.ts';
import { detectorsToVary } from './cases-of-all.ts';

const reader = await StatementReader.start();
after(() => reader.close());

for (const { detector, cases } of await detectorsToVary())
  test(`${basename(detector.file)}: two servers raise what each would alone`, async () => {
    for (const result of await runCases(detector, [...cases, ...cases], undefined, reader))
      assert.deepEqual(result.differences, [], result.case);
  });
