/** The promise: over the recording every detector of pgvigil finds in a backtest what the worker stored, and nothing is written. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AlertRow, alertFromRow } from '../../src/alerts/alert-store.ts';
import { readRecording } from '../../src/demo/recording.ts';
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { armDetectors } from '../../src/worker/arming.ts';
import { createIngestor } from '../../src/worker/ingestion.ts';
import { detection } from '../detect/support.ts';
import { backtest, outlines } from './support.ts';

async function store(folder: string): Promise<Store> {
  const store = await Store.open(folder);
  const limits = { maxRecords: 5000, maxDelayMs: 0, maxBufferedBytes: 1 << 26 };
  const ingestor = await createIngestor(store, await StoreWriter.create(store), ['%t-%c-'], limits, {});
  const messages = (await readRecording()).map(({ body }, index) => ({
    source: 'test',
    partition: '0',
    sequenceNumber: index,
    offset: String(index),
    body: Buffer.from(body),
  }));
  await ingestor.ingest(messages, true);
  await ingestor.stop();
  return store;
}

test('a backtest of each detector is what the worker stored', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-test-'));
  const recorded = await store(folder);
  try {
    const settings = { detectorFolders: [], modes: {}, parameters: {} };
    const detectors = (await armDetectors(recorded, settings)).armed.map(({ detector }) => detector);
    await detection(recorded, detectors).finish();
    const { commits } = recorded;
    let compared = 0;
    for (const detector of detectors) {
      const rows = await recorded.rows<AlertRow>(
        'SELECT * FROM store.alerts WHERE detector = $id ORDER BY first_seen, alert_id',
        { id: detector.id },
      );
      const result = await backtest(recorded, detector);
      assert.deepEqual(
        outlines(result.alerts.map(({ alert }) => alert)),
        outlines(rows.map(alertFromRow)),
        detector.id,
      );
      assert.ok(
        result.alerts.every(({ verdict }) => verdict === 'same'),
        detector.id,
      );
      compared += rows.length;
    }
    assert.ok(compared > 20, `only ${compared} alerts`);
    assert.equal(recorded.commits, commits);
  } finally {
    await recorded.close();
    await rm(folder, { recursive: true });
  }
});
