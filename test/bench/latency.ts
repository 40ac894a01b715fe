/**
 * How long after a record arrives its alert is there: `npm run bench:latency -- --activities 10000000 --seconds 60`, or with
 * `--check` to end with code 1 above the target.
 *
 * Into a store with a history come 5,000 records a second as they happen, through decoding, parsing and storing; detection looks
 * as in the worker, with its defaults. Once a second one of the statements is an attack. Only the hub is left out: what a
 * message takes from Azure to here is not ours. The feeder shares the process, and takes its part of it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { newest } from '../../src/detect/engine.ts';
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { armDetectors } from '../../src/worker/arming.ts';
import { Detection } from '../../src/worker/detection.ts';
import { startEnriching } from '../../src/worker/enriching.ts';
import { createIngestor } from '../../src/worker/ingestion.ts';
import { LearningAside, startLearning } from '../../src/worker/learning.ts';
import { type LogLine, recordOf } from '../evaluation/server.ts';
import { History, PER_SECOND } from './history.ts';

const TARGET_MS = 10_000;
/** The defaults of the configuration. */
const LATENESS_MS = 2_000;
const INTERVAL_MS = 2_000;
const LIMITS = { maxRecords: 5_000, maxDelayMs: 250, maxBufferedBytes: 64 << 20 };
const STEP_MS = 100;
const PER_STEP = (PER_SECOND * STEP_MS) / 1_000;
/** Sessions of the feeder, each of them of one user. */
const SESSIONS = 200;
const TEMPLATES = 5_000;
/** Above those of the history. */
const FIRST_PID = 40_000;

const { values } = parseArgs({
  options: {
    activities: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '60' },
    check: { type: 'boolean', default: false },
  },
});

function lineOf(time: number, session: number, text: string, number: number): LogLine {
  return {
    ...{
      time,
      server: `pg-${session % 4}`,
      pid: FIRST_PID + session,
      session: sessionId(session),
      text,
      number,
    },
    properties: {
      errorLevel: 'LOG',
      sqlerrcode: '00000',
      backend_type: 'client backend',
    } as LogLine['properties'],
  };
}

const began = Math.floor(Date.now() / 1_000);
const sessionId = (session: number) => `${began.toString(16)}.${(FIRST_PID + session).toString(16)}`;

function signIn(time: number, session: number, user: string): LogLine[] {
  const client = `10.1.0.${session % 250}`;
  return [
    `LOG:  connection received: host=${client} port=5001`,
    `LOG:  connection authorized: user=${user} database=shop application_name=orders-api SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)`,
  ].map((text, number) => lineOf(time, session, text, number));
}

const audit = (id: number, what: string, sql: string) =>
  `LOG:  AUDIT: SESSION,${id},1,${what},,,"${sql}",<not logged>`;

