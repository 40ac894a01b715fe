import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { openStore, outputOf, temporaryFolder } from './support.ts';

const cannotLimit = spawnSync('prlimit', ['--version']).status === 0 ? false : 'there is no prlimit here';

test('a store whose file cannot grow refuses whole commits, and works on once it can', {
  skip: cannotLimit,
}, async (t) => {
  const folder = await temporaryFolder(t);
  const { stored, errors } = JSON.parse(await outputOf('./filler.ts', folder));
  assert.equal(errors.length, 3);
  // What the ingestor takes for trouble of the store.
  for (const error of errors) assert.match(error, /^(?:IO Error|TransactionContext Error: Failed to commit)/);
  assert.equal(stored, 20);
  const store = await openStore(t, folder);
  const rows = await store.rows<{ sequence_number: bigint; n: bigint }>(
    'SELECT sequence_number, count(*) AS n FROM store.records GROUP BY ALL ORDER BY ALL',
  );
  assert.deepEqual(
    rows.map((row) => [Number(row.sequence_number), Number(row.n)]),
    Array.from({ length: 20 }, (_, index) => [index + 1, 100]),
  );
});
