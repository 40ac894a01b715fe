/** What a decoder of these logs must survive, points 1 to 8 of 16: envelopes, records, servers, prefixes, sessions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePrefix } from '../../src/decode/prefix/prefix.ts';
import type { LogRecord } from '../../src/model/record.ts';
import {
  connectionOf,
  decode,
  decodeOne,
  lineRecord,
  NAMING,
  namedRecord,
  PID,
  START,
  serverRecord,
} from './build.ts';

const AT = Date.UTC(2026, 6, 2, 3, 0, 6, 467);
const LINE = lineRecord('LOG', 'connection received: host=203.0.113.5 port=51570');

const withPrefix = (format: string, start: string, level: string, text: string): LogRecord =>
  decodeOne(serverRecord({ errorLevel: level, message: `${start}${level}:  ${text}` }), {
    prefixes: [compilePrefix(format)],
  });

test('1. envelope, bare array, single record, JSON lines, Stream Analytics: the same records', () => {
  const expected = [decodeOne(LINE), { ...decodeOne(LINE), index: 1 }];
  const json = JSON.stringify(LINE);
  for (const body of [
    { records: [LINE, LINE] },
    [LINE, LINE],
    `${json}\n${json}\n`,
    `${json}\n${json}`,
    [
      { records: [LINE], PartitionId: 1 },
      { records: [LINE], PartitionId: 1 },
    ],
  ])
    assert.deepEqual(decode(body).records, expected);
  assert.deepEqual(decode(LINE).records, [expected[0]]);
});

test('1. empty records, metrics, unknown categories and PgBouncer records give rows and no rejects', () => {
  const resourceId = '/x/SRV1';
  const time = '2026-07-02T03:00:06.467Z';
  assert.deepEqual(decode({ records: [] }), { records: [], rejects: [], unexplained: [] });
  const { records, rejects } = decode({
    records: [
      { resourceId, time, metricName: 'cpu_percent', average: 3.5, timeGrain: 'PT1M' },
      { resourceId, time, category: 'PostgreSQLSomethingNew', properties: { a: 1 } },
      {
        resourceId,
        time,
        category: 'PostgreSQLFlexPGBouncer',
        log: '2026-07-02 03:00:06.467 UTC [1] LOG stats: 1 xacts/s',
      },
    ],
  });
  assert.deepEqual(rejects, []);
  assert.deepEqual(
    records.map(({ category, eventTime, properties, message }) => [
      category,
      eventTime,
      properties !== null,
      message,
    ]),
    [
      ['metrics', AT, true, null],
      ['PostgreSQLSomethingNew', AT, true, null],
      ['PostgreSQLFlexPGBouncer', AT, false, 'stats: 1 xacts/s'],
    ],
  );
});

test('2. invalid JSON, raw control characters and a cut last line cost one record, whose bytes are kept', () => {
  const json = JSON.stringify(LINE);
  const cases: [string, string][] = [
    [
      `{"records":[${json},{"category":"PostgreSQLLogs","properties": [ 227 B blob data ]},${json}]}`,
      '227 B blob data',
    ],
    [`{"records":[${json},${json.replace('host=', 'host=\u0007')},${json}]}`, 'host=\u0007'],
    [`${json}\n${json}\n${json.slice(0, 90)}`, json.slice(0, 90)],
  ];
  for (const [body, kept] of cases) {
    const { records, rejects } = decode(body);
    assert.deepEqual([records.length, rejects.length, rejects[0]?.code], [2, 1, 'INVALID_JSON']);
    assert.ok(Buffer.from(rejects[0]!.raw).toString().includes(kept));
  }
  const surrogate = decode(`{"records":[${json.replace('host=203', String.raw`host=\ud800203`)}]}`);
  assert.equal(surrogate.records[0]?.message, 'connection received: host=\ufffd203.0.113.5 port=51570');
});

test('3. times: missing, 0, 3 or 7 digits, text with UTC; a prefix minutes away; duplicate keys', () => {
  const times = (properties: object, top: object): (number | undefined)[] => {
    const record = decodeOne(
      serverRecord({ errorLevel: 'LOG', message: `${START}LOG:  x`, ...properties }, top),
    );
    return [record.eventTime, record.azureTime];
  };
  assert.deepEqual(times({}, { time: undefined }), [AT, AT]);
  assert.deepEqual(times({ timestamp: undefined }, { time: '2026-07-02T03:00:06.4679999Z' }), [AT, AT]);
  assert.deepEqual(times({ timestamp: undefined }, { time: '2026-07-02T03:00:06Z' }), [AT - 467, AT - 467]);
  assert.deepEqual(
    times({ timestamp: '2026-07-02 03:00:06.467 UTC' }, { time: '2026-07-02T03:17:06.467Z' }),
    [AT, AT + 17 * 60_000],
  );
  const late = decodeOne(
    serverRecord({ errorLevel: 'LOG', message: '2026-07-02 02:43:06 UTC-6a45d422.1513f3-LOG:  x' }),
  );
  assert.deepEqual([late.eventTime, late.message], [AT, 'x']);
  const twice = JSON.stringify(LINE).replace('"time":', '"time":"2020-01-01T00:00:00Z","time":');
  assert.equal(decode(twice).records[0]?.azureTime, AT + 2);
});

test('4. keys in camel, snake, Capital_snake and Pascal case, with suffixes; absent, "" and null; numbers as text', () => {
  const message = `${START}ERROR:  permission denied for table t`;
  const spellings: object[] = [
    {
      processId: PID,
      errorLevel: 'ERROR',
      sqlerrcode: '42501',
      backend_type: 'client backend',
      message,
      detail: null,
    },
    {
      process_id: `${PID}`,
      error_level: 'error',
      sql_err_code: '42501',
      backendType: 'client backend',
      MESSAGE: message,
      detail: '',
    },
    {
      Process_Id: PID + 0.0,
      Error_Level: 'ERROR',
      Sqlerrcode: '42501',
      Backend_type: 'client backend',
      Message: message,
    },
    {
      ProcessId: `${PID}.0`,
      ErrorLevel: 'ERROR',
      SqlErrorCode: '42501',
      BackendType: 'client backend',
      Message: message,
      Hint: null,
    },
  ];
  const [first, ...others] = spellings.map((properties) =>
    decodeOne(serverRecord({ processId: null, ...properties })),
  );
  assert.deepEqual(
    [first!.pid, first!.level, first!.sqlstate, first!.backendType, first!.detail],
    [PID, 'ERROR', '42501', 'client backend', null],
  );
  for (const other of others) assert.deepEqual(other, first);
  const row = {
    Type: 'AzureDiagnostics',
    Category: 'PostgreSQLLogs',
    TimeGenerated: '2026-07-02T03:00:06.469Z',
    Resource: 'SRV1',
    timestamp_s: '2026-07-02 03:00:06.467 UTC',
    processId_d: PID,
    errorLevel_s: 'ERROR',
    sqlerrcode_s: '42501',
    backend_type_s: 'client backend',
    Message: message,
  };
  assert.deepEqual(decodeOne(row), first);
});

test('5. servers: any case, escaped slashes, three products, replicas and standbys apart', () => {
  const line = (top: object): object => ({ ...LINE, LogicalServerName: undefined, ...top });
  const id = '/SUBSCRIPTIONS/0/resourceGroups/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL';
  const { records, rejects } = decode({
    records: [
      line({
        LogicalServerName: 'Primary-1',
        OriginalPrimaryServerName: 'primary-1',
        ReplicaRole: 'Primary',
      }),
      line({
        LogicalServerName: 'primary-1',
        OriginalPrimaryServerName: 'PRIMARY-1',
        ReplicaRole: 'Secondary',
      }),
      line({
        LogicalServerName: 'replica-1',
        OriginalPrimaryServerName: 'primary-1',
        ReplicaRole: 'AsyncReplica',
      }),
      line({ resourceId: `${id}/FLEXIBLESERVERS/FLEX-1` }),
      line({ resourceId: `${id.toLowerCase()}/servers/Single-1` }),
    ],
  });
  assert.deepEqual(rejects, []);
  assert.deepEqual(
    records.map(({ server }) => server),
    ['primary-1', 'primary-1 (standby)', 'replica-1', 'flex-1', 'single-1'],
  );
  const cosmos = decodeOne(
    line({
      resourceId: `${id}/SERVERGROUPSV2/CITUS-1`,
      properties: {
        errorLevel: 'LOG',
        message: '2026-07-02 03:00:06.467 UTC [167373] connection authorized: user=u database=d',
      },
    }),
    { prefixes: [compilePrefix('%m [%p] ')] },
  );
  assert.deepEqual(
    [cosmos.server, cosmos.level, cosmos.pid, connectionOf(cosmos).user],
    ['citus-1', 'LOG', 167373, 'u'],
  );
  const escaped = JSON.stringify(line({ resourceId: `${id}/FLEXIBLESERVERS/FLEX-1` })).replaceAll('/', '\\/');
  assert.equal(decode(escaped).records[0]?.server, 'flex-1');
});

test('6. the copies of one event from hub, archive and Log Analytics agree; order and company change nothing', () => {
  const { timestamp, message } = (LINE as { properties: Record<string, string> }).properties;
  const row = {
    Type: 'PGSQLServerLogs',
    TimeGenerated: '2026-07-02T03:00:06.469Z',
    LogicalServerName: 'srv1',
    ErrorLevel: 'LOG',
    SqlErrorCode: '00000',
    ProcessId: PID,
    Message: message,
  };
  const hub = decode({ records: [LINE] }).records[0]!;
  const archive = decode(`${JSON.stringify(LINE)}\n`).records[0]!;
  const table = decodeOne(row);
  assert.ok(timestamp);
  assert.deepEqual(archive, hub);
  assert.deepEqual({ ...table, eventTime: hub.eventTime }, hub);
  const others = ['a', 'b', 'c'].map((text) => lineRecord('LOG', text));
  fc.assert(
    fc.property(fc.shuffledSubarray([LINE, ...others], { minLength: 4 }), (records) => {
      const index = records.indexOf(LINE);
      assert.deepEqual(decode({ records }).records[index], { ...hub, index });
    }),
  );
});

test('7. a prefix that is unknown, changed, empty, glued to the level, or holds a level word', () => {
  const { records, rejects, unexplained } = decode({
    records: [LINE, serverRecord({ errorLevel: 'LOG', message: 'who=me LOG:  x' })],
  });
  assert.deepEqual(
    [records.length, rejects.map(({ code }) => code), unexplained.map((line) => line.message)],
    [1, ['PREFIX_MISMATCH'], ['who=me LOG:  x']],
  );
  const changed = { prefixes: [compilePrefix('%m [%p] '), compilePrefix('%t:%r:%u@%d:[%p]:%a:%e')] };
  const both = decode(
    {
      records: [
        LINE,
        serverRecord({ errorLevel: 'LOG', message: `2026-07-02 03:00:06.467 UTC [${PID}] LOG:  x` }),
      ],
    },
    changed,
  );
  assert.deepEqual(
    both.records.map(({ prefix }) => prefix),
    ['%t-%c-', '%m [%p] '],
  );
  assert.equal(withPrefix('', '', 'LOG', 'x').message, 'x');
  const glued = withPrefix(
    '%t:%r:%u@%d:[%p]:%a:%e',
    '2024-03-28 05:15:50 UTC::@:[446]::00000',
    'LOG',
    '00000: x',
  );
  assert.deepEqual([glued.message, glued.prefixUser, glued.sqlstate], ['x', null, '00000']);
  const named = decodeOne(
    namedRecord('LOG', 'connection authorized: user=LOG:  a database=d', { user: 'LOG:  a', database: 'd' }),
    NAMING,
  );
  assert.deepEqual([connectionOf(named).user, named.prefixDatabase], ['LOG:  a', 'd']);
});

test('8. a session is known by its start and process id, whether its beginning was seen or not', () => {
  const at = (sessionId: string): LogRecord =>
    decodeOne(
      serverRecord({
        errorLevel: 'LOG',
        message: `2026-07-02 03:00:06 UTC-${sessionId}-LOG:  AUDIT: SESSION,7,1,READ,SELECT,,,select 1,<none>`,
      }),
    );
  assert.equal(at('6a45d422.1513f3').sessionId, '6a45d422.1513f3');
  assert.notEqual(at('6a45d422.1513f3').sessionId, at('6a45d423.1513f3').sessionId);
  assert.equal(at('6a45d422.1513f3').pid, at('6a45d423.1513f3').pid);
});
