import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson, parseText } from '../../../src/decode/envelope/json.ts';

const pieces = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  '"',
  ' ',
  '\n',
  '\ufeff',
  ',',
  ':',
  '1',
  'null',
  'a',
  '\\',
  'ü',
);

test('bytes that are refused without asking the parser are those that the parser refuses', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(pieces, { maxLength: 8 }).map((all) => all.join('')),
        fc.json(),
      ),
      (text) => {
        const bytes = new TextEncoder().encode(text);
        assert.deepEqual(parseJson(bytes), parseText(text.replace(/^\ufeff/, '')));
      },
    ),
    { numRuns: 20_000 },
  );
});
