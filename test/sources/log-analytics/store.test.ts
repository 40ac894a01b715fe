/** The promise: what comes from Log Analytics is stored as what comes from the hub, and each record once. */
import assert from 'node:assert/strict';
import { before, describe, type TestContext, test } from 'node:test';
import { decodeMessage } from '../../../src/decode/message.ts';
import type { SourceMessage } from '../../../src/model/message.ts';
import type { Position } from '../../../src/model/position.ts';
import type { History } from '../../../src/sources/history.ts';
import { StatementReader } from '../../../src/statements/statement-reader.ts';
import { contentHash } from '../../../src/store/content-hash.ts';
import type { Row, Store } from '../../../src/store/store.ts';
import { type CommitResult, StoreWriter } from '../../../src/store/writer.ts';
import { createIngestor } from '../../../src/worker/ingestion.ts';
import { Random } from '../../fuzz/random.ts';
import { temporaryStore } from '../../store/support.ts';
import { DAY, historyOf, LATER, recordedRecords, serviceForTests } from './rig.ts';
import { diagnosticsRow, type HubRecord, serverLogsRow } from './rows.ts';
import type { Fault } from './service.ts';

const fresh = serviceForTests();
const LIMITS = { maxRecords: 5_000, maxDelayMs: 0, maxBufferedBytes: 64 << 20 };

/** What depends on the way on which a record came. */
const WAY = 'record_id, received_at, source, partition, sequence_number, record_index';
/** Audited statements without how they ended: which error is whose is told from the order in which lines arrive. */
const AUDITED = `SELECT server, session_id, session_key, user_name, statement_id, substatement_id, class, command, sql_text
  FROM activity WHERE audit_type IS NOT NULL`;
const UNORDERED = ['records', 'audited', 'sessions', 'sign_ins', 'errors', 'audit_gaps', 'rejects'];
const VIEWS = ['activity', ...UNORDERED];

let records: HubRecord[];
/** Enough of them for what is tried often. */
let few: HubRecord[];
let reader: StatementReader;
before(async () => {
  records = await recordedRecords();
  few = records.slice(0, 1_200);
  reader = await StatementReader.start({});
});
test.after(() => reader.close());

/** All that can be asked about, but for the way on which it came. */
async function contentOf(store: Store): Promise<Record<string, string[]>> {
  const content: Record<string, string[]> = {};
  for (const view of VIEWS.filter((name) => name !== 'audited')) {
    const columns = await store.rows<{ column_name: string }>(
      `SELECT column_name FROM (DESCRIBE SELECT * FROM ${view})`,
    );
    const way = columns
      .map(({ column_name }) => column_name)
      .filter((name) => WAY.split(', ').includes(name));
    const rows = await store.rows<Row>(
      `SELECT * ${way.length > 0 ? `EXCLUDE (${way.join(', ')})` : ''} FROM ${view}`,
    );
    content[view] = rows.map(textOf).sort();
  }
  content.audited = (await store.rows<Row>(AUDITED)).map(textOf).sort();
  return content;
}

/** Shows a few of the rows that differ: all of them would be pages. */
function assertSame(found: Record<string, string[]>, wanted: Record<string, string[]>, views = VIEWS): void {
  for (const view of views) {
    const [rows, expected] = [found[view]!, wanted[view]!];
    const [had, has] = [new Set(expected), new Set(rows)];
    const missing = expected.filter((row) => !has.has(row)).slice(0, 3);
    const extra = rows.filter((row) => !had.has(row)).slice(0, 3);
    assert.deepEqual({ view, missing, extra }, { view, missing: [], extra: [] });
    assert.equal(rows.length, expected.length);
  }
}

function textOf(row: Row): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

interface Loaded extends CommitResult {
  batches: number;
}

/** Reads a history into a store as `backfill` does, up to a number of batches. */
async function load(
  store: Store,
  history: History,
  batches = Number.POSITIVE_INFINITY,
  since = DAY - 86_400_000,
): Promise<Loaded> {
  const writer = await StoreWriter.create(store);
  const total: Loaded = { records: 0, rejects: 0, repeated: 0, copies: 0, missing: 0, batches: 0 };
  const events = {
    onCommit: (result: CommitResult) => {
      for (const key of Object.keys(result) as (keyof CommitResult)[]) total[key] += result[key];
    },
  };
  const ingestor = await createIngestor(store, writer, ['%t-%c-'], LIMITS, events, reader);
  try {
    const reading = {
      position: (source: string, partition: string): Position | undefined =>
        writer.position(source, partition),
      since,
      until: LATER,
      signal: new AbortController().signal,
    };
    if (batches > 0)
      for await (const batch of history.read(reading)) {
        await ingestor.ingest(batch.messages, batch.contiguous);
        if (++total.batches === batches) break;
      }
  } finally {
    await ingestor.stop();
  }
  return total;
}

