/** What format() puts into a statement is a secret where the statement names one, in whatever quotes it stands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { redact } from '../../../src/decode/redaction/redact.ts';
import { cleanText, isClean } from '../../../src/decode/redaction/text.ts';

/** The text of the call. */
const TEXTS = [
  "'alter role x password %L'",
  "E'alter role x\\n password %L'",
  "E'alter role x password \\'%s\\''",
  "'alter role x password ''%s'''",
  "U&'alter role x password %L'",
  '$$alter role x password %L$$',
  "$$alter role x password '%s'$$",
  "$f$alter role %I password %L valid until '2030' $f$",
  '$$alter role x password %2$L$$',
  '$$alter role x password %-10L$$',
  "'alter role x password %*1$L'",
];
/** Its argument, `#` for the secret. */
const ARGUMENTS = [
  "'#'",
  "E'#'",
  "U&'#'",
  '$$#$$',
  '$a$#$a$',
  "quote_literal('#')",
  "v, '#'",
  "/* it's */ '#'",
];
const CALLS = ['format', 'FORMAT', 'pg_catalog.format ', '"format"'];
const AROUND: [before: string, after: string][] = [
  ['select ', " || 'kept' || $$kept$$ from t where a = 'kept'"],
  ['do $body$ begin execute ', "; raise notice 'kept'; end $body$"],
  ['do $body$ begin perform ', ' end $body$'],
];

const marked = (text: string) => text.replaceAll('#', '<REDACTED>');

test('the arguments of format() go, and nothing else does', () => {
  for (const [before, after] of AROUND)
    for (const call of CALLS)
      for (const format of TEXTS)
        for (const argument of ARGUMENTS) {
          const text = `${before}${call}(${format}, ${argument})${after}`;
          const secret = text.replaceAll('#', 'S3cr3t');
          assert.equal(redact(secret), marked(text));
          assert.ok(!isClean(secret), secret);
          assert.equal(cleanText(marked(text)), marked(text));
        }
});

test('in a literal around the call, whose quotes are written twice, they go as well', () => {
  for (const format of ["''alter role x password %L''", '$$alter role x password %L$$'])
    for (const argument of ["''#''", "v, ''#''", '$$#$$']) {
      const text = `do 'begin execute format(${format}, ${argument}); end'`;
      assert.equal(redact(text.replaceAll('#', 'S3cr3t')), marked(text));
    }
});

test('a secret with any characters goes whole', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (middle) => {
      const secret = `Zq${middle}qZ`;
      const literals = [`'${secret.replaceAll("'", "''")}'`, `$tag$${secret}$tag$`];
      for (const literal of literals)
        for (const format of ["'alter role x password %L'", '$$alter role x password %L$$'])
          assert.equal(
            redact(`select format(${format}, ${literal}), x from t`),
            `select format(${format}, ${literal.replace(/^('|\$tag\$)[\s\S]*\1$/, '$1<REDACTED>$1')}), x from t`,
          );
    }),
  );
});

test('a call that is only words in the text of another one hides no argument, nor does the one around it', () => {
  for (const text of [
    "select format($$select 'format('; alter role x password %L$$, '#')",
    "select format($$select format('alter role x password %L', '#')$$, x)",
  ])
    assert.equal(redact(text.replaceAll('#', 'S3cr3t')), marked(text));
});

test('a call that has ended before the name has nothing to do with it', () => {
  for (const text of [
    "select format('%L', 'a'), format('b', 'c') where password = $1 and d = 'e'",
    'select format($$a %L$$, $$b$$), "password %L", c from t where d = $$e$$',
  ])
    assert.equal(redact(text), text);
});

test('a megabyte of beginnings of calls is redacted in a moment', () => {
  const units = [
    "format('password %L",
    'format($$password %L',
    "format($a$password %L', '",
    "format('password %L', '",
    'format(password %L',
    "format('password %L', $$",
    "format('password %L',/*",
    "format('password %L',--",
    'format($b$ format($c$ format($d$ password %L',
    `${'format($a$'.repeat(100)}password %L `,
  ];
  for (const unit of units) {
    const input = unit.repeat(Math.ceil(1_000_000 / unit.length));
    const start = performance.now();
    redact(input);
    assert.ok(performance.now() - start < 8_000, `${unit}: ${performance.now() - start} ms`);
  }
});
