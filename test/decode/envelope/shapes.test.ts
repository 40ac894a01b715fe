import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePrefix } from '../../../src/decode/prefix/prefix.ts';
import type { LogRecord } from '../../../src/model/record.ts';
import { decode, decodeOne, lineRecord, serverRecord } from '../build.ts';

const ID = '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL';

/** One server log record before anybody has spelled it. */
interface Line {
  server: string;
  role: string;
  primary: string;
  time: number;
  lag: number;
  pid: number;
  level: string;
  sqlstate: string;
  backendType: string;
  text: string;
  detail: string;
  context: string;
  statement: string;
}

const text = fc.oneof(
  fc.string({ maxLength: 40, unit: 'grapheme' }),
  fc.constantFrom('', "ALTER ROLE a PASSWORD 'hunter2'", 'host=h password=x', 'a\0b', 'x\ud800', '{"a":1}'),
);

const line: fc.Arbitrary<Line> = fc.record({
  server: fc.oneof(fc.constant('srv1'), fc.stringMatching(/^[a-z][a-z0-9-]{1,20}$/)),
  role: fc.constantFrom('Primary', '', 'Secondary', 'AsyncReplica'),
  primary: fc.constantFrom('srv1', 'other'),
  time: fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2035, 0) }),
  lag: fc.nat(20 * 60_000),
  pid: fc.integer({ min: 1, max: 0xffffff }),
  level: fc.constantFrom('LOG', 'ERROR', 'FATAL', 'WARNING'),
  sqlstate: fc.constantFrom('00000', '28P01', '42501'),
  backendType: fc.constantFrom('', 'client backend', 'not initialized', 'checkpointer'),
  text: fc.oneof(
    text,
    fc.constantFrom(
      'AUDIT: SESSION,1,1,READ,SELECT,,,"select 1, 2",<none>',
      'connection authorized: user=alice database=db',
      'connection received: host=203.0.113.5 port=51570',
      'password authentication failed for user "alice"',
      'parameter "work_mem" changed to "8MB"',
    ),
  ),
  detail: text,
  context: text,
  statement: text,
});

const iso = (time: number): string => new Date(time).toISOString();
const messageOf = ({ time, pid, level, text: body }: Line): string => {
  const seconds = iso(time).slice(0, 19).replace('T', ' ');
  return `${seconds} UTC-${Math.floor(time / 1000 - 60).toString(16)}.${pid.toString(16)}-${level}:  ${body}`;
};

/** As Event Hubs and a storage archive have it: an unset field is absent. */
function asSent(one: Line): Record<string, unknown> {
  const optional = Object.entries({
    backend_type: one.backendType,
    detail: one.detail,
    context: one.context,
    statement: one.statement,
  }).filter(([, value]) => value !== '');
  return {
    category: 'PostgreSQLLogs',
    operationName: 'LogEvent',
    properties: {
      timestamp: iso(one.time).replace('T', ' ').replace('Z', ' UTC'),
      processId: one.pid,
      errorLevel: one.level,
      sqlerrcode: one.sqlstate,
      message: messageOf(one),
      ...Object.fromEntries(optional),
    },
    resourceId: `${ID}/FLEXIBLESERVERS/${one.server.toUpperCase()}`,
    time: iso(one.time + one.lag),
    LogicalServerName: one.server,
    ReplicaRole: one.role,
    OriginalPrimaryServerName: one.primary,
  };
}

/** The same with every key in another case. */
function respelled(value: unknown, spell: (key: string) => string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [spell(key), respelled(inner, spell)]),
  );
}

/** A row of AzureDiagnostics: an unset column is null or empty. */
const asDiagnostics = (one: Line, empty: '' | null): object => ({
  TenantId: '0',
  SourceSystem: 'Azure',
  TimeGenerated: iso(one.time + one.lag),
  Type: 'AzureDiagnostics',
  ResourceProvider: 'MICROSOFT.DBFORPOSTGRESQL',
  ResourceType: 'FLEXIBLESERVERS',
  ResourceId: `${ID}/FLEXIBLESERVERS/${one.server.toUpperCase()}`,
  Resource: one.server.toUpperCase(),
  Category: 'PostgreSQLLogs',
  OperationName: 'LogEvent',
  LogicalServerName_s: one.server,
  ReplicaRole_s: one.role,
  OriginalPrimaryServerName_s: one.primary,
  timestamp_s: iso(one.time).replace('T', ' ').replace('Z', ' UTC'),
  processId_d: one.pid,
  errorLevel_s: one.level,
  sqlerrcode_s: one.sqlstate,
  backend_type_s: one.backendType || empty,
  Message: messageOf(one),
  Detail: one.detail || empty,
  context_s: one.context || empty,
  statement_s: one.statement || empty,
  _ResourceId: `${ID.toLowerCase()}/flexibleservers/${one.server}`,
});

