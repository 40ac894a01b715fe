import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSource } from '../../src/backfill/source-name.ts';
import { PgvigilError } from '../../src/errors.ts';

const ID = '0a1b2c3d-0000-4000-8000-0123456789ab';

test('a source is told by how it is written', () => {
  for (const path of ['logs', '-', './https:', 'C:\\logs\\*.csv', 'a?b#c', 'log-analytics', 'ftp://host/x'])
    assert.deepEqual(parseSource(path), { kind: 'file', path });
  const url = 'https://account.blob.core.windows.net/insights-logs-postgresqllogs/resourceId=';
  assert.deepEqual(parseSource(url), { kind: 'blobs', url });
  assert.deepEqual(parseSource(`Log-Analytics:${ID.toUpperCase()}`), {
    kind: 'log-analytics',
    workspaceId: ID,
  });
});

test('a signature on the command line is refused, and is not repeated', () => {
  for (const text of [
    'https://a.blob.core.windows.net/c?sv=2026-01-01&sig=s3cret',
    'https://a.blob.core.windows.net/c#s3cret',
    'https://s3cret@a.blob.core.windows.net/c',
    'https://a.blob.core.windows.net/',
    'https://[',
  ]) {
    assert.throws(
      () => parseSource(text),
      (error) =>
        error instanceof PgvigilError &&
        error.code === 'USAGE' &&
        !`${error.message}${error.hint}`.includes('s3cret'),
    );
  }
});

test('a workspace goes by its id, and the error says where to find it', () => {
  for (const text of ['log-analytics:', 'log-analytics:my-workspace', `log-analytics:${ID}0`])
    assert.throws(
      () => parseSource(text),
      (error) => error instanceof PgvigilError && /customerId/.test(error.hint),
    );
});
