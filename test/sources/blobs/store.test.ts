/** What comes out of blobs is what comes out of files. */
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ContainerClient } from '@azure/storage-blob';
import { readRecording } from '../../../src/demo/recording.ts';
import { blobHistory } from '../../../src/sources/blobs/blob-history.ts';
import { fileHistory } from '../../../src/sources/files/history.ts';
import type { History } from '../../../src/sources/history.ts';
import type { Store } from '../../../src/store/store.ts';
import { StoreWriter } from '../../../src/store/writer.ts';
import { createIngestor } from '../../../src/worker/ingestion.ts';
import type { Ingestor } from '../../../src/worker/ingestor.ts';
import { temporaryStore } from '../../store/support.ts';
import { TestFolder } from '../files/shelf.ts';
import { Azurite, append, put, skipAzurite } from './azurite.ts';
import { avroFile, event } from './capture-files.ts';
import { HOUR_MS } from './ledger.ts';

const azurite = new Azurite();
const folder = new TestFolder();
const LIMITS = { maxRecords: 5000, maxDelayMs: 0, maxBufferedBytes: 1 << 26 };
/** Lines that cannot be decoded. */
const BROKEN = ['{"category":"PostgreSQLLogs"}', 'not json', '{"category":"PostgreSQLLogs","time":'];

interface Recorded {
  time: string;
  resourceId?: string;
}

/** Bodies of the hub's events, and their records. */
let bodies: string[];
let records: Recorded[];
let lines: string[];

before(async () => {
  bodies = (await readRecording()).map(({ body }) => body);
  records = bodies.flatMap((body) => (JSON.parse(body) as { records: Recorded[] }).records);
  const all = records.map((record) => JSON.stringify(record));
  lines = [...all.slice(0, 500), all[499]!, ...BROKEN, ...all.slice(500)];
});

async function withIngestor<T>(
  store: Store,
  run: (ingestor: Ingestor, writer: StoreWriter) => Promise<T>,
): Promise<T> {
  const writer = await StoreWriter.create(store);
  const ingestor = await createIngestor(store, writer, ['%t-%c-'], LIMITS, {
    onRefused: (error) => assert.fail(error),
  });
  try {
    return await run(ingestor, writer);
  } finally {
    await ingestor.stop();
  }
}

/** Reads a history into a store; how many batches there were, at most `most`. */
async function load(store: Store, history: History, most = Infinity): Promise<number> {
  return withIngestor(store, async (ingestor, writer) => {
    let batches = 0;
    const reading = {
      position: (source: string, partition: string) => writer.position(source, partition),
      since: Date.parse(records[0]!.time) - HOUR_MS,
      until: Date.parse(records.at(-1)!.time) + HOUR_MS,
      signal: new AbortController().signal,
      onEvent: (event: object) => assert.fail(JSON.stringify(event)),
    };
    for await (const { messages, contiguous } of history.read(reading)) {
      await ingestor.ingest(messages, contiguous);
      if (++batches === most) break;
    }
    return batches;
  });
}

/** The store of a file of these lines. */
async function fromFile(t: TestContext, content: readonly string[]): Promise<Store> {
  const store = await temporaryStore(t);
  await load(store, fileHistory([await folder.fileOf(`${content.join('\n')}\n`)]));
  return store;
}

/** All that is stored, but for where and when it came in. */
async function contentOf(store: Store): Promise<Record<string, unknown[]>> {
  const place = 'source, partition, sequence_number, record_index, received_at';
  return {
    records: await store.rows(
      `SELECT * EXCLUDE (record_id, content_hash, ${place}) FROM store.records ORDER BY ALL`,
    ),
    // A process that begins in the middle of a session notes that it has seen it.
    connections: await store.rows(
      `SELECT * EXCLUDE (record_id) FROM store.connection_events WHERE event <> 'seen' ORDER BY ALL`,
    ),
    sessions: await store.rows('SELECT * FROM sessions ORDER BY ALL'),
    statements: await store.rows('SELECT count(*) AS n FROM store.statements'),
    rejects: await store.rows('SELECT code, reason, raw FROM store.rejects ORDER BY ALL'),
    gaps: await store.rows('SELECT * FROM store.gaps'),
  };
}