/** A row of PGSQLServerLogs, which has neither category nor the time of the event. */
const asServerLogs = (one: Line): object => ({
  TenantId: '0',
  TimeGenerated: iso(one.time + one.lag),
  Type: 'PGSQLServerLogs',
  LogicalServerName: one.server,
  ReplicaRole: one.role,
  OriginalPrimaryServerName: one.primary,
  Location: 'eastus',
  ErrorLevel: one.level,
  SqlErrorCode: one.sqlstate,
  ProcessId: one.pid,
  BackendType: one.backendType,
  Message: messageOf(one),
  Detail: one.detail,
  Hint: '',
  Context: one.context,
  Statement: one.statement,
  _ResourceId: `${ID.toLowerCase()}/flexibleservers/${one.server}`,
});

const without = (row: object, ...columns: string[]): object =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !columns.includes(name)));

/** All but the bytes of a reject, which are those that came. */
function outcome(record: object): object {
  const { records, rejects, unexplained } = decode([record]);
  return { records, unexplained, rejects: rejects.map(({ code, reason }) => [code, reason]) };
}

test('one record in all spellings is the same LogRecord', () => {
  const snake = (key: string): string =>
    key.replace(/(?<=[a-z])[A-Z]/g, (c) => `_${c}`).replace(/^./, (c) => c.toUpperCase());
  fc.assert(
    fc.property(line, (one) => {
      const sent = asSent(one);
      const properties = sent.properties as object;
      const expected = outcome(sent);
      const shapes: [string, object][] = [
        ['another order', Object.fromEntries(Object.entries(sent).reverse())],
        ['lower case', respelled(sent, (key) => key.toLowerCase()) as object],
        ['upper case', respelled(sent, (key) => key.toUpperCase()) as object],
        ['Capital_snake', respelled(sent, snake) as object],
        ['process id as text', { ...sent, properties: { ...properties, processId: `${one.pid}.0` } }],
        ['null', { ...sent, properties: { hint: null, detail: null, context: '', ...properties } }],
        ['AzureDiagnostics', asDiagnostics(one, null)],
        ['AzureDiagnostics with empty columns', asDiagnostics(one, '')],
        ['AzureDiagnostics, projected', without(asDiagnostics(one, ''), 'Type', 'TenantId', '_ResourceId')],
      ];
      for (const [name, shape] of shapes) assert.deepEqual(outcome(shape), expected, name);
      const later = { ...sent, properties: without(properties, 'timestamp') };
      const row = asServerLogs(one);
      assert.deepEqual(outcome(row), outcome(later));
      assert.deepEqual(outcome(without(row, 'Type', 'TenantId')), outcome(later));
    }),
    { numRuns: 300 },
  );
});

test('an exact spelling counts more than another, wherever it stands', () => {
  const record = (properties: object): LogRecord =>
    decodeOne(
      serverRecord({
        errorLevel: 'LOG',
        message: '2026-07-02 03:00:06 UTC-6a45d422.1513f3-LOG:  x',
        ...properties,
      }),
    );
  assert.equal(record({ DETAIL: 'other', detail: 'exact' }).detail, 'exact');
  assert.equal(record({ detail: 'exact', DETAIL: 'other' }).detail, 'exact');
  assert.equal(record({ detail: '', Detail: 'other', DETAIL: 'third' }).detail, 'other');
  assert.equal(record({ detail_log: 'long' }).detail, 'long');
  assert.equal(record({ detail_s: 'no table' }).detail, null);
  const { category: _, ...top } = lineRecord('LOG', 'x') as Record<string, unknown>;
  assert.equal(decodeOne({ category: '', Category: 'PostgreSQLLogs', ...top }).message, 'x');
});

