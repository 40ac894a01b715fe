/**
 * Questions over a month of activities, what they cost those who write, and what an activity takes on disk:
 * `npm run bench:query -- --activities 20000000`, or with `--check` to end with code 1 where a target is missed.
 *
 * Questions go the way of those that people ask: vetted, then run in a process of their own on a read-only state.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readRecording } from '../../src/demo/recording.ts';
import { openSession } from '../../src/query/local-runner.ts';
import { removeSnapshot } from '../../src/query/sandbox/states.ts';
import { databasePath } from '../../src/store/database.ts';
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { createIngestor } from '../../src/worker/ingestion.ts';
import { Snapshots } from '../../src/worker/snapshots.ts';
import { MONTH, Month } from './month.ts';

const RUNS = 5;
const STATES = 20;
/** Arrive between one state and the next. */
const ARRIVING = 5_000;
const DAYS = 120;
const LOOK_UP_MS = 1_000;
const SCAN_MS = 3_000;
const STALL_MS = 250;
const SHARE = 0.1;

const { values } = parseArgs({
  options: {
    activities: { type: 'string', default: '20000000' },
    check: { type: 'boolean', default: false },
  },
});
const activities = Number(values.activities);

function judge(name: string, value: number, target: number, text: string): void {
  const met = value <= target;
  console.log(`${name.padEnd(34)} ${text.padStart(18)}   ${met ? 'met' : 'NOT met'}`);
  if (!met && values.check) process.exitCode = 1;
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

/** Median and longest of some runs, milliseconds, from the question to its last row. */
async function ask(session: ReturnType<typeof openSession>, sql: string): Promise<[number, number]> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    const answer = await session.run({ sql, limitRows: 10_000, limitBytes: 0, timeoutMs: 120_000 });
    let rows = 0;
    for await (const _ of answer.rows) rows++;
    if (rows === 0) throw new Error(`no row: ${sql}`);
    times.push(performance.now() - started);
  }
  return [median(times), Math.max(...times)];
}

async function askAll(dataDir: string): Promise<void> {
  const session = openSession(dataDir);
  const newest = 'ORDER BY event_time DESC LIMIT 100';
  const [first] = await collect(
    session,
    `SELECT session_id FROM sessions WHERE server = '${MONTH.server}' LIMIT 1`,
  );
  const fingerprint = MONTH.template.toString(16).padStart(16, '0');
  const lookUps = {
    'look-up by user': `user_name = '${MONTH.user}'`,
    'look-up by client': `client = '${MONTH.client}'`,
    'look-up by session': `server = '${MONTH.server}' AND session_id = '${first}'`,
    'look-up by fingerprint': `fingerprint = '${fingerprint}'`,
  };
  try {
    for (const [name, condition] of Object.entries(lookUps)) {
      const [middle, longest] = await ask(
        session,
        `SELECT event_time, user_name, client, sql_text FROM activity WHERE ${condition} ${newest}`,
      );
      judge(name, middle, LOOK_UP_MS, `${middle.toFixed(0)} (${longest.toFixed(0)}) ms`);
    }
    const [middle, longest] = await ask(
      session,
      'SELECT user_name, count(*), sum(row_count), max(event_time) FROM activity GROUP BY user_name',
    );
    judge('aggregate over all, by user', middle, SCAN_MS, `${middle.toFixed(0)} (${longest.toFixed(0)}) ms`);
  } finally {
    await session.close();
  }
}

async function collect(session: ReturnType<typeof openSession>, sql: string): Promise<unknown[]> {
  const answer = await session.run({ sql, limitRows: 1, limitBytes: 0, timeoutMs: 120_000 });
  const found: unknown[] = [];
  for await (const row of answer.rows) found.push(row[0]);
  return found;
}

