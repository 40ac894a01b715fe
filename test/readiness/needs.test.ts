import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { loadDetectors } from '../../src/detect/detector.ts';
import { parseRequirement } from '../../src/readiness/needs.ts';

describe('parseRequirement', () => {
  test('what the front matter writes, each class of pgaudit.log by itself', () => {
    assert.deepEqual(parseRequirement('pgaudit.log with read, write and ddl'), {
      needs: ['pgaudit.log with read', 'pgaudit.log with write', 'pgaudit.log with ddl'],
      isExtra: false,
    });
    assert.deepEqual(parseRequirement('pgaudit.log with role, ddl, misc, and misc_set')?.needs, [
      'pgaudit.log with role',
      'pgaudit.log with ddl',
      'pgaudit.log with misc',
    ]);
    assert.deepEqual(parseRequirement(' networks '), { needs: ['networks'], isExtra: false });
  });

  test('with a remark in parentheses it is of use, and not needed', () => {
    assert.deepEqual(parseRequirement('pgaudit.log_relation = on (sees a table behind a view)'), {
      needs: ['pgaudit.log_relation = on'],
      isExtra: true,
    });
  });

  test('other words are not taken for something near', () => {
    for (const text of [
      '',
      '()',
      'pgaudit.log with',
      'pgaudit.log with everything',
      'log_connections',
      'toString',
      'pgaudit.log with read, nonsense',
    ])
      assert.equal(parseRequirement(text), null, text);
  });
});

test('every requirement of the detectors is one that can be looked for', async () => {
  const { detectors } = await loadDetectors();
  const unknown = detectors.flatMap(({ file, requires }) =>
    requires.filter((text) => parseRequirement(text) === null).map((text) => `${basename(file)}: ${text}`),
  );
  assert.deepEqual(unknown, [], 'the closed list is in src/readiness/needs.ts');
  assert.deepEqual(
    detectors.filter(({ requires }) => requires.length === 0).map(({ file }) => basename(file)),
    [],
    'a detector that requires nothing would always be armed',
  );
});
