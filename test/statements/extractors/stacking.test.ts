import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStacked } from '../../../src/statements/extractors/stacking.ts';

const kinds = (names: string) => names.split(' ').map((name) => (name === '?' ? '' : `${name}Stmt`));

test('a statement behind a query or a change of data is stacked, whatever it is', () => {
  for (const text of [
    'Select Drop',
    'Select Select',
    'Insert Update',
    'Delete Copy',
    'Update Create',
    'Merge Select',
    'Call Select',
    'Execute Drop',
    'DeclareCursor Drop',
    'Copy Drop',
    'Notify Drop',
    'Select ?',
  ])
    assert.equal(isStacked(kinds(text)), true, text);
});

test('a frame hides no second statement', () => {
  for (const text of [
    'Transaction Select Drop Transaction',
    'VariableSet VariableSet Select Transaction Drop',
    'Discard Insert Listen Select',
  ])
    assert.equal(isStacked(kinds(text)), true, text);
});

test('one statement in its frame is not stacked', () => {
  for (const text of [
    'Select',
    'Transaction VariableSet Select Transaction',
    // What pools and drivers send when a connection comes back.
    'Select ClosePortal Unlisten VariableSet',
    'ClosePortal Unlisten Select Discard Discard',
    'VariableShow Select Deallocate',
    'Transaction Transaction',
  ])
    assert.equal(isStacked(kinds(text)), false, text);
  assert.equal(isStacked([]), false);
});

test('scripts and migrations are not stacked: they begin with DDL', () => {
  for (const text of [
    // Sequelize: findOrCreate, and sync({ alter: true }).
    'CreateFunction Select Drop',
    'AlterTable AlterTable Do AlterTable',
    // pg_restore: an entry of its archive.
    'Grant Grant',
    'VariableSet Create Index Insert Insert',
    'Drop Create Select',
    '? Select Select',
  ])
    assert.equal(isStacked(kinds(text)), false, text);
});
