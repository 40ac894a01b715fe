import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePrefix, readShaped } from '../../../src/decode/prefix/prefix.ts';
import { NOTHING_KNOWN } from '../../../src/decode/prefix/reach.ts';
import { searchAll, searchPrefix } from '../../../src/decode/prefix/search.ts';
import { type LineHints, readLogLine } from '../../../src/decode/server-log/logline.ts';

const HINTS: LineHints = { level: 'LOG', sqlstate: '00000', pid: 18, detail: null, levelOptional: false };
const TIME = '2026-07-02 03:00:06 UTC';

test('one pass and the search read the same, whatever the line', () => {
  const formats = [
    '%t-%c-',
    '%m [%p] ',
    '%8p|%-20c|%e',
    '%r %v/%x,%l:%P',
    '%n %Q %s',
    '%u,%d ',
    '%t %h %a%e',
  ];
  const piece = fc.constantFrom(
    TIME,
    `${TIME.slice(0, 19)}.123 UTC`,
    '-',
    '6a45d422.12',
    ' [',
    '18',
    '] ',
    'LOG:  ',
    '00000',
    '|',
    ',',
    '1.123',
    '10.0.0.1(5)',
    '3/2',
    ' ',
    ':',
    'x',
  );
  const printed = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const likely = fc.constantFrom(
    `${TIME}-6a45d422.12-LOG:  x`,
    `${TIME.slice(0, 19)}.123 UTC [18] LOG:  LOG:  y`,
    'a,b LOG:  x',
    `${TIME} 10.0.0.1 psql00000LOG:  z`,
  );
  fc.assert(
    fc.property(fc.constantFrom(...formats), fc.oneof(printed, likely), (format, text) => {
      const pattern = compilePrefix(format);
      const all = searchAll(pattern, text, 'LOG', NOTHING_KNOWN);
      const quick = searchPrefix(pattern, text, 'LOG');
      assert.deepEqual(quick?.ends, all?.ends);
      if (all === null) return;
      assert.deepEqual(quick?.reading(all.ends), all.reading(all.ends));
      if (pattern.isShaped) assert.deepEqual(readShaped(pattern, text, 'LOG'), all.reading(all.ends));
    }),
    { numRuns: 2000 },
  );
});

test('a level may be glued to any prefix', () => {
  for (const [format, printed] of [
    ['%t', TIME],
    ['%t:%e', `${TIME}:00000`],
    ['%c', '6a45d422.12'],
    ['%p', '18'],
    ['', ''],
    ['%%%p%%', '%18%'],
    ['%u@%d', 'app@shop'],
  ] as const) {
    const line = readLogLine(`${printed}LOG:  x`, HINTS, [compilePrefix(format)]);
    assert.deepEqual([line?.prefix, line?.text], [format, 'x']);
  }
});

test('a text without a level is read only where the level is optional, and only if no prefix fits with it', () => {
  const prefixes = [compilePrefix('%m [%p] [user=%u,db=%d,app=%a] ')];
  const start = `${TIME.slice(0, 19)}.014 UTC [18] [user=app,db=shop,app=[unknown]] `;
  const text = 'connection authorized: user=app database=shop';
  assert.equal(readLogLine(start + text, HINTS, prefixes), null);
  const optional = { ...HINTS, levelOptional: true };
  const line = readLogLine(start + text, optional, prefixes);
  assert.deepEqual([line?.text, line?.user, line?.database, line?.level], [text, 'app', 'shop', 'LOG']);
  assert.equal(readLogLine(`${start}LOG:  ${text}`, optional, prefixes)?.text, text);
  assert.equal(readLogLine(`${TIME}-6a45d422.12-x`, optional, [])?.text, 'x');
});

test('lines of several prefixes are read in any order, each with the first that fits', () => {
  const prefixes = ['%m [%p] ', '%t [%p]: user=%u,db=%d '].map(compilePrefix);
  const lines = [
    [`${TIME}-6a45d422.12-LOG:  a`, '%t-%c-'],
    [`${TIME.slice(0, 19)}.014 UTC [18] LOG:  b`, '%m [%p] '],
    [`${TIME} [18]: user=app,db=shop LOG:  c`, '%t [%p]: user=%u,db=%d '],
    [`${TIME}-6a45d422.12-LOG:  d`, '%t-%c-'],
  ] as const;
  assert.deepEqual(
    lines.map(([message]) => readLogLine(message, HINTS, prefixes)?.prefix),
    lines.map(([, prefix]) => prefix),
  );
});

test('a reading with another process id than the record is none', () => {
  const prefixes = [compilePrefix('%u %c ')];
  const line = readLogLine('x dead.1 LOG:  y 6a45d422.12 LOG:  z', HINTS, prefixes);
  assert.deepEqual([line?.sessionId, line?.user, line?.text], ['6a45d422.12', 'x dead.1 LOG:  y', 'z']);
});

test('a database name with a refusal of another user in it forges neither user nor session', () => {
  const database = 'r r 1.12:FATAL:  password authentication failed for user "r"';
  const message = `[unknown] bob 6a45d422.12:FATAL:  database "${database}" does not exist`;
  for (const sqlstate of ['3D000', null]) {
    const line = readLogLine(message, { ...HINTS, level: 'FATAL', sqlstate }, [compilePrefix('%a %u %c:')]);
    assert.notEqual(line?.user, 'r');
    assert.notEqual(line?.sessionId, '1.12');
  }
});
