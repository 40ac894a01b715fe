/**
 * Runs the cases of a detector as a worker would: the log lines are decoded, parsed and stored, the detector runs over the
 * store, after those that its cases name. Each case has servers of its own, so that one store serves all cases of the same parameters.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { caseFacts } from '../detect/cases/addresses.ts';
import type { DetectorCase } from '../detect/cases/case-file.ts';
import { differences, type RaisedAlert } from '../detect/cases/compare.ts';
import { CASE_PREFIX, recordsOf } from '../detect/cases/log-lines.ts';
import { type Detector, loadDetectors } from '../detect/detector.ts';
import type { ArmedDetector } from '../detect/engine.ts';
import { bindParameters } from '../detect/parameters.ts';
import { AddressBook, addressRow } from '../enrichment/address-book.ts';
import { PgvigilError } from '../errors.ts';
import { StatementReader } from '../statements/statement-reader.ts';
import { Store } from '../store/store.ts';
import { StoreWriter } from '../store/writer.ts';
import { vetDetector } from './arming.ts';
import { Detection } from './detection.ts';
import { createIngestor } from './ingestion.ts';
import { startLearning } from './learning.ts';

export interface CaseResult {
  case: string;
  /** What did not come as the case says; empty when it holds. */
  differences: string[];
}

/**
 * How the records of all cases arrive: in these batches, one after the other. The detector looks after each, with this
 * much patience for late records, in milliseconds; in the end it looks at all.
 */
export interface Delivery {
  batches: (records: readonly object[]) => readonly object[][];
  latenessMs: number;
}

const AT_ONCE: Delivery = { batches: (records) => [[...records]], latenessMs: 0 };
/** Records of one message, as Azure packs them. */
const PER_MESSAGE = 500;
const TIMEOUT_MS = 60_000;
/** As shipped, so that a case means the same everywhere. */
const BASELINES = { learningDays: 14, memoryDays: 60 };
const NO_FILES = { enrichment: { providers: [], threatLists: [] }, networks: [] };

/**
 * Runs all cases; the results are in their order.
 *
 * @throws PgvigilError DETECTOR_INVALID when the SQL does not run
 */
export async function runCases(
  detector: Detector,
  cases: readonly DetectorCase[],
  delivery: Delivery = AT_ONCE,
  reader?: StatementReader,
): Promise<CaseResult[]> {
  const raised = await raiseAlerts(detector, cases, delivery, reader);
  return cases.map((one, index) => ({ case: one.case, differences: differences(one, raised[index]!) }));
}

/**
 * The alerts that each case raises, in order of their first event.
 *
 * @param shared a reader of statements, to be started once for many detectors; the caller closes it
 * @throws PgvigilError DETECTOR_INVALID when the SQL does not run
 */
export async function raiseAlerts(
  detector: Detector,
  cases: readonly DetectorCase[],
  delivery: Delivery = AT_ONCE,
  shared?: StatementReader,
): Promise<RaisedAlert[][]> {
  const reader = shared ?? (await StatementReader.start({}));
  try {
    return await raiseAll(detector, cases, delivery, reader);
  } finally {
    if (shared === undefined) await reader.close();
  }
}

async function raiseAll(
  detector: Detector,
  cases: readonly DetectorCase[],
  delivery: Delivery,
  reader: StatementReader,
): Promise<RaisedAlert[][]> {
  const raised: RaisedAlert[][] = [];
  for (const indexes of alike(cases)) {
    const group = indexes.map((index) => cases[index]!);
    const found = await raisedBy(detector, group, delivery, reader);
    for (const [place, index] of indexes.entries()) raised[index] = found[place]!;
  }
  return raised;
}

