/** Feeds lines through decoding, store and detection as the worker does, with a clock that is the lines' own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressBook } from '../../src/enrichment/address-book.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { armDetectors, type DetectionSettings } from '../../src/worker/arming.ts';
import { Detection } from '../../src/worker/detection.ts';
import { createIngestor } from '../../src/worker/ingestion.ts';
import { startLearning } from '../../src/worker/learning.ts';
import { START } from './calendar.ts';
import type { LogLine } from './server.ts';
import { messagesOf } from './stream.ts';

/** Evidence, and when a person could know of it. */
export interface Finding {
  alert: Pick<
    Alert,
    'alertId' | 'detector' | 'title' | 'severity' | 'server' | 'entity' | 'summary' | 'user' | 'client'
  >;
  evidence: Pick<Evidence, 'sessionId' | 'eventTime' | 'client'>;
  /** Time of the look that found it, milliseconds since 1970. */
  foundAt: number;
}

export interface Run {
  findings: Finding[];
  detectors: string[];
  records: number;
  rejects: number;
}

/** Five times `detection.latenessMs` of the configuration: the time to an alert is no better than in service. */
const LATENESS_MS = 10_000;
/** What the configuration has when nothing is set: `detection.baselines`, and no files that tell of addresses. */
const BASELINES = { learningDays: 14, memoryDays: 60 };
const NO_FILES = { enrichment: { providers: [], threatLists: [] }, networks: [] };
const TIMEOUT_MS = 120_000;
const PREFIX = '%t-%c-';

/**
 * @param lines in order of time
 * @param ticks moments at which detection looks; all lines must be before the last
 * @throws Error when a detector fails or is refused
 */
export async function run(
  lines: readonly LogLine[],
  ticks: readonly number[],
  settings: DetectionSettings,
  progress: (done: number, time: number) => void = () => {},
): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-evaluation-'));
  const store = await Store.open(folder);
  try {
    const { armed, refused } = await armDetectors(store, settings);
    if (refused.length > 0) throw refused[0]!.error;
    const writer = await StoreWriter.create(store);
    const limits = { maxRecords: 20_000, maxDelayMs: 0, maxBufferedBytes: 2 ** 28 };
    const ingestor = await createIngestor(store, writer, [PREFIX], limits, {});
    const findings: Finding[] = [];
    let clock = START;
    const addresses = await AddressBook.open(store, NO_FILES);
    const onTrouble = (error: string) => {
      throw new Error(error);
    };
    const detection = new Detection({
      ...{ store, detectors: armed, latenessMs: LATENESS_MS, timeoutMs: TIMEOUT_MS },
      now: () => clock,
      learn: await startLearning(store, BASELINES, onTrouble, () => clock),
      onAlert: ({ alert, added }) => {
        for (const evidence of added) findings.push({ alert, evidence, foundAt: clock });
      },
      onFailure: (detector, error) => onTrouble(`${detector.id}: ${error}`),
    });
    try {
      let next = 0;
      let sequenceNumber = 1;
      for (const [index, tick] of ticks.entries()) {
        clock = tick;
        const from = next;
        while (next < lines.length && lines[next]!.time <= tick) next += 1;
        const messages = messagesOf(lines.slice(from, next), sequenceNumber);
        sequenceNumber += messages.length;
        await ingestor.ingest(messages, true);
        await addresses.enrich();
        await detection.tick();
        progress(index + 1, tick);
      }
      await detection.finish();
    } finally {
      await ingestor.stop();
    }
    const count = async (table: string) =>
      Number((await store.rows<{ n: bigint }>(`SELECT count(*) AS n FROM ${table}`))[0]!.n);
    return {
      findings,
      detectors: armed.map(({ detector }) => detector.id).sort(),
      records: await count('records'),
      rejects: await count('rejects'),
    };
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}
