import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { namesSecret, redact, redactBytes } from '../../../src/decode/redaction/redact.ts';

/** Text with the secret `S3cr3t` in it → what must be left. `#` stands for the marker. */
const CASES: [string, string][] = [
  ["ALTER ROLE x PASSWORD 'S3cr3t' SUPERUSER", "ALTER ROLE x PASSWORD '#' SUPERUSER"],
  [
    "create user a with encrypted password E'S3cr\\'3t' login",
    "create user a with encrypted password E'#' login",
  ],
  ["alter role x password U&'\\0053S3cr3t' login", "alter role x password U&'#' login"],
  ["alter role x password $p$S3cr3t'y$p$ valid until 'z'", "alter role x password $p$#$p$ valid until 'z'"],
  ["alter role x password 'S3''cr3t' login", "alter role x password '#' login"],
  ["alter role x password 'a'\n  'S3cr3t' login", "alter role x password '#'\n  '#' login"],
  ["alter role x password /* c */ -- d\n 'S3cr3t'", "alter role x password /* c */ -- d\n '#'"],
  ["alter role x password'S3cr3t'", "alter role x password'#'"],
  ["alter role x password 'S3cr3t cut on its way", "alter role x password '#"],
  [
    "do $$ begin execute 'alter role a password ''S3cr3t'''; end $$",
    "do $$ begin execute 'alter role a password ''#'''; end $$",
  ],
  ["execute 'alter role a password ''S3''''cr3t'' login'", "execute 'alter role a password ''#'' login'"],
  [
    "execute 'x ''alter role x password ''''S3cr3t'''' '' '",
    "execute 'x ''alter role x password ''''#'''' '' '",
  ],
  [
    "execute 'alter role x password ' || quote_literal('S3cr3t')",
    "execute 'alter role x password ' || quote_literal('#')",
  ],
  ["'alter role x password ''' || 'S3cr3t' || ''''", "'alter role x password ''' || '#' || ''''"],
  [
    "execute format('alter role %I password %L', v, 'S3cr3t')",
    "execute format('alter role %I password %L', v, '#')",
  ],
  [
    "alter user mapping for x server s options (set password 'S3cr3t', add user 'z')",
    "alter user mapping for x server s options (set password '#', add user 'z')",
  ],
  [
    "create subscription s connection 'host=h password=S3cr3t' publication p",
    "create subscription s connection 'host=h password=#' publication p",
  ],
  [
    "select dblink_connect('host=h user=u password=S3&cr;3t dbname=d')",
    "select dblink_connect('host=h user=u password=# dbname=d')",
  ],
  ["select dblink_connect('host=h password = S3cr3t')", "select dblink_connect('host=h password = #')"],
  [
    "select dblink('host=h password=''S3 cr3t'' user=x','select 1')",
    "select dblink('host=h password=''#'' user=x','select 1')",
  ],
  ['postgres://bob:S3cr3t@h:5432/db?sslmode=require', 'postgres://bob:#@h:5432/db?sslmode=require'],
  [
    'postgresql://h/db?user=bob&password=S3cr3t&sslmode=require',
    'postgresql://h/db?user=bob&password=#&sslmode=require',
  ],
  ["select set_config('app.password', 'S3cr3t', false)", "select set_config('app.password', '#', false)"],
  ['SET app.db_password = S3cr3t', 'SET app.db_password = #'],
  ["set session app.password to 'S3cr3t'", "set session app.password to '#'"],
  ["select azure_storage.account_add('acct', 'S3cr3t==')", "select azure_storage.account_add('acct', '#')"],
  ['AccountName=a;AccountKey=S3cr3t+/==;EndpointSuffix=x', 'AccountName=a;AccountKey=#;EndpointSuffix=x'],
  [
    'Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=S3cr3t=;EntityPath=e',
    'Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=#;EntityPath=e',
  ],
  ['https://a.blob/x?sv=1&sig=S3cr3tS3cr3tS3cr3tS3cr3t%3D&se=1', 'https://a.blob/x?sv=1&sig=#&se=1'],
  ['Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.S3cr3t-_ x', 'Bearer # x'],
  [
    "update users set password = crypt('S3cr3t', gen_salt('bf'))",
    "update users set password = crypt('#', gen_salt('bf'))",
  ],
  ["select * from u where password = 'S3cr3t'' or 1=1'", "select * from u where password = '#'"],
  ['{"user":"a","password":"S3\\"cr3t","b":1}', '{"user":"a","password":"#","b":1}'],
  ['"{""password"": ""S3cr3t"", ""b"":1}"', '"{""password"": ""#"", ""b"":1}"'],
  ['Server=x;Password=S3;cr,3t;Database=e', 'Server=x;Password=#;Database=e'],
  ['PGPASSWORD=S3cr3t psql', 'PGPASSWORD=# psql'],
  ['rolpassword SCRAM-SHA-256$4096:S3cr3t==$S3cr3t=:S3cr3t=', 'rolpassword SCRAM-SHA-256$#'],
];

/** Nothing secret in these, whatever they look like. */
const UNTOUCHED = [
  'ALTER USER app PASSWORD <REDACTED>',
  "select * from u where name='' and password='' or '1'='1'",
  'select * from a join b on a.password=b.password',
  'update u set password=excluded.password, password=null, password=$1',
  'parameter "password_encryption" changed to "md5"',
  'password authentication failed for user "x"',
  'User "x" has no password assigned.',
  'alter role x password null',
  'alter table t rename password to pass2',
  "select 1 as password, 'x'",
  "insert into u (password, name) select p, 'x' from t",
  'http://h:80/p/x@y',
  "SET pgaudit.log TO 'none'",
  'select sig=5, eyJ from t where key = 1',
];

