import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePrefix, valueAt } from '../../../src/decode/prefix/prefix.ts';
import { searchPrefix } from '../../../src/decode/prefix/search.ts';
import { decode, decodeOne, serverRecord } from '../build.ts';

/** The values of the only reading, by escape; null when there is none or more than one. */
const valuesOf = (format: string, text: string, level = 'LOG'): Record<string, string> | null => {
  const pattern = compilePrefix(format);
  const readings = searchPrefix(pattern, text, level);
  if (readings?.ends.length !== 1) return null;
  const reading = readings.reading(readings.ends);
  const values = Object.keys(pattern.slots).map((letter) => [
    letter,
    valueAt(text, reading, pattern.slots[letter]!),
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== null)) as Record<string, string>;
};

test('every escape of log_line_prefix is read, for clients and for background processes', () => {
  const all = '%t %m %n %c %p %P %l %s %v %x %Q %e %i|%b [%h|%r|%L] u=%u,d=%d,a=%a ';
  const time = '2026-11-23 08:51:34 UTC';
  const client = `${time} 2026-11-23 08:51:34.941 UTC 1795423894.941 6b03fe96.4937 18743  7 ${time} 3/2 0 -12 42703 SELECT|client backend [127.0.0.1|127.0.0.1(59192)|::1] u=bob,d=my db,a=[unknown] `;
  assert.deepEqual(valuesOf(all, `${client}LOG:  x`), {
    t: time,
    m: '2026-11-23 08:51:34.941 UTC',
    n: '1795423894.941',
    c: '6b03fe96.4937',
    p: '18743',
    P: '',
    l: '7',
    s: time,
    v: '3/2',
    x: '0',
    Q: '-12',
    e: '42703',
    i: 'SELECT',
    b: 'client backend',
    h: '127.0.0.1',
    r: '127.0.0.1(59192)',
    L: '::1',
    u: 'bob',
    d: 'my db',
    a: '[unknown]',
  });
  const background = `${time} 2026-11-23 08:51:34.941 UTC 1795423894.941 6b03fe96.4937 18743  7 ${time}  0 0 00000 |checkpointer [||[none]] u=,d=,a= `;
  assert.equal(valuesOf(all, `${background}LOG:  x`)?.b, 'checkpointer');
});

test('%q stops for background processes, %% is a percent sign, unknown escapes print nothing', () => {
  assert.deepEqual(valuesOf('%p %q[%u] ', '12 [bob] LOG:  x'), { p: '12', u: 'bob' });
  assert.deepEqual(valuesOf('%p %q[%u] ', '12 LOG:  x'), { p: '12' });
  assert.deepEqual(valuesOf('100%% %Z%p:', '100% 12:LOG:  x'), { p: '12' });
  assert.deepEqual(valuesOf('%p %', '12 LOG:  x'), { p: '12' });
  assert.deepEqual(valuesOf('', 'LOG:  x'), {});
  assert.equal(valuesOf('%p ', '12 WARNING:  x'), null);
});

test('padding on either side is taken off', () => {
  assert.deepEqual(valuesOf('%8p|%-8u|%-3p ', '      12|bob     |12  LOG:  x'), { p: '12', u: 'bob' });
  assert.deepEqual(valuesOf('%8u ', '     bob LOG:  x'), { u: 'bob' });
  assert.deepEqual(valuesOf('%-4u ', 'robert LOG:  x'), { u: 'robert' });
  assert.deepEqual(valuesOf('%-20h ', '127.0.0.1            LOG:  x'), { h: '127.0.0.1' });
});

test('whatever a prefix prints for ordinary names is read back', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_.@-]{0,20}$/);
  const escapes = ['%u', '%d', '%a', '%h', '%p', '%c', '%t', '%e'];
  fc.assert(
    fc.property(fc.shuffledSubarray(escapes), name, name, fc.nat(99999), (chosen, user, database, pid) => {
      const values: Record<string, string> = {
        '%u': user,
        '%d': database,
        '%a': 'my app',
        '%h': '::1',
        '%p': `${pid}`,
        '%c': '6b03fe96.4937',
        '%t': '2026-11-23 08:51:34 UTC',
        '%e': '00000',
      };
      const read = valuesOf(
        `${chosen.join(' | ')} > `,
        `${chosen.map((key) => values[key]).join(' | ')} > LOG:  x`,
      );
      for (const key of chosen) assert.equal(read?.[key.slice(1)], values[key]);
    }),
  );
});

test('no prefix and no text make the matcher throw or slow', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.string(), (format, text) => {
      searchPrefix(compilePrefix(format), text, 'LOG');
    }),
  );
  const hostile = ['LOG: ', ' ', 'a', ',', '=,', '\n'].map((unit) => unit.repeat(200_000));
  for (const format of ['%u%d%a%b%i%h', '%u,%d,%a,%b ', '%q%u%q%d%q%a', '%255u%-255d%a ', '%u=%u=%u=%u=']) {
    for (const text of hostile) {
      const start = performance.now();
      searchPrefix(compilePrefix(format), text, 'LOG');
      assert.ok(performance.now() - start < 5_000, `${format} took ${performance.now() - start} ms`);
    }
  }
});

test('a session id is made of start and process id where the prefix has no %c', () => {
  const message = '2026-07-02 03:00:06 UTC [123] LOG:  x';
  const record = decodeOne(serverRecord({ errorLevel: 'LOG', processId: 123, message }), {
    prefixes: [compilePrefix('%s [%p] ')],
  });
  assert.equal(record.sessionId, `${(Date.UTC(2026, 6, 2, 3, 0, 6) / 1000).toString(16)}.7b`);
});

test('the default prefix is tried when the configured one does not fit; the level must follow directly', () => {
  const options = { prefixes: [compilePrefix('%m [%p] ')] };
  const message = '2026-07-02 03:00:06 UTC-6a45d422.1513f3-LOG:  x';
  assert.equal(decodeOne(serverRecord({ errorLevel: 'LOG', message }), options).message, 'x');
  assert.equal(decodeOne(serverRecord({ message }), options).level, 'LOG');
  const wrong = decode(
    serverRecord({ errorLevel: 'LOG', message: message.replace('LOG', 'x LOG') }),
    options,
  );
  assert.equal(wrong.rejects[0]?.code, 'PREFIX_MISMATCH');
});

test('the SQLSTATE of verbose lines and single blanks after the level are no part of the message', () => {
  const start = '2026-07-02 03:00:06 UTC-6a45d422.1513f3-';
  const textOf = (rest: string, sqlerrcode: string): string | null =>
    decodeOne(serverRecord({ errorLevel: 'ERROR', sqlerrcode, message: `${start}ERROR:${rest}` })).message;
  assert.equal(textOf('  42501: denied', '42501'), 'denied');
  assert.equal(textOf('  ABCDE: denied', '42501'), 'ABCDE: denied');
  assert.equal(textOf(' denied', '42501'), 'denied');
});
