/**
 * The promise: whose session a row belongs to is known as soon as any line of the session tells, before or after it, in
 * any order, across partitions and across restarts.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { decodeMessage } from '../../src/decode/message.ts';
import { readRecording } from '../../src/demo/recording.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { packagePath } from '../../src/paths.ts';
import { type Row, Store } from '../../src/store/store.ts';
import type { WritableMessage } from '../../src/store/writable-message.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { message, temporaryFolder } from './support.ts';

/** What depends on the way on which a record came. */
const WAY = 'EXCLUDE (record_id, received_at, source, partition, sequence_number, record_index)';
const VIEWS: Record<string, string> = {
  sessions: '',
  sign_ins: 'EXCLUDE (record_id)',
  activity: 'EXCLUDE (record_id)',
  errors: 'EXCLUDE (record_id)',
  records: WAY,
  audit_gaps: 'EXCLUDE (record_id)',
};

let records: LogRecord[];
before(async () => {
  const bodies = (await readRecording()).map(({ body }) => body);
  for (const name of [
    'majors/recorded/postgresql-11',
    'majors/recorded/postgresql-18',
    'pgbouncer/recorded/pgbouncer-1.18',
  ])
    bodies.push(
      ...readFileSync(packagePath(`fixtures/${name}.ndjson`), 'utf8')
        .trim()
        .split('\n'),
    );
  records = bodies.flatMap((body) => decodeMessage(Buffer.from(body), { prefixes: [] }).records);
});

/** The same numbers for the same seed (Lehmer). */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48271) % 2147483647;
    return state % limit;
  };
}

function shuffled<T>(items: readonly T[], below: (limit: number) => number): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = below(last + 1);
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}

/** Stores each record as a message of its own, `commits` messages at a time, with a new process after every `lifetime`. */
async function viewsOf(
  folder: string,
  arriving: readonly LogRecord[],
  partitions: number,
  commit: number,
  lifetime: number,
): Promise<Record<string, Row[]>> {
  const messages: WritableMessage[] = arriving.map((record, index) =>
    message(1 + Math.floor(index / partitions), {
      partition: String(index % partitions),
      records: [{ ...record, index: 0 }],
    }),
  );
  for (let start = 0; start < messages.length; start += lifetime) {
    const store = await Store.open(folder);
    const writer = await StoreWriter.create(store);
    const end = Math.min(messages.length, start + lifetime);
    for (let at = start; at < end; at += commit)
      await writer.commit(messages.slice(at, Math.min(end, at + commit)));
    await store.close();
  }
  const store = await Store.open(folder);
  const views: Record<string, Row[]> = {};
  for (const [view, exclude] of Object.entries(VIEWS))
    views[view] = await store.rows(`SELECT * ${exclude} FROM ${view} ORDER BY ALL`);
  await store.close();
  return views;
}

test('the recordings, fully shuffled over partitions and restarts, gives the same sessions and the same rows', async (t) => {
  const inOrder = await viewsOf(await temporaryFolder(t), records, 1, 500, records.length);
  assert.equal(inOrder.records?.length, records.length);
  const known = inOrder.activity?.filter((row) => row.user_name !== null && row.client !== null);
  assert.equal(known?.length, inOrder.activity?.length, 'every statement has a user and a client');
  for (const seed of [1, 2]) {
    const below = generator(seed);
    const views = await viewsOf(
      await temporaryFolder(t),
      shuffled(records, below),
      4,
      300 + below(300),
      1_500,
    );
    for (const view of Object.keys(VIEWS))
      assert.deepEqual(views[view], inOrder[view], `${view}, seed ${seed}`);
  }
});
