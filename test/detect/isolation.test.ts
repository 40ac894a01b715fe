/** What happens on one server changes nothing on another, whose lines, sessions and users are the same. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, test } from 'node:test';
import { readCases } from '../../src/detect/cases/case-file.ts';
import { loadDetectors } from '../../src/detect/detector.ts';
import { StatementReader } from '../../src/statements/statement-reader.ts';
import { runCases } from '../../src/worker/detector-cases.ts';

const reader = await StatementReader.start();
after(() => reader.close());

const { detectors } = await loadDetectors();

// One that judges each event by itself takes nothing from elsewhere: these are left to the slow form of the tests.
const doubled = detectors.filter(({ window }) => window.length > 0 || process.env.PGVIGIL_SLOW === '1');

for (const detector of doubled)
  test(`${basename(detector.file)}: two servers raise what each would alone`, async () => {
    const cases = (await readCases(detector.file)) ?? [];
    for (const result of await runCases(detector, [...cases, ...cases], undefined, reader))
      assert.deepEqual(result.differences, [], result.case);
  });
