import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage } from '../../../src/decode/message.ts';
import { decode, decodeOne, lineRecord, NO_PREFIXES, serverRecord } from '../build.ts';

const good = (text: string): string => JSON.stringify(lineRecord('LOG', text));
const texts = (value: unknown): (string | null)[] => decode(value).records.map((record) => record.message);

test('the same records come out of an envelope, an array, a single record, JSON lines and Stream Analytics', () => {
  const [a, b] = [lineRecord('LOG', 'a'), lineRecord('LOG', 'b')];
  assert.deepEqual(texts({ records: [a, b] }), ['a', 'b']);
  assert.deepEqual(texts([a, b]), ['a', 'b']);
  assert.deepEqual(texts(a), ['a']);
  assert.deepEqual(texts(`${JSON.stringify(a)}\n${JSON.stringify(b)}\n`), ['a', 'b']);
  assert.deepEqual(texts(`${JSON.stringify({ records: [a] })}\n${JSON.stringify({ records: [b] })}`), [
    'a',
    'b',
  ]);
  assert.deepEqual(texts([{ records: [a] }, { records: [b], PartitionId: 1 }]), ['a', 'b']);
  assert.deepEqual(texts(`\ufeff${JSON.stringify({ records: [a, b] }, null, 2)}`), ['a', 'b']);
  assert.deepEqual(texts({ records: [] }), []);
  assert.deepEqual(texts(''), []);
});

test('a lone surrogate and U+0000 are replaced, not refused', () => {
  const text = String.raw`a\ud800b\udc00\ud83d\ude00\u0000`;
  const { records, rejects } = decode(`{"records":[${good('x').replace('LOG:  x', `LOG:  ${text}`)}]}`);
  assert.deepEqual([records[0]?.message, rejects], ['a\ufffdb\ufffd\u{1f600}\ufffd', []]);
  const [head, tail] = good('x#y').split('#') as [string, string];
  const raw = Buffer.concat([Buffer.from(head), Buffer.from([0xed, 0xa0, 0x80, 0xff]), Buffer.from(tail)]);
  const latin = decodeMessage(raw, NO_PREFIXES);
  assert.match(latin.records[0]?.message ?? '', /^x\ufffd+y$/);
});

test('every reject code says what is wrong, with the bytes of its element', () => {
  const cases: [string, string][] = [
    ['INVALID_JSON', '{"category":"PostgreSQLLogs",}'],
    ['NOT_A_RECORD', '42'],
    ['NOT_A_RECORD', '{"foo":1}'],
    ['NOT_A_RECORD', JSON.stringify(serverRecord({ errorLevel: 'LOG' }))],
    ['PREFIX_MISMATCH', JSON.stringify(serverRecord({ errorLevel: 'LOG', message: 'no prefix' }))],
    ['BAD_TIME', JSON.stringify(serverRecord({ timestamp: '2026-02-30 00:00:00 UTC' }, { time: 'soon' }))],
    ['NO_SERVER', JSON.stringify(serverRecord({}, { LogicalServerName: '', resourceId: null }))],
    ['BAD_AUDIT', JSON.stringify(lineRecord('LOG', 'AUDIT: SESSION,one,1,READ,SELECT,,,select 1,<none>'))],
  ];
  for (const [code, element] of cases) {
    const { records, rejects } = decode(`{"records":[${good('a')},${element}]}`);
    assert.equal(records.length, 1, element);
    assert.deepEqual(
      rejects.map((reject) => [reject.index, reject.code, Buffer.from(reject.raw).toString()]),
      [[1, code, element]],
    );
  }
  assert.deepEqual(
    decode('not json').rejects.map(({ index, code }) => [index, code]),
    [[null, 'INVALID_JSON']],
  );
  assert.deepEqual(
    decode('null').rejects.map(({ index, code }) => [index, code]),
    [[null, 'NOT_A_RECORD']],
  );
});

