import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { extractFeatures } from '../../src/statements/features.ts';
import type { Token } from '../../src/statements/lexing/lexer.ts';
import { fingerprintOf, loadParser, normalizedOf, parseText } from '../../src/statements/parser/parser.ts';
import { MAX_TEXT } from '../../src/statements/statement-text.ts';
import { HOSTILE, nested } from './hostile-texts.ts';

before(loadParser);

for (const [name, text] of Object.entries(HOSTILE)) {
  test(`bounded and survived: ${name}`, () => {
    const started = performance.now();
    const features = extractFeatures(text);
    assert.ok(performance.now() - started < 8_000, `${Math.round(performance.now() - started)} ms`);
    assert.equal(features.flags.includes('text_cut'), text.length > MAX_TEXT);
    assertParserWorks();
  });
}

test('what the parser could not take is said so, and judged by its tokens', () => {
  const features = extractFeatures(
    `SELECT ${nested('(', 500, '1', ')')} FROM items UNION SELECT NULL, NULL -- -`,
  );
  assert.equal(features.parseOk, false);
  assert.deepEqual(features.kinds, ['SelectStmt']);
  assert.deepEqual(features.flags, ['comment_tail', 'parser_failed', 'trailing_comment', 'union']);
  assert.equal(features.nullPads, 2);
});

test('generated SQL of ordinary size is not refused', () => {
  for (const text of [
    `SELECT 1${' UNION ALL SELECT 1'.repeat(300)}`,
    `SELECT ${'chr(97)||'.repeat(300)}'a'`,
    `SELECT * FROM t WHERE ${Array.from({ length: 1_500 }, (_, i) => `(a = ${i} AND b = ${i})`).join(' OR ')}`,
    `INSERT INTO t VALUES ${Array.from({ length: 2_000 }, (_, i) => `(${i}, -${i} + 1, 'x')`).join(', ')}`,
    nested('SELECT * FROM (', 50, 'SELECT 1', ') x'),
  ]) {
    const features = extractFeatures(text);
    assert.equal(features.parseOk, true, text.slice(0, 80));
    assert.notEqual(features.fingerprint, null, text.slice(0, 80));
    assert.notEqual(features.normalized, null, text.slice(0, 80));
  }
});

test('nested queries keep their fingerprint when the parser is hot', () => {
  // With V8's optimising compiler eight levels overflow the stack after some thousand calls.
  const deep = nested('SELECT (', 60, 'SELECT a FROM t WHERE b = 1', ')');
  const hot = `SELECT 1 WHERE a = 1${' OR 1=1'.repeat(8_000)}`;
  const fingerprint = fingerprintOf(deep);
  assert.match(fingerprint ?? '', /^[0-9a-f]{16}$/);
  for (let i = 0; i < 12; i += 1) {
    fingerprintOf(hot);
    normalizedOf(hot);
  }
  assert.equal(fingerprintOf(deep), fingerprint);
  assert.notEqual(normalizedOf(deep), null);
});

test('the parser recovers from exhaustion that no guard foresaw', async () => {
  // Without tokens the guard sees nothing.
  const unguarded: Token[] = [];
  const text = `SELECT ${'1+'.repeat(20_000)}1`;
  for (let i = 0; i < 300; i += 1) {
    normalizedOf(text);
    const parsed = parseText(`SELECT ${'('.repeat(12_000)}`, unguarded);
    assert.deepEqual(parsed, { ok: false, exhausted: true });
    // The next instance is made in the background.
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertParserWorks();
});

function assertParserWorks(): void {
  const features = extractFeatures('SELECT a FROM t WHERE b = 1 OR 2=2');
  assert.equal(features.parseOk, true);
  assert.match(features.fingerprint ?? '', /^[0-9a-f]{16}$/);
  assert.deepEqual(features.relationsRead, ['t']);
  assert.deepEqual(features.flags, ['no_limit', 'tautology']);
}
