import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { StatementFeatures } from '../../src/model/statement-features.ts';
import { extractFeatures } from '../../src/statements/features.ts';
import { FLAGS } from '../../src/statements/flags.ts';
import { loadParser } from '../../src/statements/parser/parser.ts';

/** A statement and every feature of it that is not empty; `parseOk` is given only where it is false. */
interface Golden {
  group: string;
  sql: string;
  features: Partial<StatementFeatures>;
}

const golden: Golden[] = JSON.parse(
  readFileSync(new URL('../../fixtures/golden/statements.json', import.meta.url), 'utf8'),
);

/** About the text as a whole; tested elsewhere. */
const WHOLE_TEXT = new Set(['statementHash', 'sqlText', 'textLength', 'fingerprint']);

before(loadParser);

for (const group of new Set(golden.map((entry) => entry.group))) {
  test(`features as reviewed: ${group}`, () => {
    for (const { sql, features } of golden.filter((entry) => entry.group === group))
      assert.deepEqual(notEmpty(extractFeatures(sql)), features, sql);
  });
}

test('every flag has a statement that raises it and one that does not', () => {
  // The first two need long texts, the third comes from error messages only.
  const elsewhere = new Set(['parser_failed', 'text_cut', 'rls_error']);
  const raised = new Set(golden.flatMap(({ features }) => features.flags ?? []));
  assert.deepEqual(
    Object.keys(FLAGS).filter((flag) => !raised.has(flag) && !elsewhere.has(flag)),
    [],
  );
  assert.deepEqual(
    [...raised].filter((flag) => !(flag in FLAGS)),
    [],
  );
});

test('what ordinary applications write raises no flag of injection', () => {
  const injection = [
    'tautology',
    'tautology_rand',
    'comment_tail',
    'union_catalog',
    'union_probe',
    'err_cast',
  ];
  const ordinary = golden.filter(({ group }) =>
    /^(?:Ordinary work|Conditions of query builders)$/.test(group),
  );
  assert.ok(ordinary.length >= 40);
  for (const { sql } of ordinary)
    assert.deepEqual(
      extractFeatures(sql).flags.filter((flag) => injection.includes(flag)),
      [],
      sql,
    );
});

function notEmpty(features: StatementFeatures): Partial<StatementFeatures> {
  const entries = Object.entries(features).filter(([name, value]) => {
    if (WHOLE_TEXT.has(name) || value === null || value === 0) return false;
    if (name === 'parseOk') return value === false;
    if (name === 'statementCount') return value !== 1;
    return value !== false && !(Array.isArray(value) && value.length === 0);
  });
  return Object.fromEntries(entries);
}