/** Indexes of cases that have the same parameters and company, and know the same of addresses, and so can share a store. */
function alike(cases: readonly DetectorCase[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [index, one] of cases.entries()) {
    const key = JSON.stringify([one.parameters, one.with, one.addresses]);
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  return [...groups.values()];
}

/** The alerts of each case, in a store that goes away. */
async function raisedBy(
  detector: Detector,
  cases: readonly DetectorCase[],
  delivery: Delivery,
  reader: StatementReader,
): Promise<RaisedAlert[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-cases-'));
  try {
    const store = await Store.open(folder);
    try {
      const records = cases.flatMap((one, index) => recordsOf(one, serverOf(index)));
      await run(store, reader, detector, cases, delivery.batches(records), delivery.latenessMs);
      return await raisedAlerts(store, detector, cases);
    } finally {
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Server name of a case: no case can name the servers of another. */
function serverOf(index: number): (name: string) => string {
  return (name) => `case${index}-${name}`;
}

async function run(
  store: Store,
  reader: StatementReader,
  detector: Detector,
  cases: readonly DetectorCase[],
  batches: readonly object[][],
  latenessMs: number,
): Promise<void> {
  const detection = await detectionOf(store, detector, cases, latenessMs);
  const book = await addressBookOf(store, cases[0]?.addresses ?? {});
  const writer = await StoreWriter.create(store);
  const limits = { maxRecords: 10 * PER_MESSAGE, maxDelayMs: 0, maxBufferedBytes: 2 ** 26 };
  const ingestor = await createIngestor(store, writer, [CASE_PREFIX], limits, {}, reader);
  try {
    let sequenceNumber = 0;
    for (const batch of batches) {
      const messages = Array.from({ length: Math.ceil(batch.length / PER_MESSAGE) }, (_, n) => ({
        source: 'cases',
        partition: '0',
        sequenceNumber: ++sequenceNumber,
        offset: String(sequenceNumber),
        body: Buffer.from(JSON.stringify({ records: batch.slice(n * PER_MESSAGE, (n + 1) * PER_MESSAGE) })),
      }));
      await ingestor.ingest(messages, true);
      await book.enrich();
      await detection.tick();
    }
    await detection.finish();
  } finally {
    await ingestor.stop();
  }
}

/** A book that knows what the cases say of addresses, and of others no more than their kind. */
async function addressBookOf(store: Store, known: DetectorCase['addresses']): Promise<AddressBook> {
  const book = await AddressBook.open(store, NO_FILES);
  await book.enrich();
  const rows = Object.entries(known).map(([client, facts]) =>
    addressRow(caseFacts(client, facts), Date.now()),
  );
  await store.transaction((transaction) => transaction.append('addresses', rows));
  return book;
}

async function detectionOf(
  store: Store,
  detector: Detector,
  cases: readonly DetectorCase[],
  latenessMs: number,
): Promise<Detection> {
  const connection = await store.connect();
  try {
    await vetDetector(connection, detector);
  } finally {
    connection.closeSync();
  }
  return new Detection({
    store,
    detectors: [
      ...(await companyOf(cases[0]?.with ?? [])),
      { detector, values: bindParameters(detector, cases[0]?.parameters), mode: 'on' },
    ],
    latenessMs,
    timeoutMs: TIMEOUT_MS,
    now: Date.now,
    onFailure: (_, error) => {
      throw new Error(error);
    },
    learn: await startLearning(
      store,
      BASELINES,
      (error) => {
        throw new Error(error);
      },
      // Cases have times of their own.
      () => Number.POSITIVE_INFINITY,
    ),
  });
}

/** @throws PgvigilError DETECTOR_INVALID for one that pgvigil does not have */
async function companyOf(ids: readonly string[]): Promise<ArmedDetector[]> {
  if (ids.length === 0) return [];
  const { detectors } = await loadDetectors();
  return ids.map((id) => {
    const detector = detectors.find((one) => one.id === id);
    if (detector === undefined) {
      throw new PgvigilError(
        'DETECTOR_INVALID',
        `a case runs with ${id}, which is no detector of pgvigil`,
        '`pgvigil detectors list` shows them.',
      );
    }
    return { detector, values: bindParameters(detector), mode: 'on' };
  });
}

async function raisedAlerts(
  store: Store,
  { id }: Detector,
  cases: readonly DetectorCase[],
): Promise<RaisedAlert[][]> {
  const alerts = await store.rows<
    Omit<RaisedAlert, 'count'> & { evidence_count: bigint } & Record<string, unknown>
  >(
    `SELECT server, entity, severity, summary, evidence_count FROM alerts
     WHERE detector = $id ORDER BY first_seen, entity`,
    { id },
  );
  return cases.map((_, index) => {
    const prefix = serverOf(index)('');
    return alerts
      .filter(({ server }) => server.startsWith(prefix))
      .map(({ server, entity, severity, summary, evidence_count }) => ({
        server: server.slice(prefix.length),
        entity,
        severity,
        summary,
        count: Number(evidence_count),
      }));
  });
}
