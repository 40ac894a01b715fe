/** A name inside a literal blanks nothing of the SQL around it, so that what an attacker runs stays readable. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { redact } from '../../../src/decode/redaction/redact.ts';
import { confine, readZones } from '../../../src/decode/redaction/zones.ts';

const NAMES = ['passwd', 'password', 'pwd', 'token', 'secret', 'passphrase', 'api_key', 'account_add'];

/** Statements without a secret; `#` stands for a name of one. */
const KEPT = [
  "SELECT pg_read_file('/etc/#')",
  "SELECT pg_read_file('/etc/#') || x, pg_read_file(a)",
  "SELECT '#', * FROM customers",
  "SELECT # %s || 'a', pg_read_file(x) || 'b' FROM t",
  "SELECT '#'or 1=1, 'a'and-1<'b'",
  "SELECT pg_read_file('/etc/#'::text) || x",
  "SELECT pg_read_file('/etc/' || '#') || x",
  "SELECT pg_read_file(E'\\'/etc/#') AS a, 'b'",
  "SELECT pg_read_file('/etc/#') -- it's\n, 'b'",
  "SELECT 'it''s', /* don't /* nest */ ' */ pg_read_file('/etc/#') || x",
  "SELECT \"it's\", pg_read_file('/etc/#') AS b",
  "SELECT pg_ls_dir('/home/x/#')",
  "SELECT pg_read_file($$/etc/# $$) || 'x'",
  "DO $$ BEGIN PERFORM pg_read_file('/etc/#'); END $$",
  "DO $a$ BEGIN PERFORM pg_read_file('/etc/#') ; END $a$; SELECT 'b'",
  "COPY t FROM '/etc/#'",
  "COPY t FROM'/etc/#'WITH (FORMAT csv, QUOTE 'x')",
  "COPY t FROM '/etc/#'csv",
  "COPY t FROM PROGRAM 'cat /etc/#' WITH (FORMAT csv)",
  "SELECT '#'",
  "SELECT '#' AS a, 'b' AS b",
  "SELECT 'x' WHERE '# 'or'x'='x'",
  "SELECT * FROM t WHERE note = 'reset #' AND b = 'x'",
  "SELECT 'your # is ', 'x'",
  "SELECT 'your # = ', pg_read_file('/a')",
  "SELECT ' #=''', pg_read_file('/a')",
  "SELECT ' # = \"', pg_read_file('/a')",
  "SELECT ' # $$', pg_read_file('/a')",
  "SELECT ' # to ', pg_read_file('/a')",
  "SELECT '(#)=(', pg_read_file('/a')",
  "SELECT 'Key (#)=(', pg_read_file('/a')",
  "SELECT '(#) values (', pg_read_file('/a')",
];

test('no name in a literal reaches over its end', () => {
  for (const name of NAMES)
    for (const kept of KEPT) {
      const text = kept.replace('#', name);
      assert.equal(redact(text), text);
    }
  for (const text of [
    "SELECT 'crypt(', pg_read_file('/a')",
    "COPY t FROM PROGRAM 'sshpass -p'with(format csv)",
    "COPY t FROM PROGRAM 'curl http://h # -u' WITH (FORMAT csv); SELECT a::int, 'b'",
  ])
    assert.equal(redact(text), text);
});

/** Text with the secret `S3cr3t` in it → what must be left. `#` stands for the marker. */
const BLANKED: [string, string][] = [
  ["select dblink('host=h password=' || 'S3cr3t')", "select dblink('host=h password=' || '#')"],
  ["select 'host=h password=' || E'a\\'S3cr3t'", "select 'host=h password=' || E'#'"],
  [
    "select set_config('app.password', $a$S3cr3t$a$, false)",
    "select set_config('app.password', $a$#$a$, false)",
  ],
  ["select 'host=h password='\n'S3cr3t'", "select 'host=h password='\n'#'"],
  ["OPTIONS (user 'x', password 'S3cr3t')", "OPTIONS (user 'x', password '#')"],
  ["create user x password 'abc'\n'S3cr3t'", "create user x password '#'\n'#'"],
  ["create user x password E'a'\n'\\'S3cr3t' login", "create user x password E'#'\n'#' login"],
  [
    "do $$ begin execute 'x'; alter role x password 'S3cr3t'; end $$",
    "do $$ begin execute 'x'; alter role x password '#'; end $$",
  ],
  // Sentences.
  ["the user's password 'S3cr3t' is old", "the user's password '#' is old"],
  ["the user's password '$3cr3t' isn't new", "the user's password '#' isn't new"],
  ['{\'password\': "S3cr3t"}', '{\'password\': "#"}'],
];

