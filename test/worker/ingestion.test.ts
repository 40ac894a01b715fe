/**
 * The promise: a log_line_prefix that nobody configured is found from the lines and said aloud, and no line of the time
 * before is lost.
 */
import assert from 'node:assert/strict';
import { before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker as Thread } from 'node:worker_threads';
import { decodeMessage } from '../../src/decode/message.ts';
import type { FoundPrefix } from '../../src/decode/prefix/finder.ts';
import { readRecording } from '../../src/demo/recording.ts';
import type { SourceMessage } from '../../src/model/message.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { saveFoundPrefix } from '../../src/store/prefixes.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { createIngestor } from '../../src/worker/ingestion.ts';
import type { Ingestor } from '../../src/worker/ingestor.ts';
import { openStore, temporaryFolder, temporaryStore } from '../store/support.ts';

const FORMAT = '%m [%p] %c user=%u,db=%d,client=%h ';

interface Names {
  user: string;
  database: string;
  client: string;
}

type Body = { records: { properties: { message: string; timestamp: string } }[] };

/** The recording as its server would have sent it with FORMAT, and as it did. */
let renamed: string[];
let recorded: string[];
before(async () => {
  recorded = (await readRecording()).map(({ body }) => body);
  const names = new Map<string, Names>();
  const decoded = recorded.map((body) => decodeMessage(Buffer.from(body), { prefixes: [] }).records);
  for (const record of decoded.flat()) remember(names, record);
  renamed = decoded.flatMap((_, index) => {
    const body = recorded[index]!;
    const { records } = JSON.parse(body) as Body;
    records.forEach(({ properties }, place) => {
      const record = decoded[index]![place]!;
      const text = properties.message.slice(properties.message.indexOf(`${record.level}: `));
      properties.message = `${prefixOf(record, names, properties.timestamp)}${text}`;
    });
    return chunks(records).map((few) => JSON.stringify({ records: few }));
  });
});

/** Eight records a message, so that a prefix is found when some messages have been stored. */
function chunks<T>(records: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(records.length / 8) }, (_, n) => records.slice(n * 8, n * 8 + 8));
}

function remember(names: Map<string, Names>, { sessionId, fact }: LogRecord): void {
  if (fact?.kind !== 'connection' || sessionId === null) return;
  const known = names.get(sessionId) ?? { user: '', database: '', client: '' };
  known.user ||= fact.user ?? '';
  known.database ||= fact.database ?? '';
  known.client ||= fact.client ?? '';
  names.set(sessionId, known);
}

function prefixOf(record: LogRecord, names: ReadonlyMap<string, Names>, timestamp: string): string {
  const start = `${timestamp} [${record.pid}] ${record.sessionId} `;
  const isUnknown = record.backendType === 'not initialized';
  const known = names.get(record.sessionId ?? '') ?? { user: '', database: '', client: '' };
  const [user, database] = isUnknown ? ['[unknown]', '[unknown]'] : [known.user, known.database];
  return `${start}user=${user},db=${database},client=${known.client} `;
}

const LIMITS = { maxRecords: 500, maxDelayMs: 0, maxBufferedBytes: 1 << 26 };

async function ingest(store: Store, bodies: readonly string[], configured = ['%t-%c-']) {
  const found: [FoundPrefix, number][] = [];
  const restored: number[] = [];
  const writer = await StoreWriter.create(store);
  const ingestor = await createIngestor(store, writer, configured, LIMITS, {
    onPrefix: (prefix, rejects) => found.push([prefix, rejects]),
    onRestored: (rejects) => restored.push(rejects),
    onRefused: (error) => assert.fail(error),
  });
  const first = (writer.position('test', '0')?.sequenceNumber ?? 0) + 1;
  const messages = bodies.map((body, index): SourceMessage => {
    const sequenceNumber = first + index;
    return { source: 'test', partition: '0', sequenceNumber, offset: '', body: Buffer.from(body) };
  });
  for (let at = 0; at < messages.length; at += 5) await ingestor.ingest(messages.slice(at, at + 5), true);
  await ingestor.stop();
  return { found, restored };
}

const SESSIONS = 'SELECT * FROM sessions ORDER BY server, session_id';
const ROWS =
  'SELECT event_time, session_id, level, user_name, database_name, client, detail FROM records ORDER BY ALL';

/** Every renamed record as a message of its own. */
function allRecords(): string[] {
  return renamed.flatMap((body) => (JSON.parse(body) as Body).records.map((one) => JSON.stringify(one)));
}

test('with an unknown prefix every line is stored, in its place, as with the known one', async (t) => {
  const [known, unknown] = [await temporaryStore(t), await temporaryStore(t)];
  await ingest(known, recorded);
  const { found } = await ingest(unknown, renamed);
  assert.equal(found.length, 1, 'found once');
  const [prefix, restored] = found[0]!;
  assert.equal(prefix.server, 'pgvigil-demo');
  assert.ok(prefix.explained / prefix.lines >= 0.95 && restored > 0);
  assert.deepEqual(await unknown.rows(SESSIONS), await known.rows(SESSIONS));
  assert.deepEqual(await unknown.rows(ROWS), await known.rows(ROWS));
  const [rejects] = await unknown.rows<{ n: bigint }>('SELECT count(*) AS n FROM rejects');
  assert.equal(rejects?.n, 0n);
  const prefixes = await unknown.rows('SELECT server, format, origin, share FROM log_line_prefixes');
  assert.deepEqual(
    prefixes.map((row) => ({ ...row })),
    [{ server: 'pgvigil-demo', format: prefix.format, origin: 'found', share: 1 }],
  );
});

