/** Exchanged literals: everything else of a text stays, and most of what comes out is SQL again. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadModule, parseSync, scanSync } from 'libpg-query';
import { Random } from '../fuzz/random.ts';
import { generatedCorpus } from './generator/generate.ts';
import { type MutationOptions, mutateLiterals } from './generator/mutate.ts';

const corpus = generatedCorpus()
  .filter((_, index) => index % 4 === 0)
  .map(({ sql }) => sql);

/** Tokens of literals and of comments in PostgreSQL 18's scanner. */
const EXCHANGED: readonly number[] = [260, 261, 262, 263, 264, 266, 275, 276];

before(loadModule);

function parses(sql: string): boolean {
  try {
    parseSync(sql);
    return true;
  } catch {
    return false;
  }
}

/** What is neither literal nor comment, with a mark for each literal. */
function frame(sql: string): string {
  const bytes = Buffer.from(sql);
  return scanSync(sql)
    .tokens.filter(({ tokenType }) => tokenType !== 275 && tokenType !== 276)
    .map(({ tokenType, start, end }) =>
      EXCHANGED.includes(tokenType) ? '?' : bytes.subarray(start, end).toString(),
    )
    .join(' ');
}

test('the same seed gives the same mutant', () => {
  for (const sql of corpus.slice(0, 200))
    assert.equal(mutateLiterals(sql, new Random(5)), mutateLiterals(sql, new Random(5)), sql);
});

test('nothing but literals, comments and blanks differs between a text and its mutant', () => {
  const random = new Random(1);
  for (const sql of corpus) {
    const mutant = mutateLiterals(sql, random);
    assert.equal(frame(mutant), frame(sql), mutant);
  }
});

test('a text with literals hardly ever comes back as it was', () => {
  const random = new Random(2);
  const withLiterals = corpus.filter((sql) => frame(sql).includes('?'));
  const same = withLiterals.filter((sql) => mutateLiterals(sql, random) === sql);
  assert.ok(withLiterals.length > 800, String(withLiterals.length));
  assert.ok(same.length < 0.1 * withLiterals.length, `${same.length} of ${withLiterals.length}`);
});

test('most mutants are SQL again, more of them where no literal changes its kind', () => {
  const share = (options: MutationOptions) => {
    const random = new Random(3);
    const sound = corpus.filter(parses);
    return sound.filter((sql) => parses(mutateLiterals(sql, random, options))).length / sound.length;
  };
  const [mixed, alike] = [share({}), share({ otherKind: 0 })];
  assert.ok(mixed > 0.75, `${mixed}`);
  assert.ok(alike > 0.85 && alike > mixed, `${alike}`);
});

test('mutants hold what detectors look for, and equal neighbours', () => {
  const random = new Random(4);
  const mutants = Array.from({ length: 2_000 }, () =>
    mutateLiterals("SELECT 1 WHERE a = 1 AND 'b' = 'c' /* x */ -- y", random),
  ).join('\n');
  const wanted = [
    /host=evil/,
    /bc1q/,
    /http:/,
    /0x1F/,
    /99999999999999999999/,
    /\$mutant\$/,
    /E'/,
    /''/,
    /X'/,
  ];
  for (const form of [...wanted, /a = 0/, /SELECT 0 WHERE a = 1/, /'(\w+)' = '\1'/, /\/\*!50000\*\//])
    assert.match(mutants, form);
});

test('what the scanner refuses, and what has no literal, comes back unchanged', () => {
  for (const sql of ["SELECT 'open", 'SELECT 1a', 'SELECT a FROM t', '', 'BEGIN'])
    assert.equal(mutateLiterals(sql, new Random(1)), sql);
});

test('a literal never grows together with its neighbours', () => {
  for (let seed = 0; seed < 300; seed += 1)
    for (const sql of [
      "SELECT date'2024-01-01'AS a, x.y=1AND 2>1",
      "SELECT N'a', U&'b!' UESCAPE '!', é-1, 2::int",
    ]) {
      const readable = sql.replace('1AND', '1 AND');
      assert.equal(frame(mutateLiterals(readable, new Random(seed))), frame(readable));
    }
});