test('a resource-specific table becomes the category that Event Hubs has', () => {
  const tables: [string, string][] = [
    ['PGSQLPgStatActivitySessions', 'PostgreSQLFlexSessions'],
    ['PGSQLQueryStoreRuntime', 'PostgreSQLFlexQueryStoreRuntime'],
    ['PGSQLQueryStoreWaits', 'PostgreSQLFlexQueryStoreWaitStats'],
    ['PGSQLAutovacuumStats', 'PostgreSQLFlexTableStats'],
    ['PGSQLDbTransactionsStats', 'PostgreSQLFlexDatabaseXacts'],
    ['PGSQLPgBouncer', 'PostgreSQLFlexPGBouncer'],
    ['PGSQLQueryStoreQueryText', 'PostgreSQLQueryStoreSqlText'],
    ['PGSQLSomethingNew', 'PGSQLSomethingNew'],
  ];
  for (const [Type, category] of tables) {
    const row = { Type, TimeGenerated: '2026-07-02T03:00:06.469Z', LogicalServerName: 'SRV1', Calls: 3 };
    const record = decodeOne(row);
    assert.deepEqual(
      [record.category, record.server, record.azureTime],
      [category, 'srv1', record.eventTime],
    );
    assert.deepEqual(JSON.parse(record.properties!), row);
  }
});

test('a server is named in lower case by its logical name, else by its resource id', () => {
  const named = (top: object): string =>
    decodeOne({ ...lineRecord('LOG', 'x'), LogicalServerName: undefined, ...top }).server;
  assert.equal(named({ LogicalServerName: ' SRV2 ' }), 'srv2');
  assert.equal(
    named({ resourceId: '/subscriptions/0/providers/Microsoft.DBforPostgreSQL/flexibleServers/Mixed-1' }),
    'mixed-1',
  );
  assert.equal(named({ LogicalServerName: null, resourceId: `${ID}/SERVERS/OLD` }), 'old');
  assert.equal(named({ resourceId: 'SRV9' }), 'srv9');
  const escaped = JSON.stringify(lineRecord('LOG', 'x', {})).replaceAll('/', '\\/');
  assert.equal(decode(`{"records":[${escaped}]}`).records[0]?.server, 'srv1');
});

test('a standby is apart from the primary under whose name it logs, a read replica is itself', () => {
  const named = (ReplicaRole: string | null, OriginalPrimaryServerName: string | null): string =>
    decodeOne({ ...lineRecord('LOG', 'x'), ReplicaRole, OriginalPrimaryServerName }).server;
  assert.equal(named('Primary', 'srv1'), 'srv1');
  assert.equal(named('primary', 'srv1'), 'srv1');
  assert.equal(named('', 'srv1'), 'srv1');
  assert.equal(named(null, 'srv1'), 'srv1');
  assert.equal(named('Secondary', null), 'srv1');
  assert.equal(named('Secondary', 'SRV1'), 'srv1 (standby)');
  assert.equal(named('AsyncReplica', 'the-primary'), 'srv1');
});

test('each server has prefixes of its own, or those of all', () => {
  const line = (LogicalServerName: string, message: string): object =>
    serverRecord({ errorLevel: 'LOG', message }, { LogicalServerName });
  const own = new Map([['srv2', [compilePrefix('b ')]]]);
  const { records, rejects } = decode(
    {
      records: [
        line('SRV1', 'a LOG:  x'),
        line('SRV2', 'b LOG:  y'),
        line('SRV1', 'b LOG:  z'),
        line('SRV2', 'a LOG:  z'),
      ],
    },
    { prefixes: [compilePrefix('a ')], prefixesOf: (server) => own.get(server) },
  );
  assert.deepEqual(
    records.map(({ server, prefix, message }) => [server, prefix, message]),
    [
      ['srv1', 'a ', 'x'],
      ['srv2', 'b ', 'y'],
    ],
  );
  assert.deepEqual(
    rejects.map(({ index, code }) => [index, code]),
    [
      [2, 'PREFIX_MISMATCH'],
      [3, 'PREFIX_MISMATCH'],
    ],
  );
});
