/**
 * How much of ingestion goes into finding copies of records: `npm run bench`.
 *
 * Stores the recording as if it had gone on for some weeks, through the real ingestor and a real data folder.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecording } from '../../src/demo/recording.ts';
import type { SourceMessage } from '../../src/model/message.ts';
import { Copies } from '../../src/store/copies.ts';
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { createIngestor } from '../../src/worker/ingestion.ts';

const DAYS = 15;
const ROUNDS = 3;
const TARGET = 0.15;

/** The recording's messages on another day: every time in them is another. */
function onDay(bodies: readonly string[], day: number): string[] {
  const date = (shift: number) => new Date(Date.UTC(2020, 0, 1 + shift)).toISOString().slice(0, 10);
  return bodies.map((body) => body.replaceAll(/\d{4}-\d\d-\d\d(?=[T ]\d\d:\d\d)/g, date(day)));
}

async function ingestOnce(
  days: readonly string[][],
): Promise<{ records: number; totalMs: number; copiesMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-bench-'));
  const store = await Store.open(folder);
  const select = Copies.prototype.select;
  let copiesMs = 0;
  Copies.prototype.select = async function (messages) {
    const started = performance.now();
    const selection = await select.call(this, messages);
    copiesMs += performance.now() - started;
    return selection;
  };
  try {
    let records = 0;
    const writer = await StoreWriter.create(store);
    const limits = { maxRecords: 5_000, maxDelayMs: 0, maxBufferedBytes: 64 << 20 };
    const ingestor = await createIngestor(store, writer, ['%t-%c-'], limits, {
      onCommit: (result) => {
        records += result.records;
      },
    });
    let sequenceNumber = 0;
    const started = performance.now();
    for (const bodies of days) {
      const messages: SourceMessage[] = bodies.map((body) => {
        sequenceNumber++;
        const place = { source: 'bench', partition: '0', sequenceNumber, offset: `${sequenceNumber}` };
        return { ...place, body: Buffer.from(body) };
      });
      await ingestor.ingest(messages, true);
    }
    await ingestor.stop();
    return { records, totalMs: performance.now() - started, copiesMs };
  } finally {
    Copies.prototype.select = select;
    await store.close();
    await rm(folder, { recursive: true });
  }
}

const recording = (await readRecording()).map(({ body }) => body);
const days = Array.from({ length: DAYS }, (_, day) => onDay(recording, day));
const shares: number[] = [];
console.log('\ningestion (decode, parse, store), one process');
console.log('round   records   records/s   copies');
for (let round = 1; round <= ROUNDS; round++) {
  const { records, totalMs, copiesMs } = await ingestOnce(days);
  shares.push(copiesMs / totalMs);
  const rate = Math.round((records / totalMs) * 1000).toLocaleString('en');
  const share = `${((100 * copiesMs) / totalMs).toFixed(1)} %`;
  console.log(
    `${round}      ${records.toLocaleString('en').padStart(9)} ${rate.padStart(11)}  ${share.padStart(7)}`,
  );
}
const median = shares.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
const met = median <= TARGET;
console.log(
  `finding copies costs ${(100 * median).toFixed(1)} % of the throughput (target ${100 * TARGET} %): ${met ? 'met' : 'NOT met'}`,
);
if (!met && process.argv.includes('--check')) process.exitCode = 1;
