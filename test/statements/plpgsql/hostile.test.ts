/** Bodies that are meant to hurt. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { extractFeatures } from '../../../src/statements/features.ts';
import { loadParser } from '../../../src/statements/parser/parser.ts';
import { readCompiled, readPlpgsql } from '../../../src/statements/plpgsql/plpgsql.ts';

const SIZE = 65_000;
const nested = (n: number, open: string, inner: string, close: string) =>
  open.repeat(n) + inner + close.repeat(n);
/** A body of 64 KB: as many different units as fit. */
function filled(head: string, unit: (i: number) => string, tail: string): string {
  let text = head;
  for (let i = 0; text.length + tail.length + unit(i).length < SIZE; i += 1) text += unit(i);
  return text + tail;
}
const long = 'x'.repeat(16_000);

const HOSTILE: Record<string, string> = {
  '10,000 BEGIN': 'BEGIN '.repeat(10_000),
  '10,000 LOOP': `BEGIN ${'LOOP '.repeat(10_000)}`,
  'blocks at the limit': nested(499, 'BEGIN ', 'NULL; ', 'END; '),
  'loops in loops': `BEGIN ${nested(400, 'LOOP ', 'PERFORM f(1); ', 'END LOOP; ')} END`,
  'branches in branches': `DECLARE a text; BEGIN ${nested(490, "IF c THEN a := a || 'x'; ", 'EXECUTE a; ', 'END IF; ')} END`,
  'a chain of ELSIF': filled('BEGIN IF a THEN NULL; ', () => 'ELSIF 1=1 THEN NULL; ', 'END IF; END'),
  'one statement, many times': filled('BEGIN ', () => 'PERFORM 1;', ' END'),
  'different statements': filled('BEGIN ', (i) => `PERFORM f(${i});`, ' END'),
  'different texts to execute': filled('BEGIN ', (i) => `EXECUTE 'x${i}';`, ' END'),
  declarations: filled('DECLARE ', (i) => `a${i} int;`, 'BEGIN END'),
  cursors: filled('DECLARE ', (i) => `c${i} CURSOR FOR SELECT ${i};`, 'BEGIN END'),
  'fields of a record': filled('DECLARE r record; BEGIN ', (i) => `r.a${i}:=1;`, ' END'),
  labels: filled('BEGIN ', (i) => `<<l${i}>> DECLARE a int; BEGIN END;`, ' END'),
  'values that double': `DECLARE a text := 'abcdefgh'; BEGIN ${'a := a || a; '.repeat(1_000)} EXECUTE a; END`,
  'branches over a long value': filled(
    `DECLARE a text := '${long}'; BEGIN `,
    (i) => `IF b THEN a := '${i}' || a; END IF;`,
    ' EXECUTE a; END',
  ),
  'every combination of eight variables': `DECLARE ${[...'abcdefgh'].map((c) => `${c} text;`).join('')} BEGIN ${[
    ...'abcdefgh',
  ]
    .map((c) => Array.from({ length: 20 }, (_, i) => `IF x THEN ${c} := '${c}${i}'; END IF;`).join(''))
    .join('')} ${'EXECUTE a||b||c||d||e||f||g||h;'.repeat(200)} END`,
  'calls that multiply': `BEGIN EXECUTE ${'repeat('.repeat(150)}'x'${',9999999)'.repeat(150)}; END`,
  'an array joined by a long text': `BEGIN EXECUTE array_to_string(ARRAY[${"'',".repeat(3_000)}''],'${long}'); END`,
  'empty comments': filled('BEGIN PERFORM 1', () => '/**/', '; END'),
  signs: filled('BEGIN PERFORM 1', () => '+-', '1; END'),
  brackets: `BEGIN PERFORM ${nested(9_000, '(', '1', ')')}; END`,
  quotes: filled("BEGIN EXECUTE '", () => "''", "'; END"),
  'a quote that does not end': filled('BEGIN ', () => 'PERFORM 1; ', "PERFORM 'abc"),
  'nothing but semicolons': ';'.repeat(SIZE),
};

before(loadParser);

for (const [name, body] of Object.entries(HOSTILE))
  test(`bounded and survived: ${name}`, () => {
    const started = performance.now();
    const found = readPlpgsql(body);
    const took = performance.now() - started;
    // Each takes less than 0.15 s alone; the bound leaves room for a busy machine.
    assert.ok(took < 3_000, `${Math.round(took)} ms`);
    assert.ok(found.statements.reduce((sum, sql) => sum + sql.length, 0) < 16_000_000);
    assert.deepEqual(readCompiled("BEGIN EXECUTE 'a' || 'b'; END")?.statements, ['ab']);
  });

test('blocks are compiled up to the limit and read by tokens beyond it', () => {
  const body = (n: number) => nested(n, 'BEGIN ', "EXECUTE 'a' || 'b'; ", 'END; ');
  assert.deepEqual(readCompiled(body(500))?.statements, ['ab']);
  assert.equal(readCompiled(body(501)), null);
  assert.deepEqual(readPlpgsql(body(501)).statements, ['ab']);
});

test('a body that was not read to its end says so', () => {
  const features = extractFeatures(`DO $$${HOSTILE['different statements']}$$`);
  assert.ok(features.flags.includes('parser_failed'));
  assert.equal(features.parseOk, true);
});

test('many bodies, good and bad, leave the parser in order', () => {
  const bad = ['BEGIN a := 1; END', 'BEGIN SELEC 1; END', "BEGIN PERFORM 'abc", 'BEGIN '.repeat(400)];
  for (let i = 0; i < 1_000; i += 1) {
    assert.equal(readCompiled(bad[i % bad.length]!), null);
    assert.deepEqual(readCompiled(`DECLARE a text := '${i}'; BEGIN EXECUTE a; END`)?.statements, [String(i)]);
  }
});
