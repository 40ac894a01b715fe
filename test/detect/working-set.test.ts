/** The promise: what detectors read in memory is what the views of the store say, whatever arrived in whichever order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecording } from '../../src/demo/recording.ts';
import { newest } from '../../src/detect/engine.ts';
import { type WorkingSet, workingSetOf } from '../../src/detect/working-set.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { createIngestor } from '../../src/worker/ingestion.ts';
import { Random } from '../fuzz/random.ts';
import { connection, logRecord, temporaryStore } from '../store/support.ts';
import { audited, failed, HOUR, MINUTE, SECOND, signIn, T0, write } from './support.ts';

/** One look as the engine takes it. Returns the span that was judged. */
async function look(
  store: Store,
  set: WorkingSet,
  state: { watermark: number; judged: bigint },
  until: number,
) {
  const front = (await newest(store))!;
  const [row] = await store.rows<{ first: Date | null }>(
    'SELECT min(event_time) AS first FROM store.records WHERE record_id > $judged',
    { judged: state.judged },
  );
  const to = Math.max(until, state.watermark);
  const from = Math.min(state.watermark === 0 ? to : state.watermark, (row?.first?.getTime() ?? to) - 1);
  await set.advance({ since: from, watermark: state.watermark, judged: state.judged, front: front.recordId });
  await set.take({ from, to, watermark: state.watermark, judged: state.judged });
  set.done(to);
  state.watermark = to;
  state.judged = front.recordId;
  return { from, to };
}

async function rowsOf(set: WorkingSet, sql: string): Promise<string[]> {
  const reader = await set.connection.runAndReadAll(sql);
  return reader
    .getRowObjectsJson()
    .map((row) => JSON.stringify(row))
    .sort();
}

/** A view as the set holds it and as the store tells it, over a condition. */
async function assertSame(set: WorkingSet, view: string, condition: string): Promise<void> {
  const remembered = await rowsOf(set, `FROM working.main.${view} WHERE ${condition}`);
  const stored = await rowsOf(set, `FROM pgvigil.main.${view} WHERE ${condition}`);
  assert.deepEqual(remembered, stored, view);
}

test('records in any order, looked at in between: the set says what the store says', async (t) => {
  const store = await temporaryStore(t);
  const limits = { maxRecords: 5000, maxDelayMs: 0, maxBufferedBytes: 1 << 26 };
  const ingestor = await createIngestor(store, await StoreWriter.create(store), ['%t-%c-'], limits, {});
  const random = new Random(20_261_127);
  const records = (await readRecording())
    .flatMap(({ body }) => (JSON.parse(body) as { records: { time: string }[] }).records)
    .map((record) => ({ record, at: Date.parse(record.time) + random.below(15 * MINUTE) }))
    .sort((a, b) => a.at - b.at)
    .map(({ record }) => record);
  const set = await workingSetOf(store, HOUR);
  const state = { watermark: 0, judged: 0n };
  let sequenceNumber = 0;
  for (let start = 0; start < records.length; ) {
    const size = 1 + random.below(900);
    const body = Buffer.from(JSON.stringify({ records: records.slice(start, start + size) }));
    await ingestor.ingest(
      [{ source: 'test', partition: '0', sequenceNumber, offset: String(sequenceNumber), body }],
      true,
    );
    sequenceNumber += 1;
    start += size;
    const front = (await newest(store))!;
    await look(store, set, state, front.eventTime - random.below(3) * 2 * MINUTE);
    const judged = `event_time <= '${new Date(state.watermark).toISOString().slice(0, -1)}'`;
    await assertSame(set, 'notable_activity', judged);
    await assertSame(set, 'activity_minutes', judged.replace('event_time', 'minute + INTERVAL 1 MINUTE'));
    await assertSame(set, 'relations_touched', judged.replace('event_time', 'span + INTERVAL 10 MINUTE'));
    const held = `SELECT record_id FROM pgvigil.store.activities WHERE event_time > '${new Date(state.watermark).toISOString().slice(0, -1)}'`;
    if ((await rowsOf(set, held)).length === 0) await assertSame(set, 'audit_gaps', 'true');
    await assertSame(set, 'sign_ins', 'true');
    await assertSame(
      set,
      'sessions',
      'session_id IN (SELECT session_id FROM pgvigil.store.connection_events)',
    );
  }
  await ingestor.stop();
});

