/** A shape that is expected of a text is the one that the scanner would find there. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { loadModule } from 'libpg-query';
import { beginningOf } from '../../../src/statements/shapes/expected-shapes.ts';
import { OpenTokens } from '../../../src/statements/shapes/open-tokens.ts';
import { Shape } from '../../../src/statements/shapes/shape.ts';
import { Random } from '../../fuzz/random.ts';
import { statementSources } from '../differential-sources.ts';
import { generatedCorpus } from '../generator/generate.ts';
import { mutateLiterals } from '../generator/mutate.ts';

before(loadModule);

function read(text: string): OpenTokens {
  const open = new OpenTokens();
  open.read(text);
  return open;
}

function tokensOf({ count, starts, ends, kinds }: OpenTokens): number[][] {
  return Array.from({ length: count }, (_, i) => [starts[i]!, ends[i]!, kinds[i]!]);
}

/** Asks of `text` whether it has the shape of `known`, both ways; tells how the answer was. */
function compare(known: string, text: string): 'expected' | 'fits' | 'other' {
  const [a, b] = [
    { text: known, isCut: false },
    { text, isCut: false },
  ];
  const shape = new Shape(a, read(known));
  const scanned = read(text);
  const fits = shape.fits(b, scanned);
  const open = new OpenTokens();
  const told = `${JSON.stringify(known)} and ${JSON.stringify(text)}`;
  if (!shape.isExpectable || !shape.expect(b, open)) return fits ? 'fits' : 'other';
  assert.ok(fits, told);
  assert.deepEqual(tokensOf(open), tokensOf(scanned), told);
  return 'expected';
}

test('no text is taken for one of a shape that the scanner does not see in it: real statements', () => {
  const random = new Random(20_261_127);
  const count = { expected: 0, fits: 0, other: 0 };
  const statements = [...[...statementSources().values()].flat(), ...generatedCorpus().map(({ sql }) => sql)];
  for (const statement of statements.filter(({ length }) => length < 4_000))
    for (const otherKind of [0, 2])
      count[compare(statement, mutateLiterals(statement, random, { otherKind }))] += 1;
  assert.ok(count.expected > 5 * count.fits, JSON.stringify(count));
});

const pieces = [
  ...["'", "''", '"', '/*', '*/', '--', '\n', ' ', '\\', '$$', '$a$', '$1', ';', ',', '(', '::', '\u0001'],
  ...[
    '0',
    '1',
    '22',
    '5.',
    '.5',
    '.',
    '..',
    'e',
    'E',
    'e5',
    'x',
    'U&',
    'N',
    'B',
    'ab',
    'é',
    '_',
    '-',
    '+',
    '*',
    '/',
  ],
  ...[
    "'x'",
    "'y'",
    "E'a'",
    '1.5',
    '1e5',
    '0x1',
    '2147483648',
    "'host=a'",
    '/* a */',
    '/* b */',
    '/**/',
    'select ',
  ],
];

test('no text is taken for one of a shape that the scanner does not see in it: whatever stands side by side', () => {
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 8 });
  const change = fc.tuple(fc.nat(8), fc.constantFrom(...pieces));
  const count = { expected: 0, fits: 0, other: 0 };
  fc.assert(
    fc.property(text, fc.array(change, { maxLength: 3 }), (known, changes) => {
      const other = [...known];
      for (const [at, piece] of changes) if (at < other.length) other[at] = piece;
      count[compare(known.join(''), other.join(''))] += 1;
    }),
    { numRuns: 30_000 },
  );
  assert.ok(count.expected > 5_000 && count.other > 5_000, JSON.stringify(count));
});

test('what is not read alike in every text of a shape is never expected', () => {
  for (const [known, text] of [
    ['select a.5', 'select a5.5'],
    ["select E'a'\n'b'", "select E'a'\n'\\'"],
    ["select 'a'", "select 'host=evil.example'"],
    ['select 1', 'select 1.0'],
    ['select /* a */ 1', 'select /* /* a */ 1'],
    ["select 'a', b", "select 'a"],
  ] as const)
    assert.equal(compare(known, text), 'other', text);
});

test('statements of programs are expected', () => {
  for (const [known, text] of [
    ["INSERT INTO t VALUES (1, 'a', 1.5)", "INSERT INTO t VALUES (22, '', 2e9)"],
    ["/* 1 */ SELECT a1 FROM t2 WHERE b = 'x''y'", "/* 22 */ SELECT a1 FROM t2 WHERE b = 'zé'"],
    ['SELECT a FROM t WHERE b=-.5', 'SELECT a FROM t WHERE b=-7.5'],
  ] as const) {
    assert.equal(compare(known, text), 'expected', text);
    assert.equal(beginningOf(text), beginningOf(known));
  }
});
