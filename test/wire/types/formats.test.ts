/** The bytes are those of PostgreSQL 15: `SELECT numeric_send(…)` and its kind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { binaryOf, textFromBinary } from '../../../src/wire/types/binary-format.ts';
import { parameterOf } from '../../../src/wire/types/parameter.ts';
import { type Kind, pgTypeOf } from '../../../src/wire/types/pg-type.ts';
import { textOf } from '../../../src/wire/types/text-format.ts';

function typed(kind: Kind, list = false) {
  return { kind, list, scale: null, modifier: -1 };
}

const BINARY: [Kind, string, string][] = [
  ['numeric', '0', '0000000000000000'],
  ['numeric', '1', '00010000000000000001'],
  ['numeric', '-1', '00010000400000000001'],
  ['numeric', '12.50', '0002000000000002000c1388'],
  ['numeric', '0.0001', '0001ffff000000040001'],
  ['numeric', '10000', '00010001000000000001'],
  [
    'numeric',
    '123456789012345678901234567890.123456789',
    '000b000700000009000c0d801ed204d2162e23340d801ed204d2162e2328',
  ],
  ['numeric', '-0.05', '0001ffff4000000201f4'],
  ['numeric', '100000000', '00010002000000000001'],
  ['numeric', 'NaN', '00000000c0000000'],
  ['timestamp', '2026-01-01 10:00:00.5', '0002ea4f6cb46920'],
  ['timestamp', '1999-12-31 23:59:59.999999', 'ffffffffffffffff'],
  ['timestamp', 'infinity', '7fffffffffffffff'],
  ['timestamp', '-infinity', '8000000000000000'],
  ['timestamptz', '1969-07-20 20:17:40+00', 'fffc96188bae6100'],
  ['date', '2026-01-02', '0000251a'],
  ['date', '1970-01-01', 'ffffd533'],
  ['uuid', '6ba7b810-9dad-11d1-80b4-00c04fd430c8', '6ba7b8109dad11d180b400c04fd430c8'],
  ['float8', '-0.1', 'bfb999999999999a'],
  ['float4', '0.5', '3f000000'],
  ['int8', '-5', 'fffffffffffffffb'],
  ['int4', '-7', 'fffffff9'],
  ['int2', '7', '0007'],
  ['bool', 't', '01'],
  ['bytea', '\\x01ff', '01ff'],
  ['text', 'é', 'c3a9'],
];

test('binary values are those of PostgreSQL', () => {
  for (const [kind, text, hex] of BINARY) {
    assert.equal(binaryOf(text, typed(kind)).toString('hex'), hex, `${kind} ${text}`);
  }
});

test('what is sent as binary is understood as binary', () => {
  const kinds: [Kind, fc.Arbitrary<string>][] = [
    ['int8', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)],
    ['int4', fc.integer().map(String)],
    ['float8', fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => String(n + 0))],
    ['text', fc.string({ unit: 'grapheme' })],
    ['uuid', fc.uuid()],
    [
      'date',
      fc
        .date({ min: new Date('0100-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
        .map((d) => d.toISOString().slice(0, 10)),
    ],
  ];
  for (const [kind, values] of kinds) {
    fc.assert(
      fc.property(values, (text) =>
        assert.equal(textFromBinary(binaryOf(text, typed(kind)), typed(kind)), text),
      ),
    );
  }
});

test('binary parameters of the wrong length are an error of the client', () => {
  for (const kind of ['int8', 'int4', 'bool', 'timestamp', 'date', 'uuid'] as const) {
    assert.throws(() => parameterOf(Buffer.alloc(0), true, typed(kind)), { code: '22P03' }, kind);
  }
  assert.throws(() => parameterOf(Buffer.alloc(8), true, null), { code: '0A000' });
  assert.throws(() => parameterOf(Buffer.from('a\0b'), false, typed('text')), { code: '22021' });
});

test('types of DuckDB are shown as the types of PostgreSQL that hold their values', () => {
  const cases: [string, Kind, boolean][] = [
    ['UTINYINT', 'int2', false],
    ['UINTEGER', 'int8', false],
    ['UBIGINT', 'numeric', false],
    ['DECIMAL(38,9)', 'numeric', false],
    ['VARCHAR[]', 'text', true],
    ['INTEGER[3]', 'int4', true],
    ['INTEGER[][]', 'json', false],
    ['STRUCT("a" INTEGER)[]', 'json', false],
    ['STRUCT("a" INTEGER[])', 'json', false],
    ['MAP(VARCHAR, BIGINT)', 'json', false],
    ["ENUM('a', 'b')", 'text', false],
    ['TIMESTAMP_NS', 'timestamp', false],
    ['constructor', 'text', false],
  ];
  for (const [duckdb, kind, list] of cases) {
    const type = pgTypeOf(duckdb);
    assert.deepEqual([type.kind, type.list], [kind, list], duckdb);
  }
  assert.equal(pgTypeOf('DECIMAL(9,2)').modifier, ((9 << 16) | 2) + 4);
});

test('text is written as PostgreSQL writes it', () => {
  const cases: [unknown, string, string][] = [
    [true, 'BOOLEAN', 't'],
    [12.5, 'DECIMAL(9,2)', '12.50'],
    ['Infinity', 'DOUBLE', 'Infinity'],
    [1e-7, 'DOUBLE', '1e-07'],
    ['2026-01-01T10:00:00.500Z', 'TIMESTAMP', '2026-01-01 10:00:00.5'],
    ['2026-01-01T10:00:00.000001Z', 'TIMESTAMP WITH TIME ZONE', '2026-01-01 10:00:00.000001+00'],
    ['2026-01-01T10:00:00.123456789Z', 'TIMESTAMP_NS', '2026-01-01 10:00:00.123456'],
    ['1 year 2 months 3 days 04:05:06', 'INTERVAL', '1 year 2 mons 3 days 04:05:06'],
    ['Af8=', 'BLOB', '\\x01ff'],
    [
      ['a b', '', null, 'NULL', 'x\\y', 'q"r', '{}', 'é', 'a,b', ' t'],
      'VARCHAR[]',
      '{"a b","",NULL,"NULL","x\\\\y","q\\"r","{}",é,"a,b"," t"}',
    ],
    [[{ a: 1 }], 'STRUCT("a" INTEGER)[]', '[{"a":1}]'],
  ];
  for (const [cell, type, text] of cases) assert.equal(textOf(cell as never, pgTypeOf(type)), text);
  assert.equal(textOf(null, pgTypeOf('BIGINT')), null);
});

test('array parameters become lists, and nothing in an element leaves its element', () => {
  const elements = fc.array(
    fc.option(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))),
  );
  fc.assert(
    fc.property(elements, (list) => {
      const sent = Buffer.from(textOf(list as never, typed('text', true))!);
      const text = String(parameterOf(sent, false, typed('text', true)));
      const strings = text.slice(1, -1).match(/NULL|'(?:[^'\\]|\\.)*'/gs) ?? [];
      assert.equal(`[${strings.join(', ')}]`, text);
      const read = strings.map((each) =>
        each === 'NULL' ? null : each.slice(1, -1).replace(/\\(.)/gs, '$1'),
      );
      assert.deepEqual(read, list);
    }),
  );
  for (const bad of ['', 'a', '{a', '{a}}', '{"a}', '{{a}}', '{a,}', '{a b,"c"d}']) {
    assert.throws(() => parameterOf(Buffer.from(bad), false, typed('text', true)), { code: '22P02' }, bad);
  }
});
