/** What the allow-list may believe of a statement: read by PostgreSQL's parser, as a worker stores it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statementFacts } from '../../../src/alerts/allow-list/allow-table.ts';
import { audited, T0, write } from '../../detect/support.ts';
import { temporaryStore } from '../../store/support.ts';

/** `relations` and whether the text says all that it touches, of each statement. */
async function factsOf(t: Parameters<typeof temporaryStore>[0], texts: string[]) {
  const store = await temporaryStore(t);
  await write(
    store,
    texts.map((text, n) => audited(T0 + n, { session: 's' }, text)),
  );
  const rows = await store.rows<{ statement_hash: string; sql_text: string }>('SELECT * FROM statements');
  const hashes = [...rows.map(({ statement_hash }) => statement_hash), 'a hash that nobody knows'];
  const facts = await store.transaction((transaction) => statementFacts(transaction, hashes));
  assert.equal(facts.size, texts.length);
  return new Map(rows.map(({ statement_hash, sql_text }) => [sql_text, facts.get(statement_hash)!]));
}

test('relations are all that is read or changed, catalogs too, in every statement of the string', async (t) => {
  const text =
    'INSERT INTO archive.a SELECT * FROM archive.b; SELECT * FROM pg_shadow; UPDATE pg_class SET relname = $1';
  const facts = (await factsOf(t, [text])).get(text);
  assert.deepEqual(new Set(facts?.relations), new Set(['archive.a', 'archive.b', 'pg_shadow', 'pg_class']));
  assert.equal(facts?.isComplete, true);
});

test('a text that runs code from a literal, names relations there, or could not be read, says not all', async (t) => {
  const ordinary = ['SELECT count(*), now() FROM archive.a', 'DELETE FROM archive.a WHERE id = 7'];
  const hidden = [
    'DO $$ BEGIN PERFORM * FROM archive.a; END $$',
    "DO $$ BEGIN EXECUTE 'DROP TABLE ' || chr(97); END $$",
    "SELECT query_to_xml('SELECT * FROM customers', true, true, '') FROM archive.a",
    "SELECT pg_catalog.table_to_xml('customers', true, true, '') FROM archive.a",
    "SELECT * FROM archive.a, dblink('host=x', 'SELECT 1') AS t(a int)",
    "SELECT lo_export(1, '/tmp/x') FROM archive.a",
    'SELECT FROM WHERE archive.a ((',
  ];
  const facts = await factsOf(t, [...ordinary, ...hidden]);
  for (const text of ordinary) assert.equal(facts.get(text)?.isComplete, true, text);
  for (const text of hidden) assert.equal(facts.get(text)?.isComplete, false, text);
});