/** The same records as the hub sends them. */
async function loadFromHub(store: Store, hub: readonly HubRecord[]): Promise<CommitResult> {
  const messages: SourceMessage[] = [];
  for (let start = 0; start < hub.length; start += 500)
    messages.push({
      source: 'eventhub:test/logs/$Default',
      partition: '0',
      sequenceNumber: messages.length,
      offset: String(start),
      body: Buffer.from(JSON.stringify({ records: hub.slice(start, start + 500) })),
    });
  const total: CommitResult = { records: 0, rejects: 0, repeated: 0, copies: 0, missing: 0 };
  const writer = await StoreWriter.create(store);
  const events = {
    onCommit: (result: CommitResult) => {
      for (const key of Object.keys(result) as (keyof CommitResult)[]) total[key] += result[key];
    },
  };
  const ingestor = await createIngestor(store, writer, ['%t-%c-'], LIMITS, events, reader);
  await ingestor.ingest(messages, true);
  await ingestor.stop();
  return total;
}

const hashes = (rows: readonly object[]): bigint[] => {
  const decoded = decodeMessage(Buffer.from(JSON.stringify({ records: rows })), { prefixes: [] });
  assert.deepEqual(decoded.rejects, []);
  return decoded.records.map((record) => contentHash('key', record));
};

test('a record has one content hash in the hub, in AzureDiagnostics and in a table of its own', () => {
  const standby = records.slice(0, 5).map((record) => ({ ...record, ReplicaRole: 'Secondary' }));
  const all = [...records, ...standby];
  const wanted = hashes(all);
  assert.ok(new Set(wanted).size > 4_000);
  assert.deepEqual(hashes(all.map((record) => diagnosticsRow(record))), wanted);
  assert.deepEqual(
    hashes(all.map((record) => diagnosticsRow(record, ['errorLevel', 'detail', 'LogicalServerName']))),
    wanted,
  );
  assert.deepEqual(hashes(all.map(serverLogsRow)), wanted);
});

describe('a workspace with AzureDiagnostics', () => {
  let wanted: Record<string, string[]>;
  /** In a store of its own, whose key of content hashes plays no part in what is compared. */
  const fromHub = async (t: TestContext) => {
    const store = await temporaryStore(t);
    await loadFromHub(store, few);
    wanted ??= await contentOf(store);
  };

  test('gives the store that the hub gives', async (t) => {
    const hub = await temporaryStore(t);
    await loadFromHub(hub, records);
    const service = fresh();
    service.tables.set(
      'AzureDiagnostics',
      records.map((record) => diagnosticsRow(record)),
    );
    const store = await temporaryStore(t);
    const loaded = await load(store, historyOf(service));
    assert.equal(loaded.records, records.length);
    assertSame(await contentOf(store), await contentOf(hub));
  });

  test('however often it stops and whatever the service does', async (t) => {
    await fromHub(t);
    for (const seed of [1, 2]) {
      const random = new Random(seed);
      const service = fresh();
      const faults: (Fault | null)[] = [
        'throttled',
        'gateway-timeout',
        'partial',
        'drop',
        'drop-midway',
        null,
        null,
        null,
      ];
      service.fault = () => random.pick(faults);
      service.tables.set(
        'AzureDiagnostics',
        few.map((record) => diagnosticsRow(record)),
      );
      const store = await temporaryStore(t);
      const history = historyOf(service, { limits: { sliceRows: 150, stallMs: 50 } });
      for (let killed = 0; killed < 3; killed++) await load(store, history, random.below(6));
      await load(store, history);
      assertSame(await contentOf(store), wanted);
    }
  });

  test('leaves out what the hub brought before, and brings what the hub missed', async (t) => {
    await fromHub(t);
    const store = await temporaryStore(t);
    const brought = few.filter((_, index) => index % 3 !== 0);
    await loadFromHub(store, brought);
    const service = fresh();
    service.tables.set(
      'AzureDiagnostics',
      few.map((record) => diagnosticsRow(record)),
    );
    const loaded = await load(store, historyOf(service, { limits: { sliceRows: 300 } }));
    assert.equal(loaded.records, few.length - brought.length);
    assert.equal(loaded.copies, brought.length);
    assertSame(await contentOf(store), wanted, UNORDERED);
  });

  test('and the tables of its own at once doubles nothing', async (t) => {
    await fromHub(t);
    const service = fresh();
    service.tables.set(
      'AzureDiagnostics',
      few.map((record) => diagnosticsRow(record)),
    );
    service.tables.set('PGSQLServerLogs', few.map(serverLogsRow));
    const store = await temporaryStore(t);
    const loaded = await load(store, historyOf(service, { limits: { sliceRows: 300 } }));
    assert.deepEqual([loaded.records, loaded.copies], [few.length, few.length]);
    assertSame(await contentOf(store), wanted);
  });

  test('gives late rows to a later run, and no row twice', async (t) => {
    await fromHub(t);
    const service = fresh();
    const rows = few.map((record) => diagnosticsRow(record));
    service.tables.set(
      'AzureDiagnostics',
      rows.filter((_, index) => index % 4 !== 0),
    );
    const store = await temporaryStore(t);
    let now = DAY + 20 * 3_600_000;
    const history = historyOf(service, { now: () => now, limits: { sliceRows: 300 } });
    const first = await load(store, history);
    service.tables.set('AzureDiagnostics', rows);
    for (const hours of [1, 90]) {
      now += hours * 3_600_000;
      await load(store, history);
      assertSame(await contentOf(store), wanted, UNORDERED);
    }
    assert.ok(first.records < few.length);
    const settled = await load(store, history);
    assert.deepEqual([settled.records, settled.copies], [0, 0]);
  });
});

