import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitRecords } from '../../../src/decode/envelope/salvage.ts';
import { decodeMessage } from '../../../src/decode/message.ts';
import { decode, lineRecord, NO_PREFIXES } from '../build.ts';

const good = (text: string): string => JSON.stringify(lineRecord('LOG', text));

test('a broken record costs that record only, and its bytes are kept', () => {
  const broken = [
    '{"category":"PostgreSQLLogs","properties": [ 227 B blob data ]}',
    `{"category":"PostgreSQLLogs","properties":{"message":"a\nb"}}`,
    `{"category":"PostgreSQLLogs","properties":{"message":"he said "hi""}}`,
    `{"category":"PostgreSQLLogs","properties":{"message":"one quote " too many"}}`,
    '{"category":"PostgreSQLLogs","properties":{"a":1}',
    '{"category":}',
  ];
  for (const bad of broken) {
    const { records, rejects } = decode(`{"records":[${good('a')},${bad},${good('b')}]}`);
    assert.deepEqual(
      [records.map((record) => record.message), records.map((record) => record.index)],
      [
        ['a', 'b'],
        [0, 2],
      ],
      bad,
    );
    assert.deepEqual(
      rejects.map(({ index, code, raw }) => [index, code, Buffer.from(raw).toString()]),
      [[1, 'INVALID_JSON', bad]],
    );
  }
});

test('a cut last line, and a broken message inside JSON lines or Stream Analytics, cost what is broken only', () => {
  const cut = decode(`${good('a')}\n${good('b').slice(0, 50)}`);
  assert.deepEqual([cut.records.length, cut.rejects[0]?.code], [1, 'INVALID_JSON']);
  const cutList = decode(`{"records":[${good('a')},${good('b').slice(0, 50)}`);
  assert.deepEqual([cutList.records.length, cutList.rejects[0]?.code], [1, 'INVALID_JSON']);
  const marked = decode(`\ufeff{"records":[${good('a')},{]}`);
  assert.deepEqual([marked.records.length, marked.rejects.length], [1, 1]);
  const lines = decode(`{"records":[${good('a')},[ 2 B blob data ]]}\n{"records":[${good('b')}]}\n`);
  assert.deepEqual(
    lines.records.map((record) => record.message),
    ['a', 'b'],
  );
  const wrapped = decode(`[{"records":[${good('a')},{"x":}],"n":1},{"records":[${good('b')}],"n":1}]`);
  assert.deepEqual(
    wrapped.records.map((record) => record.message),
    ['a', 'b'],
  );
  const pretty = decode(`{\n "records": [\n  ${good('a')},\n  { "x": }\n ]\n}\n`);
  assert.deepEqual([pretty.records.length, pretty.rejects.length], [1, 1]);
});

test('records that do not stand one a line are found all the same', () => {
  const [a, b, c] = [good('a'), good('b'), good('c')];
  const pretty = (text: string): string => JSON.stringify(JSON.parse(text), null, 2);
  const bodies = [
    `${a}${b}${c}`,
    `${pretty(a)}\n${pretty(b)}\n${pretty(c)}`,
    `${a},\n${b},\n${c},`,
    `{"records":[${a}]}${b}\n${c}`,
    `{"records":[${a}]} {"records":[${b}],"EventProcessedUtcTime":"2026-07-02T03:00:06Z","IoTHub":{"a":[1]}}${c}`,
    // A bracket too many ends the list too early.
    `{"records":[${a}],${b},${c}]}`,
    `[${a},${b}],[${c}]`,
  ];
  for (const body of bodies) {
    const { records, rejects } = decode(body);
    assert.deepEqual([records.map((record) => record.message), rejects], [['a', 'b', 'c'], []], body);
  }
  const beside = decode(`{"records":[${a}]}garbage\n{"records":[],"Id":1}\n"PartitionId": "x\n${b}`);
  assert.deepEqual(
    [
      beside.records.map((record) => record.message),
      beside.rejects.map(({ raw }) => Buffer.from(raw).toString()),
    ],
    [
      ['a', 'b'],
      ['garbage', '"PartitionId": "x'],
    ],
  );
});

