import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { PgvigilError } from '../src/errors.ts';
import { createLog, type Log } from '../src/log.ts';

/** Everything that `write` logs, at a terminal or not. */
function logged(terminal: boolean, write: (log: Log) => void): string {
  let text = '';
  const output = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        text += chunk;
        done();
      },
    }),
    { isTTY: terminal },
  );
  write(createLog({ level: 'info', output }));
  return text;
}

const DANGEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

test('without a terminal every line is one JSON object with time, level and message', () => {
  const text = logged(false, (log) => {
    log.info({ records: 3, position: 12n }, 'stored');
    log.debug('not at this level');
  });
  const { time, ...rest } = JSON.parse(text);
  assert.match(time, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.deepEqual(rest, { level: 'info', records: 3, position: '12', msg: 'stored' });
});

test('at a terminal a line is short', () => {
  const text = logged(true, (log) => log.warn({ server: 'pg1', text: 'two words' }, 'late'));
  assert.match(text, /^\d\d:\d\d:\d\d WARN {2}late server=pg1 text="two words"\n$/);
});

test('text of attackers stays on its line and drives nothing, in messages, keys and values', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, terminal) => {
      const line = logged(terminal, (log) => log.info({ [`k${text}`]: text, list: [text] }, `m${text}`));
      assert.ok(line.endsWith('\n'));
      assert.doesNotMatch(line.slice(0, -1), DANGEROUS);
      if (!terminal) JSON.parse(line);
    }),
    { numRuns: 500 },
  );
});

test('a line stays JSON where a secret is masked next to quotes and backslashes', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('Password=', 'SharedAccessKey=', 'sig=', 'Bearer ', 'whsec_', 'postgres://u:'),
      fc.string({ unit: fc.constantFrom('"', '\\', 'a', '@', ' ', '\n', ';', '/', ':') }),
      (start, rest) => {
        JSON.parse(logged(false, (log) => log.info({ text: start + rest }, start + rest)));
      },
    ),
    { numRuns: 1000 },
  );
});

const SECRETS: [string, unknown][] = [
  ['by key', { password: 'hunter2' }],
  [
    'by key in any spelling',
    { a: { 'Client-Secret': 'hunter2', connection_string: 'hunter2', sasToken: 1 } },
  ],
  ['a whole section', { secret: { value: 'hunter2' } }],
  ['headers', { headers: { Authorization: 'Bearer hunter2', cookie: 'hunter2' } }],
  ['a connection string', { text: 'Endpoint=sb://x/;SharedAccessKey=hunter2=;EntityPath=logs' }],
  ['a SAS token', { text: 'SharedAccessSignature sr=x&sig=hunter2&se=1' }],
  ['a URL', { text: 'postgres://admin:hunter2@db.example/x' }],
  ['a bearer token', { text: 'got Bearer hunter2' }],
  ['a signing key', { text: 'whsec_hunter2' }],
  ['an error', { err: new Error('cannot use password=hunter2;') }],
  ['a cause', { err: new Error('x', { cause: new Error('pwd=hunter2') }) }],
  ['what hangs on an error', { err: Object.assign(new Error('x'), { request: { headers: 'hunter2' } }) }],
];

for (const terminal of [false, true]) {
  test(`secrets are masked (${terminal ? 'terminal' : 'JSON'})`, () => {
    for (const [name, fields] of SECRETS) {
      const text = logged(terminal, (log) => log.error(fields as object, 'failed'));
      assert.doesNotMatch(text, /hunter2/, name);
      assert.match(text, /failed/, name);
    }
    const message = logged(terminal, (log) =>
      log.child({ password: 'hunter2' }).info('SharedAccessKey=hunter2'),
    );
    assert.doesNotMatch(message, /hunter2/);
  });
}

test('an error of pgvigil is logged with code and hint, without a stack', () => {
  const error = new PgvigilError('DATA_LOCKED', 'in use', 'Stop the other one.');
  const json = JSON.parse(logged(false, (log) => log.error({ err: error }, 'failed')));
  assert.deepEqual(json.err, {
    type: 'PgvigilError',
    code: 'DATA_LOCKED',
    message: 'in use',
    hint: 'Stop the other one.',
  });
  assert.match(
    logged(true, (log) => log.error({ err: error }, 'failed')),
    /failed err=DATA_LOCKED \| in use \| Stop the other one\.\n$/,
  );
});

test('whatever is logged, nothing is thrown', () => {
  const circle: Record<string, unknown> = {};
  circle.circle = circle;
  const hostile = [
    circle,
    null,
    undefined,
    Symbol('x'),
    () => 1,
    new Map([[1, 2]]),
    Buffer.from('x'),
    [[[[[[[[1]]]]]]]],
  ];
  for (const terminal of [false, true]) {
    for (const value of hostile) logged(terminal, (log) => log.info({ value }, 'odd'));
  }
});
