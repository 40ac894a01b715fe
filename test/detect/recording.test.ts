/** The promise: every labelled attack of the recording is found, and ordinary work raises no alert. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLabels, readRecording } from '../../src/demo/recording.ts';
import { type JudgedAlert, judgeAlerts } from '../../src/demo/verdict.ts';
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { armDetectors } from '../../src/worker/arming.ts';
import { Detection } from '../../src/worker/detection.ts';
import { createIngestor } from '../../src/worker/ingestion.ts';

interface AzureRecord {
  time: string;
  properties?: Record<string, unknown>;
}

type Body = { records: AzureRecord[] };

/** Stores the messages and runs the detectors after every `batch`; the alerts, without what depends on arrival. */
async function alertsOf(bodies: Body[], batch = bodies.length): Promise<JudgedAlert[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pgvigil-test-'));
  const store = await Store.open(dataDir);
  try {
    const writer = await StoreWriter.create(store);
    const limits = { maxRecords: 5000, maxDelayMs: 0, maxBufferedBytes: 1 << 26 };
    const ingestor = await createIngestor(store, writer, ['%t-%c-'], limits, {});
    const settings = { detectorFolders: [], modes: {}, parameters: {} };
    const { armed, refused } = await armDetectors(store, settings);
    assert.deepEqual(refused, []);
    const detection = new Detection({
      store,
      detectors: armed,
      latenessMs: 0,
      timeoutMs: 60_000,
      now: Date.now,
      onFailure: (detector, error) => assert.fail(`${detector.id}: ${error}`),
    });
    for (let start = 0; start < bodies.length; start += batch) {
      const messages = bodies.slice(start, start + batch).map((body, index) => ({
        source: 'test',
        partition: '0',
        sequenceNumber: start + index,
        offset: String(start + index),
        body: Buffer.from(JSON.stringify(body)),
      }));
      await ingestor.ingest(messages, true);
      await detection.finish();
    }
    await ingestor.stop();
    const [rejects] = await store.rows<{ n: bigint }>('SELECT count(*) AS n FROM rejects');
    assert.equal(rejects?.n, 0n);
    const rows = await store.rows<JudgedAlert & { sessions: string[] } & Record<string, unknown>>(
      `SELECT detector || ' ' || entity || ' ' || first_seen AS id, detector, severity, sessions, evidence_count AS count
       FROM alerts ORDER BY id`,
    );
    return rows.map((row) => ({ ...row, sessions: row.sessions.sort() }));
  } finally {
    await store.close();
    await rm(dataDir, { recursive: true });
  }
}

async function recordedBodies(): Promise<Body[]> {
  return (await readRecording()).map(({ body }) => JSON.parse(body) as Body);
}

function assertPerfect(verdict: ReturnType<typeof judgeAlerts>): void {
  const missed = verdict.attacks
    .filter(({ missed }) => missed.length > 0)
    .map(({ attack, missed }) => `${attack.id}: ${missed.join(', ')}`);
  assert.deepEqual(missed, [], 'attacks that were missed');
  assert.deepEqual(verdict.falseAlarms, [], 'alerts on ordinary work');
}

/** A fixed shuffle: the same order on every run. */
function shuffled<T>(items: T[]): T[] {
  const result = [...items];
  let state = 42;
  for (let index = result.length - 1; index > 0; index--) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = state % (index + 1);
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}

test('every labelled attack is found and ordinary work is silent', async () => {
  assertPerfect(judgeAlerts(await readLabels(), await alertsOf(await recordedBodies())));
});

test('the same holds where the service does not ship the text of failed statements', async () => {
  const bodies = await recordedBodies();
  for (const { records } of bodies) for (const { properties } of records) delete properties?.statement;
  assertPerfect(judgeAlerts(await readLabels(), await alertsOf(bodies)));
});

test('records in any order give the same alerts as in order', async () => {
  const bodies = await recordedBodies();
  const inOrder = await alertsOf(bodies);
  const records = shuffled(bodies.flatMap((body) => body.records));
  const anyOrder = await alertsOf(records.map((record) => ({ records: [record] })));
  assert.deepEqual(anyOrder, inOrder);
});

test('detection after every few messages gives the same alerts as one run at the end', async () => {
  const bodies = await recordedBodies();
  assert.deepEqual(await alertsOf(bodies, 7), await alertsOf(bodies));
});
