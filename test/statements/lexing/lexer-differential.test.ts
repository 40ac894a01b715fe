/**
 * Our lexer against PostgreSQL's own scanner: on every text that the scanner reads, both find the same literals, names,
 * parameters and comments at the same places, and on every text that ends in the middle of one, both say so.
 *
 * By design the lexer joins nothing and names nothing: two strings with a line end between them are one to PostgreSQL and
 * two to it, N'…' is two tokens to PostgreSQL and one to it, and signs in a row may be parted elsewhere.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { loadModule } from 'libpg-query';
import { tokenize } from '../../../src/statements/lexing/lexer.ts';
import { Random } from '../../fuzz/random.ts';
import { statementSources } from '../differential-sources.ts';
import { generatedCorpus } from '../generator/generate.ts';
import { mutateLiterals } from '../generator/mutate.ts';
import { lexedSpans, type Span, scan, scannedSpans } from '../generator/token-spans.ts';

const generated = generatedCorpus().map(({ sql }) => sql);
const corpora = [...[...statementSources().values()].flat(), ...generated];

before(loadModule);

/** First token on which the two differ; null where they agree, undefined where the scanner refuses the text. */
function differenceIn(text: string): string | null | undefined {
  const tokens = scan(text);
  if (typeof tokens === 'string') return undefined;
  const [theirs, ours] = [scannedSpans(text, tokens), lexedSpans(text)];
  const show = (span: Span | undefined) =>
    span === undefined ? 'nothing' : `${span.type} at ${span.start}: ${text.slice(span.start, span.end)}`;
  for (let i = 0; i < Math.max(theirs.length, ours.length); i += 1)
    if (show(theirs[i]) !== show(ours[i])) return `PostgreSQL ${show(theirs[i])}; lexer ${show(ours[i])}`;
  return null;
}

function assertSame(texts: Iterable<string>): number {
  let compared = 0;
  for (const text of texts) {
    const difference = differenceIn(text);
    assert.equal(difference ?? null, null, JSON.stringify(text));
    if (difference === null) compared += 1;
  }
  return compared;
}

test('both find the same tokens in every statement of the corpora', () => {
  assert.ok(assertSame(corpora) > 5_000);
});

test('both find the same tokens when the literals and comments are others', () => {
  const random = new Random(11);
  assert.ok(assertSame(generated.map((sql) => mutateLiterals(sql, random))) > 4_000);
});

test('both find the same tokens when blanks are gone or doubled, lines end otherwise, statements follow another', () => {
  const changes: ((sql: string) => string)[] = [
    (sql) => sql.replaceAll(/ (?=[^\w\s'"$&])/g, ''),
    (sql) => sql.replaceAll(' ', '\t \t'),
    (sql) => sql.replaceAll('\n', '\r'),
    (sql) => `${sql}\n;${sql}`,
    (sql) => sql.toUpperCase(),
  ];
  for (const [index, change] of changes.entries())
    assert.ok(assertSame(generated.filter((_, n) => n % 5 === index).map(change)) > 500, String(change));
});

test('a text that was cut off ends in an open token for both, or for none', () => {
  const random = new Random(12);
  let [open, whole] = [0, 0];
  for (const sql of corpora) {
    const text = sql.slice(0, random.below(sql.length + 1)).toWellFormed();
    const tokens = scan(text);
    const unterminated = typeof tokens === 'string' && tokens.includes('"unterminat"');
    // Other complaints: about what stands in a literal, or what touches a number.
    if (typeof tokens === 'string' && !unterminated) continue;
    const unclosed = tokenize(text).some(({ closed }) => !closed);
    assert.equal(unclosed, unterminated, JSON.stringify(text));
    if (unterminated) open += 1;
    else whole += 1;
  }
  assert.ok(open > 300 && whole > 2_000, `${open} open, ${whole} whole`);
});

test('both find the same tokens in any mixture of hard pieces', () => {
  const pieces = [
    ...[
      "'",
      "''",
      '"',
      '""',
      '\\',
      "\\'",
      "E'",
      "e'",
      "U&'",
      'u&"',
      "B'",
      "x'",
      "N'",
      "'a'",
      '"b"',
      "E'\\''",
    ],
    ...[
      '$',
      '$$',
      '$a$',
      '$é$',
      '$1',
      '$1$',
      'a$',
      '--',
      '/*',
      '*/',
      '/**/',
      '-',
      '+',
      '*',
      '/',
      '<',
      '=',
      '@',
    ],
    ...[
      '.',
      '..',
      ':',
      '::',
      ':=',
      ',',
      ';',
      '(',
      ')',
      '[',
      ']',
      '{',
      '1',
      '.5',
      '1.',
      '1e',
      '1e5',
      '0x1f',
      '1_0',
    ],
    ...[
      ' ',
      '\n',
      '\r',
      '\t',
      '\f',
      '\v',
      '\u00a0',
      '\u2028',
      '\ufeff',
      'é',
      '漢',
      '😀',
      'a',
      'E',
      'n',
      'U',
      '&',
      '?',
    ],
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      assert.equal(differenceIn(text) ?? null, null, JSON.stringify(text));
    }),
    { numRuns: 20_000 },
  );
});

test('a string goes on behind a line end as it began: backslashes, and only line comments between', () => {
  for (const text of [
    "SELECT E'a'\n'b\\'c'",
    "SELECT e'' \n '\\' , secret FROM t WHERE x = '",
    "SELECT E'a' /* c */\n'\\', hidden",
    "SELECT 'a'\n'\\', hidden, E'",
    "SELECT B'1'\n'0''1'",
  ])
    assert.equal(differenceIn(text) ?? null, null, text);
});

test('the comparison sees a token more, one less and one that ends elsewhere', () => {
  const tokens = scan("SELECT 'a', N'b' -- c");
  assert.ok(typeof tokens !== 'string');
  const spans = scannedSpans("SELECT 'a', N'b' -- c", tokens);
  assert.deepEqual(
    spans.map(({ type, start, end }) => [type, start, end]),
    [
      ['word', 0, 6],
      ['string', 7, 10],
      ['signs', 10, 11],
      ['string', 12, 16],
      ['comment', 17, 21],
    ],
  );
  assert.deepEqual(lexedSpans("SELECT 'a', N'b' -- c"), spans);
  assert.notDeepEqual(lexedSpans("SELECT 'a', N 'b' -- c"), spans);
});
