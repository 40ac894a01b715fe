import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { globMatcher, matchesEverything } from '../../../src/alerts/allow-list/glob.ts';

const letter = fc.constantFrom('a', 'b', '*', '.', '?');
const text = fc.array(letter, { maxLength: 12 }).map((letters) => letters.join(''));

test('a pattern matches what the regular expression of the same meaning matches, whatever else it holds', () => {
  fc.assert(
    fc.property(text, text, (pattern, subject) => {
      const escaped = pattern.replace(/[.?]/g, '\\$&').replaceAll('*', '[^]*');
      assert.equal(globMatcher(pattern)(subject), new RegExp(`^${escaped}$`).test(subject));
    }),
    { numRuns: 5_000 },
  );
});

test('beginning and end do not overlap, and case counts', () => {
  assert.equal(globMatcher('ab*ba')('aba'), false);
  assert.equal(globMatcher('ab*ba')('abba'), true);
  assert.equal(globMatcher('App')('app'), false);
});

test('a hostile pattern against a long text costs no time', () => {
  const started = performance.now();
  assert.equal(globMatcher(`${'*a'.repeat(150)}b*c`)('a'.repeat(200_000)), false);
  assert.ok(performance.now() - started < 1_000);
});

test('nothing and stars alone are no pattern', () => {
  assert.deepEqual(['', '*', '***', 'a*', '?'].map(matchesEverything), [true, true, true, false, false]);
});
