/** Every place that is known to hold a secret, beyond the quotings of `PASSWORD` in redact.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  namesSecret,
  redact,
  redactBytes,
  redactParameters,
  redactValues,
} from '../../../src/decode/redaction/redact.ts';
import { cleanText, isClean } from '../../../src/decode/redaction/text.ts';

const HEX = '0123456789abcdef0123456789abcdef';

/** Text with the secret `S3cr3t` in it → what must be left. `#` stands for the marker. */
const PLACES: [string, string][] = [
  // Mistakes: PostgreSQL refuses them, and logs the statement with the error.
  ['create role x login password S3cr3t', 'create role x login password #'],
  ['ALTER USER x PASSWORD "S3cr3t" CREATEDB', 'ALTER USER x PASSWORD "#" CREATEDB'],
  [
    "alter role x encrypted password S3cr3t valid until 'x'",
    "alter role x encrypted password # valid until 'x'",
  ],
  ["create user x password 'S3cr3t' 'S3cr3t'", "create user x password '#' '#'"],
  ["select pgp_sym_encrypt(data, 'S3cr3t') from t", "select pgp_sym_encrypt(data, '#') from t"],
  [
    "select pgp_sym_decrypt(c, E'a\\'S3cr3t', $k$S3cr3t$k$), 'x'",
    "select pgp_sym_decrypt(c, E'#', $k$#$k$), 'x'",
  ],
  ["encrypt_iv(d, convert_to('S3cr3t','u'), x)", "encrypt_iv(d, convert_to('#','#'), x)"],
  ['SELECT "crypt" (\'S3cr3t\', h)', 'SELECT "crypt" (\'#\', h)'],
  ["execute 'select hmac(a, ''S3cr3t'', b)'", "execute 'select hmac(a, ''#'', b)'"],
  ["format('select encrypt(%L, %L)', 'S3cr3t')", "format('select encrypt(%L, %L)', '#')"],
  [
    "select azure_storage.account_add(account_options('S3cr3t'))",
    "select azure_storage.account_add(account_options('#'))",
  ],
  [
    "insert into u (name, password) values ('a', 'S3cr3t'), (f('b', 1), 'S3''cr3t')",
    "insert into u (name, password) values ('a', '#'), (f('b', 1), '#')",
  ],
  [
    'insert into u ("user", "api_key") values ($1, E\'S3cr3t\')',
    'insert into u ("user", "api_key") values ($1, E\'#\')',
  ],
  ["update u set (a, password) = ('b', 'S3cr3t')", "update u set (a, password) = ('b', '#')"],
  ['Key (token)=(S3cr3t) already exists.', 'Key (token)=(#) already exists.'],
  ['Key (a, password)=(b, S3cr3t) already exists.', 'Key (a, password)=(#) already exists.'],
  ["options (user 'x', \"password\" 'S3cr3t')", "options (user 'x', \"password\" '#')"],
  ["copy t from program 'curl -su bob:S3cr3t http://h'", "copy t from program 'curl -su bob:# http://h'"],
  ['program \'curl --user "bob:S3 cr3t" http://h\'', 'program \'curl --user "bob:#" http://h\''],
  ['program \'curl -H "Authorization: Bearer S3cr3t" h\'', 'program \'curl -H "Authorization: #" h\''],
  ['program \'curl -H "X-Api-Key: S3cr3t" h\'', 'program \'curl -H "X-Api-Key: #" h\''],
  ["http_header('Authorization', 'Bearer S3cr3t')", "http_header('Authorization', '#')"],
  ["program 'sshpass -p S3cr3t ssh h'", "program 'sshpass -p # ssh h'"],
  ["program 'mysql --password S3cr3t h'", "program 'mysql --password # h'"],
  ["program 'GH_TOKEN=S3cr3t gh'", "program 'GH_TOKEN=# gh'"],
  ["E'host=h password=\\'a S3cr3t\\' user=x'", "E'host=h password=\\'#\\' user=x'"],
  ['host=h password=a\\ S3cr3t user=x', 'host=h password=# user=x'],
  ["dblink_connect('host=h password=$1S3cr3t')", "dblink_connect('host=h password=#')"],
  [
    'connection $c$service=h password=S3cr3t$c$ publication p',
    'connection $c$service=h password=#$c$ publication p',
  ],
  ['postgres://u:p@S3cr3t/x@h/db', 'postgres://u:#@h/db'],
  [`alter role x password 'md5${HEX}'`, "alter role x password '#'"],
  [`rolpassword = md5${HEX},`, 'rolpassword = md5#,'],
  [`verifier md5${HEX}`, 'verifier md5#'],
  ['missing "=" after "S3cr3t" in connection info string', 'missing "=" after "#" in connection info string'],
  ['parameter "app.api_key" changed to "S3cr3t"', 'parameter "app.api_key" changed to "#"'],
  ["parameters: $1 = 'app.api_key', $2 = 'S3cr3t'", "parameters: $1 = 'app.api_key', $2 = '#'"],
  ["alter database d set app.jwt_secret to 'S3cr3t'", "alter database d set app.jwt_secret to '#'"],
  ["where token='S3cr3t' and lower(password) = 'S3cr3t'", "where token='#' and lower(password) = '#'"],
  ["where password in ('a', 'S3cr3t') and x = 'y'", "where password in ('#', '#') and x = 'y'"],
  ["where password not like 'S3cr3t%'", "where password not like '#'"],
  ['https://h/x?token=S3cr3t&y=1', 'https://h/x?token=#&y=1'],
];

