/**
 * The promise: a statement that pgaudit logged and that failed is one row of `activity` with ok = false, whatever way its
 * lines come; and a commit that fails leaves nothing of it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '../../src/model/fact.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { Statement } from '../../src/model/statement.ts';
import type { Store } from '../../src/store/store.ts';
import type { WritableMessage } from '../../src/store/writable-message.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { audit, count, features, logRecord, message, T0, temporaryStore } from './support.ts';

interface Line {
  record: LogRecord;
  statement: Statement | null;
}

function audited(entry: Partial<AuditEntry> = {}, changes: Partial<LogRecord> = {}): Line {
  const fact = audit({ rows: null, statement: 'x', ...entry });
  return {
    record: logRecord(fact, { eventTime: T0, ...changes }),
    statement: fact.statement === null ? null : features(fact.statement),
  };
}

function failed(statement = 'x', changes: Partial<LogRecord> = {}): Line {
  const fact = { kind: 'failure', sqlstate: '22012', message: 'division by zero', statement } as const;
  return {
    record: logRecord(fact, { eventTime: T0 + 5, level: 'ERROR', sqlstate: '22012', ...changes }),
    statement: features(statement),
  };
}

/** Message `sequenceNumber` with these lines. */
function lines(sequenceNumber: number, ...all: Line[]): WritableMessage {
  return message(sequenceNumber, {
    records: all.map(({ record }, index) => ({ ...record, index })),
    features: all.flatMap(({ statement }, index) => (statement === null ? [] : [[index, statement]])),
  });
}

async function activity(store: Store): Promise<unknown[][]> {
  const rows = await store.rows(
    'SELECT record_id, source, ok, statement_id, object_name FROM activity ORDER BY record_id',
  );
  return rows.map((row) => [row.record_id, row.source, row.ok, row.statement_id, row.object_name]);
}

const ORDERS = 'public.orders';
const BOTH = [audited({ objectName: ORDERS }), failed()] as const;

test('the row of a failure says what the AUDIT lines say and it does not', async (t) => {
  const store = await temporaryStore(t);
  const relation = {
    class: 'WRITE',
    command: 'INSERT',
    objectType: 'TABLE',
    parameters: '7',
    statementId: 3,
  };
  await (await StoreWriter.create(store)).commit([
    lines(
      1,
      audited({ ...relation, objectName: ORDERS }),
      audited({ ...relation, objectName: 'public.items', statement: null, previouslyLogged: true }),
      failed(),
    ),
  ]);
  const rows = await store.rows(
    `SELECT record_id, epoch_ms(event_time) AS at, source, ok, audit_type, statement_id, substatement_id, class, command,
       object_type, object_name, parameters, sqlstate, message, sql_text FROM activity`,
  );
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [
      {
        ...{ record_id: 3n, at: BigInt(T0 + 5), source: 'error', ok: false },
        ...{
          audit_type: 'SESSION',
          statement_id: 3n,
          substatement_id: 1n,
          class: 'WRITE',
          command: 'INSERT',
        },
        ...{ object_type: 'TABLE', object_name: ORDERS, parameters: '7' },
        ...{ sqlstate: '22012', message: 'division by zero', sql_text: "SELECT 'x'" },
      },
    ],
  );
  const errors = await store.rows('SELECT record_id, message FROM errors');
  assert.deepEqual(
    errors.map((row) => [row.record_id, row.message]),
    [[3n, 'division by zero']],
  );
});

test('in one commit or two, with a restart between or not, in order: one row', async (t) => {
  for (const commits of [1, 2])
    for (const restart of [false, true]) {
      const store = await temporaryStore(t);
      let writer = await StoreWriter.create(store);
      const messages = BOTH.map((line, index) => lines(index + 1, line));
      if (commits === 1) await writer.commit(messages);
      else
        for (const one of messages) {
          if (restart) writer = await StoreWriter.create(store);
          await writer.commit([one]);
        }
      assert.deepEqual(
        await activity(store),
        [[2n, 'error', false, 1n, ORDERS]],
        `${commits} commits, restart ${restart}`,
      );
    }
});

