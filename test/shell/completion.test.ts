import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeSql } from '../../src/shell/completion.ts';
import { VIEWS } from './support.ts';

/** Candidates at the bar. */
function at(text: string, parameters: string[] = []): string[] {
  const [before = '', after = ''] = text.split('|');
  return completeSql({ before, after }, { views: VIEWS, parameters }).candidates;
}

test('behind FROM and JOIN stand views', () => {
  assert.deepEqual(at('SELECT * FROM |'), ['activity', 'sign_ins']);
  assert.deepEqual(at('SELECT * FROM si|'), ['sign_ins']);
  assert.deepEqual(at('SELECT * FROM activity JOIN s|'), ['sign_ins']);
  assert.deepEqual(at('SELECT * FROM activity, s|'), ['sign_ins']);
  assert.deepEqual(at('DESCRIBE a|'), ['activity']);
});

test('columns of the views that the statement names come first, also where FROM is still behind the cursor', () => {
  assert.deepEqual(at('SELECT out| FROM sign_ins'), ['outcome', 'outer']);
  assert.equal(at('SELECT s| FROM sign_ins')[0], 'server');
  assert.equal(at('SELECT * FROM sign_ins WHERE s|')[0], 'server');
  assert.ok(!at('SELECT c| FROM sign_ins').includes('command'));
  assert.ok(at('SELECT comm|').includes('command'));
  assert.deepEqual(at('SELECT * FROM sign_ins WHERE |'), ['event_time', 'server', 'outcome']);
});

test('a view is known by what the statement calls it', () => {
  assert.deepEqual(at('SELECT a.c| FROM activity a'), ['command']);
  assert.deepEqual(at('SELECT * FROM activity AS a, sign_ins b WHERE b.o|'), ['outcome']);
  assert.deepEqual(at('SELECT * FROM activity WHERE activity.co|'), ['command']);
  assert.deepEqual(at('SELECT nobody.c| FROM activity a'), []);
});

test('key words and functions are offered, in capital letters to who types them', () => {
  assert.deepEqual(at('SELE|'), ['SELECT']);
  assert.deepEqual(at('sele|'), ['select']);
  assert.deepEqual(at('SELECT date_tr| FROM activity'), ['date_trunc']);
  assert.ok(!at('SELECT cur|').includes('current_setting'));
});

test('in a text, a name in quotes or a comment nothing is offered', () => {
  for (const text of ["SELECT 'sele|", 'SELECT "sele|', 'SELECT $$sele|', 'SELECT 1 -- sele|', '/* sele|'])
    assert.deepEqual(at(text), [], text);
});

test('what stands before the last semicolon is another statement', () => {
  assert.deepEqual(at('SELECT 1 FROM activity; SELECT comma| FROM sign_ins'), []);
});

test('behind $ stand parameters that have a value', () => {
  assert.deepEqual(at('SELECT $us|', ['user', 'since']), ['$user']);
});
