import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { loadModule, scanSync } from 'libpg-query';
import { tokenize } from '../../../src/statements/lexing/lexer.ts';

const corpus: string[] = JSON.parse(
  readFileSync(new URL('../../../fixtures/golden/statements.json', import.meta.url), 'utf8'),
).map(({ sql }: { sql: string }) => sql);

/** Pieces in which a lexer goes wrong first. */
const PIECES = [
  "'a'",
  "'it''s'",
  "E'\\'x'",
  "e'\\\\'",
  "U&'d\\0061'",
  "B'01'",
  "X'ff'",
  "N'a'",
  '"q"',
  '"a""b"',
  'U&"x"',
  '$$a$$',
  "$t$ ' $t$",
  '$1',
  'a$b',
  'é',
  '1',
  '1.5',
  '.5',
  '1e10',
  '0x1F',
  '1_000',
  '--c\n',
  '/*a*/',
  '/*a/*b*/c*/',
  '+',
  '-',
  '||',
  '<=',
  '::',
  ':=',
  '=>',
  '..',
  '@-',
  '(',
  ')',
  '[',
  ']',
  ',',
  ';',
  '.',
  'select',
  'E',
  'x',
  'U',
  '&',
  '\n',
  '\t',
];

before(loadModule);

/** Strings and comments as PostgreSQL's own scanner finds them. It has no name for bit strings and U&''. */
function scanned(text: string): string[] {
  const bytes = Buffer.from(text);
  const isWanted = (name: string, token: string) =>
    /^(?:SCONST|C_COMMENT|SQL_COMMENT)$/.test(name) || /^(?:[bx]|u&)'/i.test(token);
  return scanSync(text)
    .tokens.map(({ start, end, tokenName }) => ({ tokenName, token: bytes.subarray(start, end).toString() }))
    .filter(({ tokenName, token }) => isWanted(tokenName, token))
    .map(({ token }) => token);
}

function lexed(text: string): string[] {
  return tokenize(text)
    .filter(({ type }) => type === 'string' || type === 'comment')
    .map(({ start, end }) => text.slice(start, end));
}

test('strings and comments are where PostgreSQL finds them: reviewed statements', () => {
  let compared = 0;
  for (const sql of corpus) {
    try {
      scanSync(sql);
    } catch {
      continue;
    }
    assert.deepEqual(lexed(sql), scanned(sql), sql);
    compared += 1;
  }
  assert.ok(compared > 200);
});

test('strings and comments are where PostgreSQL finds them: any mixture of hard pieces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 }),
      fc.constantFrom('', ' '),
      (pieces, space) => {
        const text = pieces.join(space);
        let expected: string[];
        try {
          expected = scanned(text);
        } catch {
          return;
        }
        // 'a' on one line and 'b' on the next are one string to PostgreSQL.
        fc.pre(!/['"]\s*\n\s*'/.test(text) && !/N'/i.test(text));
        assert.deepEqual(lexed(text), expected, JSON.stringify(text));
      },
    ),
    { numRuns: 3_000 },
  );
});

test('a string goes on behind a line comment too, which only the real server reads so', () => {
  const text = "SELECT E'a' -- c'\n '\\'', '/*' || hidden || '*/' -- '";
  const names = tokenize(text).filter(({ type }) => type === 'word');
  assert.deepEqual(
    names.map(({ start, end }) => text.slice(start, end)),
    ['SELECT', 'hidden'],
  );
});