test('times of every form become the same instant, and properties.timestamp wins over time', () => {
  const at = Date.UTC(2026, 6, 2, 3, 0, 6);
  const timeOf = (timestamp: string | undefined, time: string): number =>
    decodeOne(
      serverRecord({ message: `${'2026-07-02 03:00:06 UTC-6a45d422.1513f3-'}LOG:  x`, timestamp }, { time }),
    ).eventTime;
  assert.equal(timeOf(undefined, '2026-07-02T03:00:06Z'), at);
  assert.equal(timeOf(undefined, '2026-07-02T03:00:06.467Z'), at + 467);
  assert.equal(timeOf(undefined, '2026-07-02T03:00:06.4679999Z'), at + 467);
  assert.equal(timeOf(undefined, '2026-07-02T05:00:06.5+02:00'), at + 500);
  assert.equal(timeOf(undefined, '2026-07-01T20:30:06.5-0630'), at + 500);
  assert.equal(timeOf(undefined, '2026-07-02 05:00:06.467123+02'), at + 467);
  assert.equal(timeOf('2026-07-02 03:00:06.467 UTC', '2026-07-02T03:05:00Z'), at + 467);
  assert.equal(timeOf('nonsense', '2026-07-02T03:00:06Z'), at);
});

test('fields are found in whatever spelling, and an empty one is absent', () => {
  const record = decodeOne({
    Category: 'PostgreSQLLogs',
    ResourceId: '/subscriptions/0/x/flexibleServers/MyServer',
    TIME: '2026-07-02T03:00:06Z',
    properties: {
      Process_Id: `${0x1513f3}.0`,
      Error_Level: 'error',
      SqlErrCode: '42501',
      BackendType: 'client backend',
      Message: '2026-07-02 03:00:06 UTC-6a45d422.1513f3-ERROR:  permission denied for table t',
      DETAIL: '',
      Statement: 'select * from t',
    },
  });
  assert.equal(record.server, 'myserver');
  assert.deepEqual(
    [record.pid, record.level, record.sqlstate, record.backendType, record.detail],
    [0x1513f3, 'ERROR', '42501', 'client backend', null],
  );
  assert.equal(record.fact?.kind === 'failure' && record.fact.statement, 'select * from t');
});

test('unknown categories and metrics are kept as they came, without their secrets', () => {
  const kept = decodeOne(
    serverRecord(
      { Sql: "alter role x password 'hunter2'", db_password: 'hunter2' },
      { category: 'PostgreSQLNew' },
    ),
  );
  const properties = JSON.parse(kept.properties!) as Record<string, unknown>;
  assert.deepEqual(
    [properties.Sql, properties.db_password],
    ["alter role x password '<REDACTED>'", '<REDACTED>'],
  );
  const metric = decodeOne({
    resourceId: '/x/SRV1',
    time: '2026-07-02T03:00:06Z',
    metricName: 'cpu',
    average: 1,
  });
  assert.deepEqual([metric.category, metric.server], ['metrics', 'srv1']);
  assert.equal((JSON.parse(metric.properties!) as { average: number }).average, 1);
});

test('JSON nested without end neither crashes nor takes its neighbours along', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const element = JSON.stringify(serverRecord({}, { category: 'X' })).replace(
    '"properties":{',
    `"properties":{"d":${deep},`,
  );
  for (const body of [`{"records":[${good('a')},${element}]}`, `{"records":[${good('a')},${element},{]}`]) {
    const { records, rejects } = decode(body);
    assert.deepEqual(
      records.map((record) => record.message),
      ['a'],
    );
    assert.ok(rejects.length > 0);
  }
  assert.doesNotThrow(() => decode('{"records":['.repeat(100_000)));
  assert.doesNotThrow(() => decode('['.repeat(1_000_000)));
});

test('no bytes make the decoder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      decodeMessage(bytes, NO_PREFIXES);
    }),
  );
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.nat(400), (json, cut) => {
      decode(json);
      decode(`{"records":[${json},${good('a')}]}`.slice(0, cut));
    }),
  );
});