test('an activity is judged once, and again when something new is known of it', async (t) => {
  const store = await temporaryStore(t);
  const set = await workingSetOf(store, HOUR);
  const state = { watermark: 0, judged: 0n };
  const who = { session: `${Math.floor(T0 / 1000).toString(16)}.1`, user: 'ada', client: '203.0.113.7' };
  const judged = () => rowsOf(set, 'SELECT user_name, client FROM working.main.activity');
  const [received, ...signedIn] = signIn(T0, who);
  await write(store, [received!, audited(T0 + SECOND, who, 'SELECT 1')]);
  await look(store, set, state, T0 + SECOND);
  assert.deepEqual(await judged(), ['{"user_name":null,"client":"203.0.113.7"}']);
  await look(store, set, state, T0 + 2 * SECOND);
  assert.deepEqual(await judged(), []);
  await write(store, signedIn);
  await look(store, set, state, T0 + 2 * SECOND);
  assert.deepEqual(await judged(), ['{"user_name":"ada","client":"203.0.113.7"}']);
  await look(store, set, state, T0 + 2 * SECOND);
  assert.deepEqual(await judged(), []);
});

test('what the last line of a session tells reaches the statements that are remembered of it', async (t) => {
  const store = await temporaryStore(t);
  const set = await workingSetOf(store, HOUR);
  const state = { watermark: 0, judged: 0n };
  const session = `${Math.floor(T0 / 1000).toString(16)}.6`;
  await write(store, [audited(T0 + SECOND, { session }, 'DROP TABLE t')]);
  await look(store, set, state, T0 + SECOND);
  const fact = connection('disconnected', { user: 'ada', database: 'shop', client: '203.0.113.7' });
  await write(store, [
    { record: logRecord(fact, { eventTime: T0 + MINUTE, sessionId: session }), features: null },
  ]);
  await look(store, set, state, T0 + MINUTE);
  await assertSame(set, 'notable_activity', 'true');
  const remembered = await rowsOf(
    set,
    'SELECT user_name, database_name, client FROM working.main.notable_activity',
  );
  assert.deepEqual(remembered, ['{"user_name":"ada","database_name":"shop","client":"203.0.113.7"}']);
});

test('whose a failure was is told by lines of its session that come after it was judged', async (t) => {
  const store = await temporaryStore(t);
  const set = await workingSetOf(store, HOUR);
  const state = { watermark: 0, judged: 0n };
  const who = { session: `${Math.floor(T0 / 1000).toString(16)}.7`, user: 'ada', client: '10.0.0.1' };
  const { record, features } = failed(T0 + SECOND, { session: who.session }, '42501', 'permission denied');
  // Without the type of the backend nothing is kept of the session itself.
  await write(store, [{ record: { ...record, backendType: null }, features }]);
  await look(store, set, state, T0 + SECOND);
  await write(store, signIn(T0 + 2 * SECOND, who));
  await look(store, set, state, T0 + MINUTE);
  for (const view of ['notable_activity', 'activity_minutes']) {
    await assertSame(set, view, 'true');
    assert.deepEqual(await rowsOf(set, `SELECT user_name FROM working.main.${view}`), [
      '{"user_name":"ada"}',
    ]);
  }
});

test('a look reads what arrived, not what lies between: a late line does not bring everything since back', async (t) => {
  const store = await temporaryStore(t);
  const set = await workingSetOf(store, HOUR);
  const state = { watermark: 0, judged: 0n };
  const who = { session: `${Math.floor(T0 / 1000).toString(16)}.2`, user: 'ada' };
  await write(
    store,
    Array.from({ length: 100 }, (_, n) => audited(T0 + n * SECOND, who, 'SELECT 1')),
  );
  await look(store, set, state, T0 + 100 * SECOND);
  await write(store, [audited(T0 + 500, who, 'SELECT 2'), audited(T0 + 200 * SECOND, who, 'SELECT 3')]);
  await look(store, set, state, T0 + 200 * SECOND);
  const texts = await rowsOf(set, 'SELECT sql_text FROM working.main.activity');
  assert.deepEqual(texts, ['{"sql_text":"SELECT 2"}', '{"sql_text":"SELECT 3"}']);
});

