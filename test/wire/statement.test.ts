import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statementsOf, Words } from '../../src/wire/statement.ts';

test('a text is cut at its semicolons, and at none inside of strings, names and comments', () => {
  const text = `SELECT ';' ; -- a; b\n /* ; */ SELECT ";", $$;$$ ;; \n; SELECT 3`;
  assert.deepEqual(
    statementsOf(text).map(({ sql }) => sql),
    [`SELECT ';'`, 'SELECT ";", $$;$$', 'SELECT 3'],
  );
  assert.deepEqual(statementsOf(' -- nothing\n;;'), []);
});

test('places of tokens are those in the statement', () => {
  const [, second] = statementsOf('SELECT 1; SELECT $1');
  const parameter = second!.tokens.find(({ type }) => type === 'parameter')!;
  assert.equal(second!.sql.slice(parameter.start, parameter.end), '$1');
});

test('names fold to lower case unless they are quoted, and values are read as PostgreSQL reads them', () => {
  const words = new Words(statementsOf(`Abc "A""b" 'it''s' E'a\\tb\\'c' -5 on`)[0]!);
  assert.deepEqual([words.name(), words.name()], ['abc', 'A"b']);
  assert.deepEqual(
    [words.value(), words.value(), words.value(), words.value()],
    ["it's", "a\tb'c", '-5', 'on'],
  );
  assert.ok(words.isAtEnd);
});

test('brackets end where they are closed', () => {
  const words = new Words(statementsOf("((SELECT ')') + (1)) TO STDOUT")[0]!);
  assert.equal(words.parenthesized(), "(SELECT ')') + (1)");
  assert.ok(words.accept('TO', 'STDOUT'));
  assert.equal(new Words(statementsOf('(SELECT 1')[0]!).parenthesized(), null);
});
