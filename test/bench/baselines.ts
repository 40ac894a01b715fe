/**
 * What baselines cost: `node --import ./test/typescript.mjs test/bench/baselines.ts`. 200 users with 50 values each, seen on
 * 10 days or on 60 days, and their volumes; then an hour is learned in which 200 sessions sign in and run 500,000 statements, and the
 * detectors that ask the baselines judge the last seconds of it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Learner } from '../../src/baselines/learner.ts';
import { Engine } from '../../src/detect/engine.ts';
import { saveProgress } from '../../src/detect/progress.ts';
import { Store } from '../../src/store/store.ts';
import { armDetectors } from '../../src/worker/arming.ts';
import { SESSION_KEY } from './history.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 2, 10);
const DETECTORS = ['A06', 'X02'];
const HOURS = "TIMESTAMP '2026-11-02 10:00:00'";
const STATEMENTS = 500_000;

async function fillBaselines(store: Store, days: number): Promise<void> {
  await store.transaction(async (transaction) => {
    await transaction.run('DELETE FROM store.sightings');
    await transaction.run('DELETE FROM store.volumes');
    await transaction.run(`
      INSERT INTO store.sightings
      SELECT 'pg-1', d.dimension, CASE WHEN d.dimension IN ('user', 'server') THEN '' ELSE 'user_' || u END,
        CASE d.dimension WHEN 'user' THEN 'user_' || u WHEN 'server' THEN '' WHEN 'user_client' THEN '10.' || u || '.' || v || '.0/24'
          ELSE printf('%016x', 1000 * u + v) END,
        DATE '2026-11-02' - day::INTEGER, 7
      FROM range(1, ${days + 1}) t(day), range(200) r(u),
        (VALUES ('server', 0), ('user', 1), ('user_client', 3), ('user_application', 2), ('user_hour', 10), ('user_fingerprint', 24), ('user_relation', 10)) d(dimension, values),
        range(d.values) w(v)
      WHERE d.dimension <> 'server' OR u = 0`);
    await transaction.run(`
      INSERT INTO store.sightings SELECT 'pg-1', 'server', '', '', DATE '2026-11-02' - day::INTEGER, 7 FROM range(1, ${days + 1}) t(day)`);
    await transaction.run(`
      INSERT INTO store.volumes
      SELECT 'pg-1', m, 'user_' || u, ${HOURS} - day * INTERVAL 1 DAY + h * INTERVAL 1 HOUR, 900 + (u * h) % 100
      FROM range(1, ${days + 1}) t(day), range(200) r(u), (VALUES ('statements'), ('rows_read'), ('errors'), ('sign_ins')) n(m), range(12) s(h)`);
  });
}

/** Sign-ins and statements of one hour, ${STATEMENTS} in all. */
async function fillHour(store: Store, firstRecord: number, begin: number): Promise<void> {
  const at = `epoch_ms(${begin}) + (i * INTERVAL 3600000 MILLISECOND / ${STATEMENTS})`;
  const session = `printf('%x.%x', ${begin / 1_000}, 4000 + i % 200)`;
  await store.transaction(async (transaction) => {
    await transaction.run(`
      INSERT INTO store.connection_events BY NAME
      SELECT ${firstRecord} + k AS record_id, epoch_ms(${begin}) AS event_time, 'pg-1' AS server, ${session} AS session_id,
        ['received', 'authorized'][k] AS event, CASE WHEN k = 2 THEN 'user_' || i END AS user_name, 'shop' AS database_name,
        CASE WHEN k = 1 THEN '10.' || i || '.1.7' END AS client, 'orders-api' AS application, false AS replication, ${SESSION_KEY}
      FROM range(200) r(i), range(1, 3) q(k)`);
    await transaction.run(`
      INSERT INTO store.activities BY NAME
      SELECT ${firstRecord} + 10 + i AS record_id, ${at} AS event_time, 'pg-1' AS server, ${session} AS session_id, 'audit' AS source,
        'SESSION' AS audit_type, i AS statement_id, 1 AS substatement_id, 'READ' AS class, 'SELECT' AS command, (i % 10 = 0)::BIGINT AS row_count,
        i % 5000 AS statement_record_id, statement_record_id AS template_record_id, false AS truncated, false AS previously_logged, ${SESSION_KEY}
      FROM range(${STATEMENTS}) r(i)`);
    await transaction.run(`
      INSERT INTO store.records BY NAME
      SELECT ${firstRecord} + 10 + i AS record_id, 'bench' AS source, '0' AS partition, i AS sequence_number, 0 AS record_index,
        ${at} AS event_time, ${at} AS received_at, 'pg-1' AS server, 'PostgreSQLLogs' AS category
      FROM range(${STATEMENTS}) r(i)`);
  });
}