test('detectors that run side by side read the same, whichever connection they get', async (t) => {
  const store = await temporaryStore(t);
  const set = await workingSetOf(store, HOUR);
  const who = { session: `${Math.floor(T0 / 1000).toString(16)}.8`, user: 'ada', client: '10.0.0.1' };
  // The first statements of the session are missing, and one in between.
  const lines = [4, 6].map((statementId) =>
    audited(T0 + statementId * SECOND, who, 'SELECT 1', { statementId }),
  );
  await write(store, [...signIn(T0, who), ...lines]);
  await look(store, set, { watermark: 0, judged: 0n }, T0 + MINUTE);
  for (const connection of set.connections) {
    const reader = await connection.runAndReadAll(
      'SELECT first_missing, last_missing FROM audit_gaps ORDER BY first_missing',
    );
    assert.deepEqual(reader.getRowsJson(), [
      ['1', '3'],
      ['5', '5'],
    ]);
  }
});

test('what was judged before a restart is remembered after it, as far back as detectors look', async (t) => {
  const store = await temporaryStore(t);
  const who = {
    session: `${Math.floor((T0 - 3 * HOUR) / 1000).toString(16)}.3`,
    user: 'ada',
    client: '10.0.0.1',
  };
  await write(store, signIn(T0 - 3 * HOUR, who));
  await write(store, [
    audited(T0 - 2 * HOUR, who, 'DROP TABLE old'),
    audited(T0 - 20 * MINUTE, who, 'DROP TABLE young'),
    audited(T0, who, 'DROP TABLE now'),
  ]);
  const set = await workingSetOf(store, HOUR);
  const state = { watermark: T0, judged: (await newest(store))!.recordId };
  await write(store, [audited(T0 + SECOND, who, 'SELECT 1')]);
  await look(store, set, state, T0 + SECOND);
  assert.deepEqual(await rowsOf(set, 'SELECT user_name, sql_text FROM working.main.notable_activity'), [
    '{"user_name":"ada","sql_text":"DROP TABLE now"}',
    '{"user_name":"ada","sql_text":"DROP TABLE young"}',
  ]);
});

test('a slice that is longer than the memory keeps all that it judges', async (t) => {
  const store = await temporaryStore(t);
  const set = await workingSetOf(store, HOUR);
  const who = { session: `${Math.floor(T0 / 1000).toString(16)}.5`, user: 'ada', client: '10.0.0.1' };
  const texts = Array.from({ length: 20 }, (_, hour) => `SELECT ${hour} FROM pg_roles`);
  await write(store, signIn(T0, who));
  await write(
    store,
    texts.map((text, hour) => audited(T0 + hour * HOUR, who, text, { class: 'READ' })),
  );
  await look(store, set, { watermark: 0, judged: 0n }, T0 + 20 * HOUR);
  const remembered = await rowsOf(set, 'SELECT sql_text FROM working.main.notable_activity');
  assert.equal(remembered.length, texts.length);
});

test('memory does not grow with time: what no window reaches is forgotten, changes of objects after a day', async (t) => {
  const store = await temporaryStore(t);
  const set = await workingSetOf(store, HOUR);
  const state = { watermark: 0, judged: 0n };
  const count = async (table: string) => (await rowsOf(set, `FROM ${table}`)).length;
  for (let hour = 0; hour < 72; hour += 1) {
    const at = T0 + hour * HOUR;
    const who = { session: `${Math.floor(at / 1000).toString(16)}.4`, user: 'ada', client: '10.0.0.1' };
    await write(store, [
      ...signIn(at, who),
      audited(at + SECOND, who, 'SELECT rolname FROM pg_roles', { class: 'READ', command: 'SELECT' }),
      audited(at + 2 * SECOND, who, 'CREATE TABLE t (a int)', { class: 'DDL', command: 'CREATE TABLE' }),
    ]);
    await look(store, set, state, at + 2 * SECOND);
  }
  assert.ok((await count('working.main.sessions')) <= 52);
  assert.ok((await count('working.main.sign_ins')) <= 52);
  assert.ok((await count('told.main.lines')) <= 3 * 52);
  const remembered = await rowsOf(
    set,
    'SELECT class, count(*) AS n FROM working.main.notable_activity GROUP BY class',
  );
  assert.deepEqual(remembered, ['{"class":"DDL","n":"27"}', '{"class":"READ","n":"3"}']);
});