/** Words that look like secrets in SQL and server lines that are none. */
const HARMLESS = [
  "select * from sessions where token = $1 and kind = 'x'",
  'select token, secret from t join s on t.token = s.token order by key',
  "update accounts set password_hash = $1 where name = 'x'",
  "insert into keys (key, value) values ('a', 'b')",
  "set session authorization 'bob'",
  'select authorization::text from t',
  'no pg_hba.conf entry for host "h", user "u", database "d", no encryption',
  'connection authorized: user=u database=d application_name=psql SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)',
  'connection authenticated: identity="u" method=scram-sha-256 (/datadrive/pg/data/pg_hba.conf:29)',
  'connection authenticated: identity="u" method=md5 (/datadrive/pg/data/pg_hba.conf:29)',
  "select md5('x'), encode(digest(a, 'sha256'), 'hex')",
];

test('every known place of a secret is blanked, once and for all, and no cheap test lets it pass', () => {
  for (const [text, expected] of PLACES) {
    const once = redact(text);
    assert.equal(once, expected.replaceAll('#', '<REDACTED>'));
    assert.equal(redact(once), once);
    assert.ok(!isClean(text), text);
    assert.equal(cleanText(text), once);
  }
});

test('SQL and server lines that only speak of secrets stay as they are', () => {
  for (const text of HARMLESS) assert.equal(redact(text), text);
});

test('lines of everyday life need no second look', () => {
  for (const text of [...HARMLESS.slice(6, 10), HARMLESS[0]!, 'password authentication failed for user "x"'])
    assert.ok(isClean(text), text);
});

const WORDS = [...PLACES.map(([text]) => text), ...HARMLESS].flatMap((text) =>
  text.split(/(?<=[^\w])|(?=[^\w])/),
);
const mixture = fc.array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 3 })), { maxLength: 12 });

test('what the cheap test calls clean is left alone by the careful way, whatever is cut out of it', () => {
  let clean = 0;
  fc.assert(
    fc.property(mixture, fc.nat(), fc.nat(), (words, from, length) => {
      const text = words.join('');
      if (!isClean(text)) return;
      clean++;
      for (const whole of [text, text.replaceAll('""', '"'), text.replaceAll('\n\t', '\n')]) {
        const start = from % (whole.length + 1);
        const part = whole.slice(start, start + (length % (whole.length + 1 - start)));
        assert.equal(redact(whole), whole);
        assert.equal(redact(part), part);
      }
    }),
    { numRuns: 6_000 },
  );
  assert.ok(clean > 1_000, `${clean} clean texts`);
});

test('what cannot be stored is not clean', () => {
  assert.ok(!isClean('a\0'));
  assert.ok(!isClean('a\ud800'));
  assert.equal(cleanText('a\0\ud800\u{1f600}'), 'a\ufffd\ufffd\u{1f600}');
  // What stands in its place is a letter, and may tell where a literal ends.
  assert.equal(cleanText("''\0password''S3cr3t"), "''\ufffdpassword''<REDACTED>");
});

