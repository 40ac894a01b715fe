/** What happens on one server changes nothing on another, whose lines, sessions and users are the same. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, test } from 'node:test';
import { type DetectorCase, readCases } from '../../src/detect/cases/case-file.ts';
import { type Detector, loadDetectors } from '../../src/detect/detector.ts';
import { StatementReader } from '../../src/statements/statement-reader.ts';
import { runCases } from '../../src/worker/detector-cases.ts';

const reader = await StatementReader.start();
after(() => reader.close());

const { detectors } = await loadDetectors();
const casesOf = new Map<Detector, DetectorCase[]>();
for (const detector of detectors) casesOf.set(detector, (await readCases(detector.file)) ?? []);

// One that judges each event by itself takes nothing from elsewhere, and weeks of history take their time: these are left to the
// slow form of the tests.
const isSlow = process.env.PGVIGIL_SLOW === '1';

for (const [detector, cases] of casesOf) {
  const isShort = detector.window.length > 0 && cases.every(({ history }) => history.length === 0);
  if (!isShort && !isSlow) continue;
  test(`${basename(detector.file)}: two servers raise what each would alone`, async () => {
    for (const result of await runCases(detector, [...cases, ...cases], undefined, reader))
      assert.deepEqual(result.differences, [], result.case);
  });
}