test('a secret in the same literal, in the next one, or behind a forgotten quote goes', () => {
  for (const [text, expected] of BLANKED) {
    const once = redact(text);
    assert.equal(once, expected.replaceAll('#', '<REDACTED>'));
    assert.equal(redact(once), once);
  }
});

/** Errors, which are logged with their statement: what is inside a literal and what is not cannot be told. */
const BROKEN = [
  "execute 'alter role x password 'S3cr3t''",
  "dblink('host=h password='S3cr3t'')",
  "execute 'select crypt('S3cr3t', x)'",
  "execute 'alter role x password ' S3cr3t'",
  "execute 'insert into u (name, password) values ('a', 'S3cr3t'), (f('b', 1), 'S3''cr3t')'",
  "select account_options('select account_add('account', 'S3cr3t')')",
  "execute 'alter role x password U&'\\0053S3cr3t' login'",
  "E'host=h password='a S3cr3t\\' user=x'",
  "select 'a; update u set (a, password) = ('b', 'S3cr3t')",
  "do $$ begin execute 'alter role x password 'S3cr3t''; end $$",
];

test('where quotes are missing, a secret goes rather than SQL stays', () => {
  for (const text of BROKEN) assert.doesNotMatch(redact(text), /cr3t/);
});

const content = [
  ...NAMES,
  ...['crypt(', '=', ' = ', ' ', ':', ',', '(', ')', "''", '"', '$$', '%L', '||', '\\', 'to ', 'in (', ';'],
  ...['-- ', '/*', 'host=', 'Key (token)=(', 'a', 'sshpass -p', 'curl -u', 'authorization'],
];
const literal = fc.array(fc.constantFrom(...content), { maxLength: 6 }).map((parts) => `'${parts.join('')}'`);
const between = fc.constantFrom(
  ...[', ', ') , f(', ' || ', ' = ', '=', ' AND b = ', ';', '::text, ', ' from f('],
);

/** What stands between the literals. */
function skeleton(text: string): string {
  return text.replace(/'(?:[^']|'')*'/g, "''");
}

test('whatever the literals of a statement hold, what stands between them is kept', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(literal, between), { minLength: 1, maxLength: 5 }), (parts) => {
      const text = `select f(${parts.flat().join('')}x)`;
      assert.equal(skeleton(redact(text)), skeleton(text));
    }),
    { numRuns: 10_000 },
  );
});

test('literals end where PostgreSQL ends them', () => {
  const contents = (text: string) => readZones(text).map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(contents("a 'b''c' E'd\\'e' 'f\\'"), ["b''c", "d\\'e", 'f\\']);
  assert.deepEqual(contents("E'a'\n -- b'\n 'c\\'d' 'e'"), ['a', "c\\'d", 'e']);
  assert.deepEqual(contents("a$$'b' $c$d 'e' $$ $c$ 'f"), ['b', "d 'e' $$ ", 'e', 'f']);
  assert.deepEqual(contents("/* ' /* ' */ ' */ 'a' -- '\n'b' \"'\" 'c'"), ['a', 'b', "'", 'c']);
  const text = "'ab' 'c' d";
  assert.deepEqual(confine(text, readZones(text), 1, [{ start: 2, end: 9 }]), [{ start: 2, end: 3 }]);
  assert.deepEqual(confine(text, readZones(text), 1, [{ start: 4, end: 5 }]), []);
});

test('a megabyte of beginnings of literals is read in a moment', () => {
  const units = ["'", "password'", "E'\\", "$$'", '$$--', '$$/*', '$$"', '/*', "'a'\n", "'a'--\n"];
  const pieces = [...units, "it's password '", "'(token)=('", "'password 'x", "''''password"];
  const tags = Array.from({ length: 100_000 }, (_, i) => `$t${i}$`).join(' ');
  const texts = pieces.map((unit) => `password 'x'; ${unit.repeat(Math.ceil(1_000_000 / unit.length))}`);
  for (const input of [...texts, `do $$ password 'x'; ${tags} $$`]) {
    const start = performance.now();
    redact(input);
    assert.ok(performance.now() - start < 8_000, `${input.slice(0, 30)}: ${performance.now() - start} ms`);
  }
});