test('parameters go when the statement, or one of them, names a secret', () => {
  assert.equal(redactParameters('bob,S3cr3t', 'update u set password = $2 where n = $1'), '<REDACTED>');
  assert.equal(redactParameters('S3cr3t', 'select pgp_sym_decrypt(d, $1) from t'), '<REDACTED>');
  assert.equal(redactParameters('app.api_key,S3cr3t', 'select set_config($1, $2, true)'), '<REDACTED>');
  assert.equal(
    redactParameters('"{""password"":""S3cr3t""}"', 'select $1'),
    '"{""password"":""<REDACTED>""}"',
  );
  assert.equal(redactParameters('bob,a password', 'select $1, $2'), 'bob,a password');
});

test('values in DETAIL and CONTEXT of such a statement go', () => {
  assert.equal(redactValues("Parameters: $1 = 'S3cr3t'"), 'Parameters: <REDACTED>');
  assert.equal(
    redactValues("unnamed portal with parameters: $1 = 'S3cr3t'"),
    'unnamed portal with parameters: <REDACTED>',
  );
  assert.equal(redactValues('Failing row contains (1, S3cr3t).'), 'Failing row contains (<REDACTED>');
  assert.equal(redactValues('There is 1 other session.'), 'There is 1 other session.');
  assert.ok(namesSecret('select crypt($1, h)'));
});

test('raw bytes lose the values of a statement that names a secret, and no others', () => {
  const bytes = (text: string) => Buffer.from(redactBytes(Buffer.from(text))).toString();
  const message = (tail: string) =>
    JSON.stringify({ message: `x AUDIT: SESSION,1,1,WRITE,UPDATE,,,${tail}`, z: 1 });
  const update = 'update u set password = $1';
  for (const [tail, expected] of [
    [`${update},S3cr3t`, `${update},<REDACTED>`],
    [`${update},S3cr3t,7`, `${update},<REDACTED>`],
    [`"${update}, n = $2","S3cr3t,""a, ""b"""`, `"${update}, n = $2",<REDACTED>`],
    [`${update},"""a,"",S3cr3t",7`, `${update},<REDACTED>`],
    [`${update},<not logged>,7`, `${update},<not logged>,7`],
    ['select 1,S3cr3t', 'select 1,S3cr3t'],
  ] as const)
    assert.equal(bytes(message(tail)), message(expected));
  assert.equal(
    bytes(`{"message":"${update}","detail":"parameters: $1 = 'S3\\"cr3t'","x":1}`),
    `{"message":"${update}","detail":"parameters: <REDACTED>","x":1}`,
  );
});

test('a megabyte of half-written lists, calls and headers is redacted in a moment', () => {
  const units = [
    'crypt(',
    "hmac( '",
    'pgp_sym_encrypt("',
    'crypt(%L',
    'crypt($a$',
    'account_add(',
    '(password',
    '(password)=(',
    "(password) values ('a'),",
    '(password) values (',
    'password in (',
    'authorization: ',
    '"authorization":"',
    'x-a-token',
    'curl -u ',
    'curl -u "a:',
    'sshpass -p ',
    'missing "=" after "x',
    'password)))=',
    "password','",
    "password=\\'",
    '{"AUDIT: password',
    'AUDIT: password',
    'AUDIT: password,\\"',
    'parameters: password"',
    'Passwo',
    'token=',
  ];
  for (const unit of units) {
    const input = unit.repeat(Math.ceil(1_000_000 / unit.length));
    const start = performance.now();
    redact(input);
    isClean(input);
    redactBytes(Buffer.from(input));
    assert.ok(performance.now() - start < 8_000, `${unit}: ${performance.now() - start} ms`);
  }
});

test('a role statement without a password, and columns beside one, stay as they are', () => {
  for (const text of [
    'ALTER ROLE x PASSWORD NULL',
    'ALTER ROLE x PASSWORD <REDACTED>',
    'ALTER ROLE x PASSWORD $1',
    'create role x; create table t (password text, token uuid)',
    'alter user mapping for x server s options (drop password)',
  ])
    assert.equal(redact(text), text);
});
