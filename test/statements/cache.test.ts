import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { StatementCache } from '../../src/statements/cache.ts';
import { extractFeatures } from '../../src/statements/features.ts';
import { loadParser } from '../../src/statements/parser.ts';

before(loadParser);

test('the cache gives what extraction gives, and parses a text once', () => {
  const cache = new StatementCache();
  const features = cache.features('SELECT a FROM t');
  assert.deepEqual(features, extractFeatures('SELECT a FROM t'));
  assert.equal(cache.features('SELECT a FROM t'), features);
  assert.equal(cache.size, 1);
});

test('the cache is bounded in entries and in bytes', () => {
  const few = new StatementCache({ maxEntries: 10, maxBytes: 1_000_000 });
  for (let i = 0; i < 100; i += 1) few.features(`SELECT ${i}`);
  assert.equal(few.size, 10);
  const small = new StatementCache({ maxEntries: 1_000, maxBytes: 100_000 });
  for (let i = 0; i < 20; i += 1) small.features(`SELECT '${String(i).repeat(5_000)}'`);
  assert.ok(small.size >= 1 && small.size <= 10, String(small.size));
});

test('a text larger than the whole cache is answered and not kept', () => {
  const cache = new StatementCache({ maxEntries: 10, maxBytes: 10_000 });
  cache.features('SELECT 1');
  assert.equal(cache.features(`SELECT '${'x'.repeat(50_000)}'`).parseOk, true);
  assert.equal(cache.size, 1);
});