test('a table of its own gives all but what it does not have: the time of the event', async (t) => {
  const service = fresh();
  service.tables.set('PGSQLServerLogs', records.map(serverLogsRow));
  const store = await temporaryStore(t);
  const loaded = await load(store, historyOf(service));
  assert.deepEqual([loaded.records, loaded.rejects], [records.length, 0]);
  const untimed = await temporaryStore(t);
  await loadFromHub(
    untimed,
    records.map((record) => {
      const { timestamp: _, ...properties } = record.properties!;
      return { ...record, properties };
    }),
  );
  assertSame(await contentOf(store), await contentOf(untimed), UNORDERED);
});

test('lines that are equal in all are stored as often as they were logged', async (t) => {
  const service = fresh();
  const [line] = few;
  const equal = Array.from({ length: 37 }, () => diagnosticsRow(line!));
  service.tables.set('AzureDiagnostics', [...equal, ...few.slice(1).map((record) => diagnosticsRow(record))]);
  const store = await temporaryStore(t);
  let now = DAY + 20 * 3_600_000;
  const history = historyOf(service, { now: () => now, limits: { sliceRows: 30 } });
  for (const batches of [1, 3, 2]) await load(store, history, batches);
  now += 3_600_000;
  await load(store, history);
  now += 3_600_000;
  await load(store, history);
  const [found] = await store.rows<{ n: bigint }>('SELECT count(*) AS n FROM store.records');
  assert.equal(Number(found?.n), few.length + 36);
});

test('records of a category that is kept as it came are known again, with all digits', async (t) => {
  const service = fresh();
  const kept = (number: number) => ({
    TimeGenerated: `2026-11-24T17:05:${String(number).padStart(2, '0')}.0000000Z`,
    Type: 'PGSQLQueryStoreRuntime',
    LogicalServerName: 'srv1',
    QueryId: -3416356442043621232n - BigInt(number),
    Calls: 3,
    MeanTime: 0.30000000000000004,
    _ResourceId: '/subscriptions/0/providers/microsoft.dbforpostgresql/flexibleservers/srv1',
    _BilledSize: 100,
    _ItemId: `item-${number}`,
  });
  service.tables.set(
    'PGSQLQueryStoreRuntime',
    Array.from({ length: 20 }, (_, number) => kept(number)),
  );
  const store = await temporaryStore(t);
  let now = DAY + 20 * 3_600_000;
  const history = historyOf(service, { now: () => now });
  assert.equal((await load(store, history)).records, 20);
  now += 3_600_000;
  const again = await load(store, history);
  assert.deepEqual([again.records, again.copies], [0, 20]);
  const [first] = await store.rows<{ properties: string }>(
    'SELECT properties FROM store.records ORDER BY event_time LIMIT 1',
  );
  const properties = JSON.parse(first!.properties) as Record<string, unknown>;
  assert.deepEqual(
    [properties.QueryId, properties.MeanTime, properties._ItemId],
    ['-3416356442043621232', 0.30000000000000004, undefined],
  );
});