async function fillStatements(store: Store): Promise<void> {
  await store.transaction(async (transaction) => {
    await transaction.run(`
      INSERT INTO store.templates BY NAME
      SELECT 't' || i AS template_id, 'x' AS version, [] AS literals_read, true AS parse_ok, printf('%016x', i) AS fingerprint,
        'SELECT 1' AS normalized, ['SelectStmt'] AS kinds, ['shop.t' || i] AS relations_read, [] AS relations_written, [] AS catalogs,
        [] AS catalogs_written, [] AS columns_read, [] AS columns_written, [] AS functions, [] AS flags, [] AS roles_granted,
        [] AS grantees, [] AS role_options, [] AS hosts, 1 AS statement_count, 0 AS drop_count, 0 AS null_pads, 0 AS chr_chain,
        false AS tail_redacted, i AS first_record_id
      FROM range(5000) r(i)`);
    await transaction.run(`
      INSERT INTO store.statements SELECT 'h' || i, 't' || i, i, 'SELECT 1', 8 FROM range(5000) r(i)`);
  });
}

/** Median of three runs of each detector over the last two seconds, milliseconds. */
async function detectorTimes(store: Store, lastRecord: number, until: number): Promise<Map<string, number>> {
  const { armed } = await armDetectors(store, { detectorFolders: [], modes: {}, parameters: {} });
  const asking = armed.filter(({ detector }) => DETECTORS.includes(detector.id));
  const times = new Map<string, number[]>();
  for (let run = 0; run < 3; run++) {
    const ids = asking.map(({ detector }) => detector.id);
    const place = { lastRecordId: BigInt(lastRecord), watermark: until - 2_000 };
    await store.transaction((transaction) => saveProgress(transaction, ids, place, 0));
    for await (const judgement of new Engine({ store, timeoutMs: 120_000, now: Date.now }).judge(
      asking,
      until,
      BigInt(lastRecord),
    )) {
      if (judgement.outcome === 'failed') throw new Error(judgement.error);
      times.set(judgement.detector.id, [...(times.get(judgement.detector.id) ?? []), judgement.durationMs]);
    }
  }
  return new Map([...times].map(([id, ms]) => [id, ms.toSorted((a, b) => a - b)[1]!]));
}

const folder = await mkdtemp(join(tmpdir(), 'pgvigil-bench-'));
const store = await Store.open(folder);
try {
  await fillStatements(store);
  let record = 0;
  let begin = NOW;
  for (const days of [10, 60]) {
    await fillBaselines(store, days);
    const learner = await Learner.open(
      store,
      { learningDays: 7, memoryDays: 60 },
      () => Number.POSITIVE_INFINITY,
    );
    await learner.learn(begin + HOUR);
    await fillHour(store, record, begin);
    record += STATEMENTS + 1_000;
    const started = performance.now();
    const learned = await learner.learn(begin + 2 * HOUR);
    const learnedMs = performance.now() - started;
    const [rows] = await store.rows<{ s: bigint; v: bigint }>(
      'SELECT (SELECT count(*) FROM store.sightings) AS s, (SELECT count(*) FROM store.volumes) AS v',
    );
    console.log(
      `${days} days, ${rows!.s.toLocaleString('en')} values and ${rows!.v.toLocaleString('en')} volumes: an hour of ${STATEMENTS.toLocaleString('en')} statements is learned in ${Math.round(learnedMs)} ms (${learned.map(({ sightings, volumes }) => sightings + volumes).join('+')} rows)`,
    );
    for (const [id, ms] of await detectorTimes(store, record, begin + HOUR))
      console.log(`  ${id} ${Math.round(ms)} ms`);
    begin += DAY;
  }
} finally {
  await store.close();
  await rm(folder, { recursive: true });
}
