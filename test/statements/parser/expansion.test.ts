/** What is held many times in the tree is known before the text is parsed. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { extractFeatures } from '../../../src/statements/features.ts';
import { tokenize } from '../../../src/statements/lexing/lexer.ts';
import { expansionOf, MAX_EXPANSION } from '../../../src/statements/parser/expansion.ts';
import { loadParser } from '../../../src/statements/parser/parser.ts';

before(loadParser);

const added = (text: string) => expansionOf(tokenize(text));

test('a source that is repeated for each column, alone or nested, is refused at once', () => {
  const wide = `UPDATE t SET (${'a,'.repeat(1_600)}a) = (SELECT ${'1,'.repeat(1_600)}1)`;
  const row = `UPDATE t SET (${'a,'.repeat(800)}a) = /* c */ ROW (${'1,'.repeat(800)}1)`;
  const deep = `${'UPDATE t SET (a,b) = (WITH x AS ('.repeat(18)}SELECT 1${') SELECT 1, 2)'.repeat(18)}`;
  for (const text of [wide, row, deep]) {
    assert.ok(added(text) > MAX_EXPANSION, text.slice(0, 60));
    const started = performance.now();
    assert.ok(extractFeatures(text).flags.includes('parser_failed'));
    assert.ok(performance.now() - started < 2_000);
  }
});

test('what people write is not', () => {
  for (const text of [
    'UPDATE t SET (a, b) = (SELECT c, d FROM u WHERE u.id = t.id)',
    'UPDATE t SET (a, b, c) = ROW (1, 2, 3) WHERE (x, y) = (1, 2)',
    `SELECT * FROM t WHERE ${Array.from({ length: 1_000 }, (_, i) => `(a, b) = (${i}, ${i})`).join(' OR ')}`,
  ])
    assert.equal(extractFeatures(text).parseOk, true, text.slice(0, 60));
});
