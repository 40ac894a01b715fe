/** Every flag is raised by what it is for, and not by what only looks like it. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { FlagCases } from '../../fixtures/statements/flag-cases/cases.ts';
import { FLAG_CASES } from '../../fixtures/statements/flag-cases.ts';
import { extractFeatures } from '../../src/statements/features.ts';
import { FLAGS } from '../../src/statements/flags.ts';
import { featuresOfMessage } from '../../src/statements/message-features.ts';
import { loadParser } from '../../src/statements/parser/parser.ts';

const MESSAGE = 'ERROR: ';
const cases: [flag: string, cases: FlagCases][] = Object.entries(FLAG_CASES);

before(loadParser);

function flagsOf(text: string): string[] {
  const features = text.startsWith(MESSAGE)
    ? featuresOfMessage(text.slice(MESSAGE.length))
    : extractFeatures(text);
  return features.flags;
}

test('the catalogue holds every flag and no other, each with a statement that has it and a near miss', () => {
  assert.deepEqual(cases.map(([flag]) => flag).sort(), Object.keys(FLAGS).sort());
  for (const [flag, { has, lacks }] of cases) {
    assert.ok(Object.keys(has).length > 0, `${flag}: nothing has it`);
    assert.ok(Object.keys(lacks).length > 0, `${flag}: no near miss`);
    for (const [statement, why] of [...Object.entries(has), ...Object.entries(lacks)])
      assert.notEqual(why.trim(), '', `${flag}: ${statement} stands there without a word`);
  }
});

test('no statement both has a flag and lacks it', () => {
  for (const [flag, { has, lacks }] of cases)
    assert.deepEqual(
      Object.keys(has).filter((statement) => statement in lacks),
      [],
      flag,
    );
});

for (const [flag, { has, lacks }] of cases) {
  test(`${flag} stands on its statements, not on their near misses`, () => {
    const wrong: string[] = [];
    for (const [statement, why] of Object.entries(has))
      if (!flagsOf(statement).includes(flag)) wrong.push(`lacks ${flag}: ${statement} (${why})`);
    for (const [statement, why] of Object.entries(lacks))
      if (flagsOf(statement).includes(flag)) wrong.push(`has ${flag}: ${statement} (${why})`);
    assert.deepEqual(wrong, []);
  });
}
