import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { extractFeatures } from '../../src/statements/features.ts';
import type { Token } from '../../src/statements/lexer.ts';
import { fingerprintOf, loadParser, normalizedOf, parseText } from '../../src/statements/parser.ts';

const numbers = (n: number) => Array.from({ length: n }, (_, i) => i).join(',');
const nested = (open: string, n: number, inner: string, close: string) =>
  open.repeat(n) + inner + close.repeat(n);

/** Texts that are meant to hurt. Each stays far below a second alone; the bound leaves room for a busy machine. */
const HOSTILE: Record<string, string> = {
  'one word of 1 MB': `SELECT ${'a'.repeat(1e6)}`,
  'one string of 1 MB': `SELECT '${'a'.repeat(1e6)}'`,
  '100,000 numbers in IN': `SELECT * FROM t WHERE a IN (${numbers(1e5)})`,
  '12,000 numbers in IN': `SELECT * FROM t WHERE a IN (${numbers(12_000)})`,
  '10,000 parentheses': `SELECT ${nested('(', 1e4, '1', ')')}`,
  'a million parentheses': '('.repeat(1e6),
  'a million quotes': "'".repeat(1e6 - 1),
  '100,000 NULs': `${'\0'.repeat(1e5)}SELECT 1`,
  'lone surrogates': `SELECT '${'\ud800'.repeat(1e4)}'`,
  'comments that open': '/*'.repeat(5e5),
  'comments that close': `SELECT 1${'/**/'.repeat(15_000)}--`,
  'dollar quotes that do not close': Array.from({ length: 2e4 }, (_, i) => `$a${i}$`).join(' '),
  'operators in a row': `SELECT ${'1+'.repeat(3e4)}1`,
  'signs in a row': `SELECT ${'+-'.repeat(3e4)}1`,
  'conditions in a row': `SELECT 1 WHERE a = 1${' OR 1=1'.repeat(8_000)}`,
  'set operations in a row': `SELECT 1${' UNION SELECT 1'.repeat(4_000)}`,
  'joins in a row': `SELECT * FROM t${' CROSS JOIN t'.repeat(4_000)}`,
  'NOT in a row': `SELECT ${'NOT '.repeat(1e4)}true`,
  'casts in a row': `SELECT 1${'::int'.repeat(1e4)}`,
  'CASE in CASE': `SELECT ${nested('CASE WHEN 1=1 THEN ', 1_500, '1', ' END')}`,
  'queries in queries': nested('SELECT (', 900, 'SELECT 1', ')'),
  'WITH in WITH': nested('WITH a AS (', 900, 'SELECT 1', ') SELECT 1'),
  '7,000 statements': 'SELECT 1;'.repeat(7_000),
  'COPY without end': 'COPY '.repeat(13_000),
  'hosts without end': `SELECT '${'host= '.repeat(11_000)}'`,
  'URLs without end': `SELECT '${'a://'.repeat(16_000)}'`,
  'ransom words without end': `SELECT '${'your data '.repeat(6_000)}'`,
  'marks without end': `SELECT ${'<REDACTED> '.repeat(5_900)}`,
  'a body that doubles a text': `DO $$ BEGIN a := 'abcdefgh'; ${'a := a || a; '.repeat(5_000)} END $$`,
  'bodies that run bodies': `DO $$ DECLARE a text := 'DO $x$ BEGIN ${'EXECUTE 1; '.repeat(100)} END $x$'; BEGIN ${'EXECUTE a; '.repeat(5_500)} END $$`,
  'replacing that explodes': `DO $$ BEGIN EXECUTE replace(replace('${'a'.repeat(16_000)}','a','${'b'.repeat(1e4)}'),'b','cc'); END $$`,
  'format that explodes': `DO $$ BEGIN EXECUTE format('${'%1$s'.repeat(4_000)}', '${'x'.repeat(16_000)}'); END $$`,
};

before(loadParser);

for (const [name, text] of Object.entries(HOSTILE)) {
  test(`bounded and survived: ${name}`, () => {
    const started = performance.now();
    const features = extractFeatures(text);
    assert.ok(performance.now() - started < 8_000, `${Math.round(performance.now() - started)} ms`);
    assert.ok((features.sqlText ?? '').length <= 65_536);
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