test('what shippers have made of a record costs that record only', () => {
  const neighbour = (text: string): string => good(`${text} },{\\"records\\":[ ]} \n`);
  const record = good('victim');
  const broken = [
    record.replace(/"properties":\{.*?\}/, '"properties": [\n 227 B blob data\n ]'),
    record.replace(/"properties":\{.*?\}/, '"properties": [ 227 B blob data '),
    record.replace('victim', 'two\nlines'),
    record.replace('victim', 'tab\t, escape \u001b and \u0000'),
    record.replace('victim', 'it\'s "quoted"'),
    record.replace('victim', 'one " alone'),
    record.replace('victim', 'a wrong escape \\x00'),
    record.replaceAll('"', "'"),
    `${record.slice(0, 120)}`,
    record.replace('}', ''),
  ];
  for (const bad of broken) {
    const first = neighbour('first');
    const last = neighbour('last');
    const message = decode(`{"records":[${first},${bad},${last}]}`);
    const wrapped = decode(
      `[{"records":[${first},${bad}],"PartitionId":1},{"records":[${last}],"PartitionId":1}]`,
    );
    for (const { records, rejects } of [message, wrapped]) {
      assert.deepEqual(
        records.map((one) => one.message?.slice(0, 6)),
        ['first ', 'last }'],
        bad,
      );
      assert.ok(rejects.length > 0, bad);
      assert.ok(rejects.every(({ code, reason }) => code === 'INVALID_JSON' && reason !== ''));
      assert.ok(Buffer.concat(rejects.map(({ raw }) => raw)).includes(bad.slice(0, 100)), bad);
    }
  }
});

test('whatever one record has turned into, its neighbours are stored and its bytes are kept', () => {
  const [first, victim, last] = [good('first'), good('victim'), good('last')];
  const edit = fc.record({
    at: fc.nat(victim.length - 2),
    remove: fc.integer({ min: 0, max: 30 }),
    insert: fc.constantFrom('', '"', '{', '}', '[', '\n', '\\', '\u0000', "'", 'x', ',', ':', '{"', '"}'),
  });
  fc.assert(
    fc.property(edit, ({ at, remove, insert }) => {
      // The first brace stays: the place where a record begins is all that is left to find it by.
      const bad = victim.slice(0, at + 1) + insert + victim.slice(at + 1 + remove);
      const { records, rejects } = decode(`{"records":[${first},${bad},${last}]}`);
      const messages = records.map((record) => record.message);
      assert.equal(messages[0], 'first', bad);
      assert.equal(messages.at(-1), 'last', bad);
      assert.ok(records.length + rejects.length >= 3, bad);
    }),
    { numRuns: 500 },
  );
});

test('raw bytes of a reject stay exact where they are not UTF-8, and lose their secrets', () => {
  const body = Buffer.concat([
    Buffer.from(`{"records":[{"category":"x","m":"ALTER ROLE a PASSWORD 'hunter2' `),
    Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
    Buffer.from('"}]}'),
  ]);
  const raw = Buffer.from(decodeMessage(body, NO_PREFIXES).rejects[0]!.raw);
  assert.ok(!raw.includes('hunter2'));
  assert.ok(raw.includes(Buffer.from([0xff, 0xfe, 0x00, 0x0a])));
});

test('the scanner splits any array of records as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), fc.boolean(), (records, pretty) => {
      const text = JSON.stringify({ records }, null, pretty ? 1 : 0);
      const parts = splitRecords(Buffer.from(text)).map(
        (part) => JSON.parse(Buffer.from(part.bytes).toString()) as unknown,
      );
      assert.deepEqual(parts, (JSON.parse(text) as { records: unknown }).records);
    }),
  );
});

test('a megabyte of records broken on purpose decodes in bounded time', () => {
  const odd = '{"category":"PostgreSQLLogs","m":"x " y"},';
  for (const unit of [
    odd,
    '{"records":[]',
    '\n',
    ' \n{}',
    '{"a":[},',
    '{"a":"',
    '},{"',
    '[{',
    '{"records":[',
    '"records":[{}],\n',
    '{"records":[]"x":[\n',
    '{"records":[]"x":1,',
    '{"a":\n',
    '{"a":{"b":{"c":1}}} ',
  ]) {
    const body = Buffer.from(`{"records":[${unit.repeat(Math.ceil(1_000_000 / unit.length))}`);
    const start = performance.now();
    decodeMessage(body, NO_PREFIXES);
    assert.ok(performance.now() - start < 20_000, `${unit}: ${performance.now() - start} ms`);
  }
});