function p(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

const folder = await mkdtemp(join(tmpdir(), 'pgvigil-bench-'));
const store = await Store.open(folder);
try {
  const activities = Number(values.activities);
  const seconds = Number(values.seconds);
  const history = new History(store, (began - 60) * 1_000 - (activities / PER_SECOND) * 1_000);
  await history.fillTemplates();
  await history.fillBaselines();
  for (let filled = 0; filled < activities; filled += 500_000)
    await history.fill(filled, Math.min(filled + 500_000, activities));

  const { armed } = await armDetectors(store, { detectorFolders: [], modes: {}, parameters: {} });
  const trouble = (error: string) => {
    throw new Error(error);
  };
  const sent = new Map<string, number>();
  const latencies: number[] = [];
  const learning = new LearningAside(
    await startLearning(store, { learningDays: 14, memoryDays: 60 }, trouble),
  );
  const detection = new Detection({
    ...{ store, detectors: armed, latenessMs: LATENESS_MS, timeoutMs: 30_000, now: Date.now },
    learn: learning.learn,
    enrich: await startEnriching(
      store,
      { enrichment: { providers: [], threatLists: [] }, networks: [] },
      trouble,
    ),
    onFailure: (detector, error) => trouble(`${detector.id}: ${error}`),
    onAlert: ({ change, alert }) => {
      const at = sent.get(alert.user ?? '');
      if (change !== 'opened' || alert.detector !== 'E01' || at === undefined) return;
      latencies.push(Date.now() - at);
      sent.delete(alert.user ?? '');
    },
  });
  // What is stored is history: the first look is not what is measured.
  if ((await newest(store)) !== null) await detection.finish();

  const ingestor = await createIngestor(store, await StoreWriter.create(store), ['%t-%c-'], LIMITS, {});
  const ended = new AbortController();
  const ticks: number[] = [];
  const looking = (async () => {
    while (!ended.signal.aborted) {
      const started = performance.now();
      await detection.tick();
      ticks.push(performance.now() - started);
      await sleep(Math.max(100, INTERVAL_MS - (performance.now() - started)));
    }
  })();

  let sequenceNumber = 0;
  let records = 0;
  let statement = 0;
  const statements: number[] = [];
  let slowest = 0;
  const taken: Promise<void>[] = [];
  const started = Date.now();
  const steps = (seconds * 1_000) / STEP_MS;
  for (let step = 0; step < steps; step += 1) {
    const due = started + step * STEP_MS;
    if (due > Date.now()) await sleep(due - Date.now());
    const time = Date.now();
    const lines: LogLine[] = [];
    if (step < SESSIONS) lines.push(...signIn(time, step, `app_${step % 40}`));
    while (lines.length < PER_STEP) {
      const session = statement % Math.min(step + 1, SESSIONS);
      const id = (statements[session] ?? 0) + 1;
      statements[session] = id;
      // Most clients bind their values; one statement of ten brings a text of its own.
      const value = statement % 10 === 0 ? statement : '$1';
      const sql = `SELECT a FROM shop.t${statement % TEMPLATES} WHERE id = ${value}`;
      lines.push(lineOf(time, session, audit(id, 'READ,SELECT', sql), id));
      statement += 1;
    }
    if (step % (1_000 / STEP_MS) === 0) {
      const user = `mallory_${step}`;
      const session = SESSIONS + step;
      sent.set(user, time);
      lines.push(
        ...signIn(time, session, user),
        lineOf(time, session, audit(1, 'WRITE,COPY', `COPY t TO PROGRAM 'id ${step}'`), 3),
      );
    }
    records += lines.length;
    sequenceNumber += 1;
    const place = { source: 'bench', partition: '1', sequenceNumber, offset: `${sequenceNumber}` };
    const body = Buffer.from(JSON.stringify({ records: lines.map(recordOf) }));
    taken.push(
      ingestor.ingest([{ ...place, body }], true).then(() => {
        slowest = Math.max(slowest, Date.now() - time);
      }),
    );
  }
  const fedFor = (Date.now() - started) / 1_000;
  await Promise.all(taken);
  const late = Date.now() + 3 * TARGET_MS;
  while (sent.size > 0 && Date.now() < late) await sleep(STEP_MS);
  ended.abort();
  await looking;
  await learning.stop();
  await ingestor.stop();
  for (const at of sent.values()) latencies.push(Date.now() - at);
  latencies.sort((a, b) => a - b);
  ticks.sort((a, b) => a - b);
  console.log(
    `${activities.toLocaleString('en')} activities stored, ${Math.round(records / fedFor).toLocaleString('en')} records a second for ${Math.round(fedFor)} s, each stored within ${slowest} ms`,
  );
  console.log(
    `a look takes ${Math.round(p(ticks, 0.5))} ms (median of ${ticks.length}, at most ${Math.round(p(ticks, 1))})`,
  );
  console.log(
    `from arrival to alert: median ${p(latencies, 0.5)} ms, p95 ${p(latencies, 0.95)} ms, at most ${p(latencies, 1)} ms (${latencies.length} attacks, ${sent.size} without an alert)`,
  );
  if (values.check && (p(latencies, 0.95) > TARGET_MS || sent.size > 0)) {
    console.error(`above the target of ${TARGET_MS} ms`);
    process.exitCode = 1;
  }
} finally {
  await store.close();
  await rm(folder, { recursive: true });
}