/** How long commits take while readers get new states, and while they get none; milliseconds. */
async function stalls(dataDir: string, store: Store): Promise<void> {
  const month = new Month(store, activities);
  const snapshots = await Snapshots.open(dataDir, store);
  await removeSnapshot(await snapshots.take());
  const commit = async () => {
    const started = performance.now();
    await store.transaction((transaction) =>
      transaction.run("INSERT INTO store.setting_changes VALUES (0, TIMESTAMP '2026-01-01', 'pg', 'x', 'y')"),
    );
    return performance.now() - started;
  };
  const waits = { alone: [] as number[], beside: [] as number[] };
  for (let state = 0; state < STATES; state++) {
    const next = activities + state * ARRIVING;
    await month.fill(next, next + ARRIVING);
    waits.alone.push(await commit());
    const taken = snapshots.take();
    await sleep(0);
    waits.beside.push(await commit());
    await removeSnapshot(await taken);
  }
  await snapshots.close();
  const longest = Math.max(...waits.beside);
  console.log(`commit of a row, no reader          ${median(waits.alone).toFixed(0)} ms`);
  judge(
    'commit while a state is taken',
    longest,
    STALL_MS,
    `${median(waits.beside).toFixed(0)} (${longest.toFixed(0)}) ms`,
  );
}

/** The recording on another day, by users who ask for other things: dates, sessions and numbers in statements are others. */
function onDay(body: string, day: number): string {
  const date = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10);
  return body
    .replaceAll(/\d{4}-\d\d-\d\d(?=[T ]\d\d:\d\d)/g, date)
    .replaceAll(/\b[0-9a-f]{8}(?=\.[0-9a-f]{3,})/g, (start) =>
      (Number.parseInt(start, 16) + day * 86_400).toString(16),
    )
    .replaceAll(/(?<== )\d+/g, (number) => String(Number(number) + day));
}

/** Bytes on disk of each activity, and of the JSON that came in. */
async function sizes(folder: string): Promise<void> {
  const bodies = (await readRecording()).map(({ body }) => body);
  const store = await Store.open(folder);
  const limits = { maxRecords: 5_000, maxDelayMs: 0, maxBufferedBytes: 64 << 20 };
  const writer = await StoreWriter.create(store);
  const ingestor = await createIngestor(store, writer, ['%t-%c-'], limits, { onCommit: () => undefined });
  let json = 0;
  let sequenceNumber = 0;
  for (let day = 0; day < DAYS; day++) {
    const messages = bodies.map((text) => {
      const body = Buffer.from(onDay(text, day));
      json += body.length;
      sequenceNumber++;
      return { source: 'bench', partition: '0', sequenceNumber, offset: `${sequenceNumber}`, body };
    });
    await ingestor.ingest(messages, true);
  }
  await ingestor.stop();
  const [counts] = await store.rows<{ records: bigint; activities: bigint; texts: bigint }>(
    `SELECT (SELECT count(*) FROM store.records) AS records, (SELECT count(*) FROM store.activities) AS activities,
            (SELECT count(*) FROM store.statements) AS texts`,
  );
  await store.close();
  const disk = (await stat(databasePath(folder))).size;
  const stored = Number(counts!.activities);
  console.log(
    `the recording on ${DAYS} days: ${counts!.records} records, ${stored} activities of ${counts!.texts} texts`,
  );
  console.log(`JSON that came in                   ${(json / stored).toFixed(0)} bytes an activity`);
  judge(
    'on disk, everything',
    disk / json,
    SHARE,
    `${(disk / stored).toFixed(0)} B, ${((100 * disk) / json).toFixed(1)} %`,
  );
}

const folder = await mkdtemp(join(tmpdir(), 'pgvigil-bench-'));
try {
  console.log(`\n${activities.toLocaleString('en')} activities of 30 days; median of ${RUNS} (longest)`);
  const dataDir = join(folder, 'month');
  const store = await Store.open(dataDir);
  const month = new Month(store, activities);
  await month.fillStatements();
  await month.fill(0, activities);
  await store.close();
  const bytes = (await stat(databasePath(dataDir))).size;
  console.log(`database                            ${(bytes / activities).toFixed(1)} bytes an activity`);
  await askAll(dataDir);
  const written = await Store.open(dataDir);
  await stalls(dataDir, written);
  await written.close();
  await sizes(join(folder, 'recorded'));
} finally {
  await rm(folder, { recursive: true });
}
