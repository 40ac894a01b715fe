/** `pgvigil backfill`: reads files the way the worker reads the hub, in event time. */
import type { AlertCaps } from '../alerts/caps.ts';
import type { Detector } from '../detect/detector.ts';
import { checkInputs, fileHistory } from '../sources/files/history.ts';
import type { HistoryEvent } from '../sources/history.ts';
import { Store } from '../store/store.ts';
import { StoreWriter } from '../store/writer.ts';
import { armDetectors } from '../worker/arming.ts';
import { Detection } from '../worker/detection.ts';
import { startEnriching } from '../worker/enriching.ts';
import { createIngestor } from '../worker/ingestion.ts';
import { startLearning } from '../worker/learning.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { ProgressLine } from './progress.ts';

/** A whole history is judged at once, which may take longer than a tick of the worker. */
const DETECTOR_TIMEOUT_MS = 600_000;

/**
 * Loads the files, runs the detectors, leaves the alerts in the data folder. Nothing is sent: these alerts are
 * about the past.
 */
export async function backfillCommand(paths: readonly string[], options: GlobalOptions): Promise<void> {
  const { config, log, err } = await createContext(options, 'warn');
  const { files } = await checkInputs(paths);
  const store = await Store.open(config.data, {
    walRecovered: (path) => log.warn({ path }, 'the write-ahead log was damaged and is set aside'),
  });
  try {
    const writer = await StoreWriter.create(store);
    const { armed, refused } = await armDetectors(store, config.detection);
    for (const { error } of refused) log.error({ hint: error.hint }, error.message);

    const totals = { records: 0, rejects: 0, repeated: 0, copies: 0 };
    const leftOut: string[] = [];
    const progress = new ProgressLine(
      err,
      files.reduce((sum, file) => sum + file.bytes, 0),
    );
    const limits = { ...config.ingest, maxDelayMs: 0 };
    const ingestor = await createIngestor(store, writer, [config.logLinePrefix].flat(), limits, {
      onPrefix: ({ server, format, lines, explained }, restored) => {
        totals.rejects -= restored;
        totals.records += restored;
        const share = `${explained} of ${lines} lines looked at`;
        err.write(`${server}: log_line_prefix ${JSON.stringify(format)} found (explains ${share})\n`);
      },
      onParserFailure: (reason, length) =>
        log.warn({ reason, length }, 'a statement was too much for the parser; see the flag parser_failed'),
      onRestored: (rejects) => err.write(`${rejects} earlier rejects could be decoded by now\n`),
      onCommit: (result) => {
        totals.records += result.records;
        totals.rejects += result.rejects;
        totals.repeated += result.repeated;
        totals.copies += result.copies;
      },
      onRefused: (error, retryInMs) =>
        log.error({ error, retryInMs }, 'the store refuses to write; trying again'),
    });
    const reading = {
      position: (source: string, partition: string) => writer.position(source, partition),
      since: 0,
      until: Number.POSITIVE_INFINITY,
      signal: new AbortController().signal,
      onEvent: (event: HistoryEvent) => {
        if (event.kind === 'left-out') leftOut.push(`${event.what}. ${event.hint}`);
      },
    };
    try {
      for await (const batch of fileHistory(paths).read(reading)) {
        await ingestor.ingest(batch.messages, batch.contiguous);
        progress.update({ records: totals.records, bytes: batch.done });
      }
    } finally {
      await ingestor.stop();
      progress.end();
    }

    const enrich = await startEnriching(store, config, (error) =>
      log.error({ error }, 'addresses could not be looked up; run this again'),
    );
    const learn = await startLearning(store, config.detection.baselines, (error) =>
      log.error({ error }, 'baselines could not be learned; run this again'),
    );
    const { maxAlertsPerHour } = config.detection;
    const alerts = await detect(store, armed, { enrich, learn }, maxAlertsPerHour, (detector, error) =>
      log.error({ detector: detector.id, error }, 'a detector failed; the others ran'),
    );
    const parts = [
      `${totals.records.toLocaleString('en')} records stored`,
      `${totals.rejects.toLocaleString('en')} rejects`,
      ...(totals.copies > 0 ? [`${totals.copies.toLocaleString('en')} copies left out`] : []),
      `${alerts.toLocaleString('en')} new alerts`,
    ];
    err.write(`${parts.join(', ')} in ${config.data}\n`);
    if (totals.rejects > 0) {
      err.write('See why: pgvigil query "SELECT code, count(*) FROM rejects GROUP BY code"\n');
    }
    for (const what of leftOut) err.write(`Left out: ${what}\n`);
    if (totals.records === 0 && totals.rejects === 0 && totals.copies === 0)
      err.write('Everything in the files was stored before.\n');
  } finally {
    await store.close();
  }
}

async function detect(
  store: Store,
  armed: Awaited<ReturnType<typeof armDetectors>>['armed'],
  knowledge: { enrich: () => Promise<void>; learn: (until: number) => Promise<void> },
  caps: AlertCaps,
  onFailure: (detector: Detector, error: string) => void,
): Promise<number> {
  let alerts = 0;
  const detection = new Detection({
    store,
    detectors: armed,
    latenessMs: 0,
    timeoutMs: DETECTOR_TIMEOUT_MS,
    caps,
    now: Date.now,
    onAlert: ({ change }) => {
      if (change === 'opened') alerts++;
    },
    onFailure,
    ...knowledge,
  });
  await detection.finish();
  return alerts;
}