test('in one message with all the lines, a prefix is found once', async (t) => {
  const store = await temporaryStore(t);
  const whole = `{"records":[${allRecords().slice(0, 400).join(',')}]}`;
  assert.equal((await ingest(store, [whole])).found.length, 1);
  const [row] = await store.rows<{ n: bigint }>('SELECT count(*) AS n FROM store.rejects');
  assert.equal(row?.n, 0n);
});

test('a prefix that changes while lines arrive is found, and at the next start it is known', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, folder);
  const half = Math.floor(recorded.length / 2);
  const before = recorded
    .slice(0, half)
    .reduce((sum, body) => sum + (JSON.parse(body) as Body).records.length, 0);
  const after = allRecords().slice(before);
  const { found } = await ingest(store, [...recorded.slice(0, half), ...after.slice(0, -10)]);
  assert.equal(found.length, 1);
  await store.close();
  const again = await openStore(t, folder);
  const last = await ingest(again, after.slice(-10));
  assert.deepEqual(last.found, []);
  const [counts] = await again.rows<{ records: bigint; rejects: bigint }>(
    'SELECT (SELECT count(*) FROM store.records) AS records, (SELECT count(*) FROM store.rejects) AS rejects',
  );
  assert.deepEqual({ ...counts }, { records: 4220n, rejects: 0n });
});

test('lines that were rejected for their prefix are stored at the next start, once it is configured', async (t) => {
  const folder = await temporaryFolder(t);
  const few = allRecords().slice(0, 10);
  const store = await openStore(t, folder);
  assert.deepEqual((await ingest(store, few)).found, [], 'too few to find it');
  const [before] = await store.rows<{ n: bigint }>('SELECT count(*) AS n FROM rejects');
  assert.equal(before?.n, 10n);
  await store.close();
  const again = await openStore(t, folder);
  assert.deepEqual((await ingest(again, [], ['%t-%c-', FORMAT])).restored, [10]);
  assert.deepEqual((await ingest(again, [], ['%t-%c-', FORMAT])).restored, [], 'not tried again in vain');
  const [after] = await again.rows<{ n: bigint }>(
    'SELECT count(*) AS n FROM records WHERE session_id IS NOT NULL',
  );
  assert.equal(after?.n, 10n);
});

test('a process that ended between finding a prefix and using it loses nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, folder);
  await ingest(store, allRecords().slice(0, 10));
  await saveFoundPrefix(store, 'pgvigil-demo', FORMAT);
  await store.close();
  const again = await openStore(t, folder);
  assert.deepEqual((await ingest(again, [])).restored, [10]);
});

/** The threads of parsers that are started from now on. */
function threadsOf(t: TestContext): Thread[] {
  const threads: Thread[] = [];
  const onThread = (thread: Thread) => threads.push(thread);
  process.on('worker', onThread);
  t.after(() => process.off('worker', onThread));
  return threads;
}

test('whichever step of the creation fails, the thread of the parser is ended', async (t) => {
  const store = await temporaryStore(t);
  await ingest(store, allRecords().slice(0, 3));
  const writer = await StoreWriter.create(store);
  const threads = threadsOf(t);
  const { rows } = store;
  let steps = 0;
  let failAt = 0;
  t.mock.method(store, 'rows', function (this: Store, ...query: Parameters<Store['rows']>) {
    return ++steps === failAt ? Promise.reject(new Error('no more')) : rows.apply(this, query);
  });
  for (let created: Ingestor | null = null; created === null; ) {
    failAt++;
    steps = 0;
    // Another prefix than before, so that earlier rejects are decoded again.
    created = await createIngestor(store, writer, ['%m '], LIMITS, {}).catch((error: Error) => {
      assert.equal(error.message, 'no more');
      return null;
    });
    await created?.stop();
    assert.ok(
      threads.every(({ threadId }) => threadId === -1),
      `a thread is left of step ${failAt}`,
    );
  }
  assert.equal(threads.length, failAt);
  assert.ok(failAt > 5, 'every step had its turn');
});

test('stop does not wait for the parser while rejects are decoded again; the next start does that', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, folder);
  const threads = threadsOf(t);
  const running = await createIngestor(store, await StoreWriter.create(store), ['%t-%c-'], LIMITS, {
    onRefused: (error) => assert.fail(error),
  });
  // From the first look at rejects on, the parser is asked and does not answer.
  let looked = false;
  let swallowed = 0;
  const { rows } = store;
  t.mock.method(store, 'rows', function (this: Store, ...query: Parameters<Store['rows']>) {
    if (!looked && query[0].includes('store.rejects')) {
      looked = true;
      t.mock.method(Thread.prototype, 'postMessage', () => swallowed++);
    }
    return rows.apply(this, query);
  });
  const taken: Promise<void>[] = [];
  for (const [index, body] of allRecords().entries()) {
    const position = { source: 'test', partition: '0', sequenceNumber: index + 1, offset: '' };
    taken.push(running.ingest([{ ...position, body: Buffer.from(body) }], true));
    await Promise.race([taken.at(-1), sleep(1_000)]);
    if (looked) break;
  }
  while (swallowed === 0) await sleep(5);
  const started = performance.now();
  await running.stop(100);
  assert.ok(performance.now() - started < 30_000);
  await Promise.all(taken);
  t.mock.restoreAll();
  for (const thread of threads) await thread.terminate();
  const { restored } = await ingest(store, []);
  assert.equal(restored.length, 1);
  const [left] = await store.rows<{ n: bigint }>('SELECT count(*) AS n FROM store.rejects');
  assert.equal(left?.n, 0n);
});
