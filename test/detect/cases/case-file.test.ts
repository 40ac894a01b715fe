/** A mistake in a case file is told with file, line and reason; what is left out has a default. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesPathOf, parseCases } from '../../../src/detect/cases/case-file.ts';
import { PgvigilError } from '../../../src/errors.ts';

const CASE = `- case: a sign-in
  steps:
    - sign_in: { user: anna, client: 10.1.2.3 }
    - { at: 5s, audit: { class: READ, command: SELECT, text: SELECT 1 } }
  alerts: []
`;

function refusal(text: string): string {
  try {
    parseCases('/etc/T01.cases.yaml', text);
  } catch (error) {
    assert.ok(error instanceof PgvigilError);
    assert.equal(error.code, 'DETECTOR_INVALID');
    return error.message;
  }
  throw new Error('it was taken');
}

test('a case is read, with its defaults', () => {
  const [first] = parseCases('x', CASE);
  assert.equal(first?.steps[0]?.sign_in?.database, 'shop');
  assert.equal(first?.steps[1]?.at, 5_000);
  assert.equal(first?.steps[1]?.audit?.parameters, '<not logged>');
  assert.equal(casesPathOf('/x/A01-y.sql'), '/x/A01-y.cases.yaml');
});

test('a mistake is told with file and line', () => {
  const change = (from: string, to: string) => refusal(CASE.replace(from, to));
  assert.match(refusal('[]'), /^\/etc\/T01\.cases\.yaml:1: /);
  assert.match(refusal('- case: ['), /^\/etc\/T01\.cases\.yaml:\d: /);
  assert.match(
    change('at: 5s', 'at: soon'),
    /^\/etc\/T01\.cases\.yaml:4: 0\.steps\.1\.at: "soon" is no duration/,
  );
  assert.match(change('sign_in:', 'sign-in:'), /^\/etc\/T01\.cases\.yaml:3: /);
  assert.match(change('  alerts: []\n', ''), /^\/etc\/T01\.cases\.yaml:1: 0\.alerts: /);
  assert.match(change('at: 5s,', 'at: 5s, sign_out: true,'), /:4: .*a step has one of sign_in, /);
});