test('secrets go, whatever their quoting, and the rest of the text stays parseable', () => {
  for (const [text, expected] of CASES) assert.equal(redact(text), expected.replaceAll('#', '<REDACTED>'));
});

test('text without secrets is never altered', () => {
  for (const text of UNTOUCHED) assert.equal(redact(text), text);
  const harmless = fc
    .string({ unit: 'binary' })
    .filter((text) => !/pass|pwd|key|token|secret|sig=|eyj|:\/\/|account_add|scram/i.test(text));
  fc.assert(fc.property(harmless, (text) => redact(text) === text));
});

const fragment = fc.constantFrom(
  'password',
  'PASSWORD ',
  'pwd',
  "'",
  "''",
  "'''",
  '"',
  '""',
  '\\"',
  '\\',
  '=',
  ' = ',
  ':',
  ',',
  ' ',
  '\n',
  ';',
  '&',
  '(',
  ')',
  '$$',
  '$a$',
  '$1',
  '%L',
  '||',
  'E',
  'U&',
  'x',
  'secret_key',
  'account_add',
  '://',
  '@',
  'u:p@',
  'sig=',
  'aaaaaaaaaaaaaaaaaaaa',
  'eyJaaaaaaaaaa.',
  '<REDACTED>',
  'host=',
  'to ',
  '/*',
  '*/',
  '--',
  'SCRAM-SHA-256$1:',
  'crypt(',
  '::text',
  'set a.',
);
const text = fc.array(fragment, { maxLength: 14 }).map((parts) => parts.join(''));

test('redacting twice changes nothing more', () => {
  fc.assert(
    fc.property(text, (input) => {
      const once = redact(input);
      assert.equal(redact(once), once);
    }),
    { numRuns: 5_000 },
  );
});

test('any password of a role statement goes, in every quoting that PostgreSQL knows', () => {
  const password = fc.string({ unit: 'grapheme-ascii', minLength: 1 }).map((middle) => `Zq${middle}qZ`);
  fc.assert(
    fc.property(password, fc.string({ maxLength: 30 }), (secret, tail) => {
      const quoted = secret.replaceAll("'", "''");
      const nested = `'${quoted}'`.replaceAll("'", "''");
      const escaped = secret.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
      for (const literal of [`'${quoted}'`, `E'${escaped}'`, `$tag$${secret}$tag$`])
        assert.equal(
          redact(`alter role a password ${literal} login`),
          `alter role a password ${literal.replace(/^(E?'|\$tag\$)[\s\S]*('|\$tag\$)$/, '$1<REDACTED>$2')} login`,
        );
      assert.ok(!redact(`do $$ begin execute 'alter role a password ${nested}'; end $$`).includes(quoted));
      assert.ok(
        !redact(`alter role a password '${quoted}' ${tail}`).startsWith(`alter role a password '${quoted}'`),
      );
    }),
  );
});

test('bytes stay exact around a secret, in whatever encoding', () => {
  const raw = fc.uint8Array({ maxLength: 40 }).filter((bytes) => !bytes.includes(0x27));
  fc.assert(
    fc.property(raw, raw, (before, after) => {
      const body = Buffer.concat([before, Buffer.from(" password 'S3cr3t' "), after]);
      const expected = Buffer.concat([before, Buffer.from(" password '<REDACTED>' "), after]);
      const clean = Buffer.from(redactBytes(body));
      if (redact(Buffer.from(before).toString('latin1')) === Buffer.from(before).toString('latin1'))
        assert.deepEqual(clean, expected);
    }),
  );
  const untouched = Buffer.from([0, 0xff, 0x80]);
  assert.equal(redactBytes(untouched), untouched);
});

test('a statement about passwords is known by its words, not by their parts', () => {
  assert.ok(namesSecret('update users set password = $1'));
  assert.ok(namesSecret('set api_key'));
  assert.ok(!namesSecret('set password_encryption'));
  assert.ok(!namesSecret('select primary_key from t'));
});

test('a megabyte of anything is redacted within a second', () => {
  const units = [
    'password ',
    "password '",
    "password ''",
    'password/*',
    'password--',
    'password=',
    '://',
    '://a:b',
    'sig=',
    'eyJ',
    'a',
    "'",
    'eyJaaaaaaaaaaa.',
    'password $a',
    'password $a$',
    'password %s',
    "password %s'",
    "account_add('",
    'account_add(',
    'password=\\',
    "password '||",
    'password="',
    "password E'\\",
    `password${' '.repeat(5000)}`,
    'password=a;b',
    "password ''''",
    'SCRAM-SHA-256$1',
    'password=f(',
    "password='a'\n",
    'x.password::',
    'password "" : ',
  ];
  const texts = units.map((unit) => unit.repeat(Math.ceil(1_000_000 / unit.length)));
  const n = 1_000_000;
  texts.push(
    `password${' '.repeat(n)}'x'`,
    `password=${'x'.repeat(n)}`,
    `password '${"'".repeat(n)}`,
    `password E'${'\\'.repeat(n)}`,
    `password${'\\n'.repeat(n / 2)}'x'`,
    `password='${`\\'`.repeat(n / 2)}`,
  );
  for (const input of texts) {
    const start = performance.now();
    redact(input);
    assert.ok(performance.now() - start < 8_000, `${input.slice(0, 30)}: ${performance.now() - start} ms`);
  }
});
