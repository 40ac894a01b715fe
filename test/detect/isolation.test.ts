/** What happens on one server changes nothing on another, whose lines, sessions and users are the same. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { readCases } from '../../src/detect/cases/case-file.ts';
import { loadDetectors } from '../../src/detect/detector.ts';
import { raiseAlerts } from '../../src/worker/detector-cases.ts';

const { detectors } = await loadDetectors();

for (const detector of detectors)
  test(`${basename(detector.file)}: two servers raise what each would alone`, async () => {
    const cases = (await readCases(detector.file)) ?? [];
    const alone = await raiseAlerts(detector, cases);
    const both = await raiseAlerts(detector, [...cases, ...cases]);
    assert.deepEqual(both, [...alone, ...alone]);
  });