const historyOf = ({ url }: ContainerClient, batchBytes?: number) =>
  blobHistory({
    address: { url, credential: azurite.credential },
    ...(batchBytes !== undefined && { batchBytes }),
  });

/** As a diagnostic setting lays them down: an append blob an hour, several blocks. */
async function writeHours(container: ContainerClient): Promise<void> {
  let hour = '';
  const hours = new Map<string, string[]>();
  for (const line of lines) {
    const time = /"time":"(....)-(..)-(..)T(..)/.exec(line);
    if (time !== null) hour = `y=${time[1]}/m=${time[2]}/d=${time[3]}/h=${time[4]}`;
    hours.set(hour, [...(hours.get(hour) ?? []), line]);
  }
  for (const [path, all] of hours)
    for (let at = 0; at < all.length; at += 1000)
      await append(
        container,
        `resourceId=/SUBSCRIPTIONS/5/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL/FLEXIBLESERVERS/DEMO/${path}/m=00/PT1H.json`,
        `${all.slice(at, at + 1000).join('\n')}\n`,
      );
}

describe('the store of blobs', { skip: skipAzurite, timeout: 240_000 }, () => {
  it('is that of a file with the same lines, wherever reading stops and goes on', async (t) => {
    const container = await azurite.container();
    await writeHours(container);
    const wanted = await contentOf(await fromFile(t, lines));
    assert.equal(wanted.records!.length, records.length + 1);
    assert.equal(wanted.rejects!.length, BROKEN.length);
    const whole = await temporaryStore(t);
    await load(whole, historyOf(container, 400_000));
    assert.deepEqual(await contentOf(whole), wanted);
    const stopped = await temporaryStore(t);
    for (let runs = 1; runs < 20; runs++)
      if ((await load(stopped, historyOf(container, 400_000), runs)) === 0) break;
    assert.deepEqual(await contentOf(stopped), wanted);
  });

  it('is the same of packed files, old envelopes and captured events', async (t) => {
    const wanted = await contentOf(await fromFile(t, bodies));
    const shapes: Record<string, (container: ContainerClient) => Promise<void>> = {
      packed: (container) => put(container, 'events.json.gz', gzipSync(bodies.join('\n'))),
      'on one line': (container) => put(container, 'old.json', JSON.stringify({ records })),
      'pretty printed': (container) =>
        put(container, 'old.json', JSON.stringify({ records }, null, 2).replaceAll('\n', '\r\n')),
      captured: async (container) => {
        const half = bodies.length >> 1;
        const at = new Date(records[0]!.time).toISOString().split(/\D/);
        const folder = `ns-1/logs/0/${at.slice(0, 4).join('/')}`;
        const events = bodies.map((body, index) => event(index + 10, body));
        await put(
          container,
          `${folder}/00/00.avro`,
          await avroFile(events.slice(0, half), { codec: 'deflate' }),
        );
        await put(container, `${folder}/05/00.avro`, await avroFile(events.slice(half)));
      },
    };
    for (const [shape, write] of Object.entries(shapes)) {
      const container = await azurite.container();
      await write(container);
      const store = await temporaryStore(t);
      await load(store, historyOf(container));
      assert.deepEqual(await contentOf(store), wanted, shape);
    }
  });

  it('does not change when a blob is replaced by one with the same lines and more', async (t) => {
    const container = await azurite.container();
    const part = lines.slice(0, 800);
    await put(container, 'copy.json', `${part.slice(0, 600).join('\n')}\n`);
    const store = await temporaryStore(t);
    await load(store, historyOf(container));
    // Its first line is another, so it is read from its beginning.
    const more = [lines[900]!, ...part];
    await put(container, 'copy.json', `${more.join('\n')}\n`);
    await load(store, historyOf(container));
    const [wanted, found] = [await contentOf(await fromFile(t, more)), await contentOf(store)];
    assert.deepEqual(found.records, wanted.records);
  });
});