test('the failure first, in one commit or two: one row', async (t) => {
  for (const commits of [1, 2]) {
    const store = await temporaryStore(t);
    const writer = await StoreWriter.create(store);
    const messages = BOTH.toReversed().map((line, index) => lines(index + 1, line));
    if (commits === 1) await writer.commit(messages);
    else for (const one of messages) await writer.commit([one]);
    assert.deepEqual(await activity(store), [[1n, 'error', false, 1n, ORDERS]], `${commits} commits`);
  }
});

test('after a restart a statement that failed is not taken again, nor a success behind another failure', async (t) => {
  const store = await temporaryStore(t);
  const failedLater = { eventTime: T0 + 9 };
  await (await StoreWriter.create(store)).commit([lines(1, ...BOTH)]);
  await (await StoreWriter.create(store)).commit([lines(2, failed('x', failedLater))]);
  const other = { sessionId: '69a55080.1b' };
  await (await StoreWriter.create(store)).commit([lines(3, audited({}, other), failed('y', other))]);
  await (await StoreWriter.create(store)).commit([lines(4, failed('x', { ...failedLater, ...other }))]);
  assert.deepEqual(
    (await activity(store)).map((row) => row.slice(0, 4)),
    [
      [2n, 'error', false, 1n],
      [3n, 'error', false, null],
      [4n, 'audit', true, 1n],
      [5n, 'error', false, null],
      [6n, 'error', false, null],
    ],
  );
});

test('a line of the statement that arrives after a restart is taken, too', async (t) => {
  const store = await temporaryStore(t);
  await (await StoreWriter.create(store)).commit([lines(1, ...BOTH)]);
  const once = { statement: null, previouslyLogged: true };
  await (await StoreWriter.create(store)).commit([
    lines(2, audited({ ...once, objectName: 'public.items' })),
  ]);
  assert.deepEqual(await activity(store), [[2n, 'error', false, 1n, ORDERS]]);
  assert.equal(await count(store, 'failed_audits'), 2);
});

test('a commit that fails leaves no link, and the one that is tried again leaves it once', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const poison = message(1, { partition: 'poison', records: [logRecord(null, { index: 2 ** 40 })] });
  await assert.rejects(writer.commit([lines(1, ...BOTH), poison]), /int32/);
  assert.equal(await count(store, 'failed_audits'), 0);
  await writer.commit([lines(1, BOTH[0])]);
  await assert.rejects(writer.commit([lines(2, BOTH[1]), poison]), /int32/);
  assert.deepEqual(await activity(store), [[1n, 'audit', true, 1n, ORDERS]]);
  await writer.commit([lines(2, BOTH[1])]);
  assert.deepEqual(await activity(store), [[2n, 'error', false, 1n, ORDERS]]);
  assert.equal(await count(store, 'failed_audits'), 1);
});

test('copies of both lines from another source change nothing', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  await writer.commit([lines(1, ...BOTH)]);
  const copy = lines(1, ...BOTH);
  await writer.commit([{ ...copy, position: { ...copy.position, partition: 'archive' } }]);
  assert.deepEqual(await activity(store), [[2n, 'error', false, 1n, ORDERS]]);
  assert.equal(await count(store, 'failed_audits'), 1);
});

test('rejects that can be decoded by now are linked with what was stored before', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  await writer.commit([lines(1, BOTH[0]), message(2)]);
  await writer.restore([lines(2, BOTH[1])], async () => {});
  assert.deepEqual(await activity(store), [[3n, 'error', false, 1n, ORDERS]]);
});

test('statement ids that miss their lines are still gaps, and those of failed statements are none', async (t) => {
  const store = await temporaryStore(t);
  await (await StoreWriter.create(store)).commit([
    lines(
      1,
      audited({ statementId: 1 }),
      failed(),
      audited({ statementId: 2 }, { eventTime: T0 + 6 }),
      audited({ statementId: 4 }, { eventTime: T0 + 7 }),
    ),
  ]);
  const gaps = await store.rows('SELECT first_missing, last_missing FROM audit_gaps');
  assert.deepEqual(
    gaps.map((row) => [row.first_missing, row.last_missing]),
    [[3n, 3n]],
  );
});
