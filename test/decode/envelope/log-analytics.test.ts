/** The promise: a row of Log Analytics is the record that the hub sent, whatever column or bag a field ended up in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TABLES } from '../../../src/decode/envelope/log-analytics.ts';
import { decodeOne } from '../build.ts';

const ID = '/subscriptions/0/resourcegroups/rg/providers/microsoft.dbforpostgresql/flexibleservers/srv1';

/** A row of AzureDiagnostics with a column for everything. */
const ROW: Record<string, unknown> = {
  Type: 'AzureDiagnostics',
  TimeGenerated: '2026-07-02T03:00:06.4690000Z',
  Category: 'PostgreSQLLogs',
  ResourceId: ID.toUpperCase(),
  LogicalServerName_s: 'srv1',
  ReplicaRole_s: 'Secondary',
  OriginalPrimaryServerName_s: 'srv1',
  timestamp_s: '2026-07-02 03:00:06.467 UTC',
  processId_d: 1381363.0,
  errorLevel_s: 'ERROR',
  sqlerrcode_s: '42501',
  backend_type_s: 'client backend',
  Message: '2026-07-02 03:00:06 UTC-6a45d422.1513f3-ERROR:  permission denied for table t',
  Detail: 'a detail',
  context_s: 'a context',
  _ResourceId: ID,
};

/** Those that a workspace with 500 columns may have no column for. */
const MOVABLE = Object.keys(ROW).filter((name) => /_[sd]$/.test(name) || name === 'Detail');

test('what has no column of its own is read from AdditionalFields, an object or its JSON', () => {
  const whole = decodeOne(ROW);
  assert.deepEqual([whole.server, whole.pid, whole.detail], ['srv1 (standby)', 0x1513f3, 'a detail']);
  fc.assert(
    fc.property(fc.subarray(MOVABLE), fc.boolean(), fc.boolean(), (moved, asText, withoutSuffix) => {
      const bag = Object.fromEntries(
        moved.map((name) => [withoutSuffix ? name.replace(/_[sd]$/, '') : name, ROW[name]]),
      );
      const row = Object.fromEntries(
        Object.entries(ROW).map(([name, value]) => [name, moved.includes(name) ? '' : value]),
      );
      assert.deepEqual(decodeOne({ ...row, AdditionalFields: asText ? JSON.stringify(bag) : bag }), whole);
    }),
    { numRuns: 100 },
  );
});

test('a column counts more than AdditionalFields, and a bag that is none harms nobody', () => {
  const whole = decodeOne(ROW);
  for (const AdditionalFields of [
    { Message: 'forged', errorLevel_s: 'LOG', Category: 'Other', TimeGenerated: '2020-01-01T00:00:00Z' },
    '{"broken',
    '[1]',
    'text',
    7,
    [{ Detail: 'x' }],
    null,
  ])
    assert.deepEqual(decodeOne({ ...ROW, AdditionalFields }), whole);
});

test('a standby in a table of its own is named as the hub names it, a read replica is itself', () => {
  const named = (top: object): string =>
    decodeOne({
      Type: 'PGSQLServerLogs',
      TimeGenerated: '2026-07-02T03:00:06.469Z',
      LogicalServerName: 'SRV1',
      ErrorLevel: 'LOG',
      Message: '2026-07-02 03:00:06 UTC-6a45d422.1513f3-LOG:  x',
      _ResourceId: ID,
      ...top,
    }).server;
  assert.equal(named({}), 'srv1');
  assert.equal(named({ ReplicaRole: 'Primary' }), 'srv1');
  assert.equal(named({ ReplicaRole: 'Secondary' }), 'srv1 (standby)');
  assert.equal(named({ ReplicaRole: 'Secondary', LogicalServerName: '' }), 'srv1 (standby)');
  assert.equal(named({ ReplicaRole: 'AsyncReplica' }), 'srv1');
  assert.equal(named({ ReplicaRole: 'Secondary', OriginalPrimaryServerName: 'other' }), 'srv1');
  assert.equal(
    named({ Type: 'PGSQLPgBouncer', ReplicaRole: 'Secondary', Message: '', Log: 'a line' }),
    'srv1',
  );
});

test('the tables that are read are those that the decoder knows', () => {
  assert.equal(new Set(TABLES).size, TABLES.length);
  for (const Type of TABLES.slice(1)) {
    const record = decodeOne({
      Type,
      TimeGenerated: '2026-07-02T03:00:06.469Z',
      LogicalServerName: 'srv1',
      Message: '2026-07-02 03:00:06 UTC-6a45d422.1513f3-LOG:  x',
    });
    assert.match(record.category, /^PostgreSQL/);
  }
});
