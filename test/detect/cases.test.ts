/** Every detector holds what its cases say, and has the cases that make it trustworthy. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, test } from 'node:test';
import { readCases } from '../../src/detect/cases/case-file.ts';
import { loadDetectors } from '../../src/detect/detector.ts';
import { StatementReader } from '../../src/statements/statement-reader.ts';
import { runCases } from '../../src/worker/detector-cases.ts';

const reader = await StatementReader.start();
after(() => reader.close());

const { detectors, refused } = await loadDetectors();
assert.deepEqual(refused, []);

/** What these look for stands in the text of a statement only: no message of the server tells it. */
const NEED_TEXT = ['I01', 'P02'];

for (const detector of detectors)
  test(`the cases of ${basename(detector.file)}`, async () => {
    const cases = await readCases(detector.file);
    assert.ok(
      cases !== null,
      'a detector has cases: log lines that must raise an alert, and lines that must not',
    );
    assert.ok(
      cases.some(({ alerts }) => alerts.length > 0),
      'no case raises an alert',
    );
    assert.ok(
      cases.filter(({ alerts }) => alerts.length === 0).length >= 2,
      'fewer than two cases are silent',
    );
    if (detector.deniedAttempts) {
      const errors = cases
        .filter(({ alerts }) => alerts.length > 0)
        .flatMap(({ steps }) => steps.flatMap(({ error }) => error ?? []));
      assert.ok(errors.length > 0, 'no case raises an alert for an attempt that the server denied');
      if (!NEED_TEXT.includes(detector.id))
        assert.ok(
          errors.some(({ text }) => text === null),
          'no case raises an alert for a denied attempt whose statement was not shipped',
        );
    }
    for (const result of await runCases(detector, cases, undefined, reader))
      assert.deepEqual(result.differences, [], result.case);
  });
