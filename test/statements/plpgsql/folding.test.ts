import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { as } from '../../../src/statements/ast.ts';
import { loadParser, parseText } from '../../../src/statements/parser/parser.ts';
import { fold } from '../../../src/statements/plpgsql/folding.ts';

const variables = new Map([
  ['a', 'COPY'],
  ['r.b', 'field'],
  ['Mixed', 'case'],
]);

function folded(expression: string): string {
  const parsed = parseText(`SELECT ${expression}`);
  assert.ok(parsed.ok, expression);
  const query = as(parsed.statements[0]?.stmt, 'SelectStmt');
  return fold(as(query?.targetList?.[0], 'ResTarget')?.val, variables);
}

before(loadParser);

test('texts are put together as PostgreSQL does', () => {
  // Each right side is what PostgreSQL 15 gave for it.
  const known: Record<string, string> = {
    "'CO' || 'PY'": 'COPY',
    "'a' || 1 || true": 'a1true',
    'chr(67) || chr(60 + 19) || chr(80)': 'COP',
    'chr(72 # 1)': 'I',
    "concat('a', 'b', 'c')": 'abc',
    "concat_ws('-', 'a', 'b')": 'a-b',
    "format('%s %I %L %% %2$s', 'a', 'b', 'c''d')": "a b 'c''d' % b",
    "quote_literal('it''s')": "'it''s'",
    "lower('AB') || upper('cd')": 'abCD',
    "reverse('YPOC')": 'COPY',
    "replace('C@PY', '@', 'O')": 'COPY',
    "translate('C@PY!', '@!', 'O')": 'COPY',
    "repeat('ab', 3)": 'ababab',
    "left('COPYRIGHT', 4) || right('RAM', 2)": 'COPYAM',
    "substr('xxCOPY', 3) || substring('COPYxx', 1, 4)": 'COPYCOPY',
    "substring('xCOPYx' from 2 for 4)": 'COPY',
    "array_to_string(ARRAY['a', 'b', 'c'], ', ')": 'a, b, c',
    "convert_from(decode('Q09QWQ==', 'base64'), 'UTF8')": 'COPY',
    "convert_from(decode('434f5059', 'hex'), 'UTF8')": 'COPY',
    "coalesce('a', 'b') || (SELECT 'c')": 'ac',
    "CASE WHEN true THEN 'a' ELSE 'b' END": 'a',
    "E'\\x43OPY'::text": 'COPY',
  };
  for (const [expression, text] of Object.entries(known)) assert.equal(folded(expression), text, expression);
});

test('variables are put in by the very name, fields with their record', () => {
  assert.equal(folded('a || A || "A" || "Mixed" || mixed || r.b || b'), 'COPYCOPY_case_field_');
});

test('what depends on data, or on what is not followed, is one underscore', () => {
  for (const expression of [
    'x',
    'f(1)',
    '$1',
    "'a' = 'b'",
    '1 * 2',
    'chr(x)',
    '(SELECT a FROM t)',
    'chr(9999999)',
  ])
    assert.equal(folded(expression), '_', expression);
});

test('no expression makes a text that is longer than 16 KiB', () => {
  const long = `'${'a'.repeat(16_000)}'`;
  for (const expression of [
    `${long} || ${long}`,
    `replace(${long}, 'a', ${long})`,
    `format('${'%1$s'.repeat(1_000)}', ${long})`,
    `concat_ws(${long}, ${"'',".repeat(500)} '')`,
    `repeat(repeat('ab', 9999999), 9999999)`,
    `array_to_string(ARRAY[${"'',".repeat(500)} ''], ${long})`,
    `translate(${long}, 'a', 'b') || quote_literal(${long})`,
  ])
    assert.ok(folded(expression).length <= 16_384, expression.slice(0, 40));
});
