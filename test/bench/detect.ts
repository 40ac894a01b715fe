/**
 * What a tick of all detectors costs over a long history: `npm run bench:detect -- --activities 10000000 --detectors`, or
 * with `--check` to end with code 1 above the target.
 *
 * The history is made inside of DuckDB: 5,000 activities a second of 5,000 templates on a table each, sessions of 200
 * statements, after fifteen days of which the baselines are known. Then 2 s worth
 * of new activities arrive and every detector looks once, several times over; for a short history and for a long one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Engine, newest } from '../../src/detect/engine.ts';
import { Store } from '../../src/store/store.ts';
import { armDetectors } from '../../src/worker/arming.ts';
import { Detection } from '../../src/worker/detection.ts';

const PER_SECOND = 5_000;
const NEW = 2 * PER_SECOND;
const PER_SESSION = 200;
const TEMPLATES = 5_000;
const START = "TIMESTAMP '2026-11-01 00:00:00'";
const TICKS = 3;
const TARGET_MS = 2_000;

const { values } = parseArgs({
  options: {
    activities: { type: 'string', default: '1000000' },
    check: { type: 'boolean', default: false },
    detectors: { type: 'boolean', default: false },
  },
});

const at = (i: string) => `${START} + (${i} * INTERVAL 1 SECOND / ${PER_SECOND})`;
const sessionOf = (i: string) =>
  `printf('%x.%x', epoch(${START})::BIGINT + (${i} // ${PER_SESSION}), 4000 + (${i} // ${PER_SESSION}) % 30000)`;

/** Statements of templates, once. */
async function fillTemplates(store: Store): Promise<void> {
  await store.transaction(async (transaction) => {
    await transaction.run(`
      INSERT INTO store.templates BY NAME
      SELECT 't' || i AS template_id, 'x' AS version, [] AS literals_read, true AS parse_ok, printf('%016x', i) AS fingerprint,
        'SELECT a FROM shop.t' || i || ' WHERE id = $1' AS normalized, ['SelectStmt'] AS kinds, ['shop.t' || i] AS relations_read,
        [] AS relations_written, [] AS catalogs, [] AS catalogs_written, ['id'] AS columns_read, [] AS columns_written,
        [] AS functions, [] AS flags, [] AS roles_granted, [] AS grantees, [] AS role_options, [] AS hosts,
        1 AS statement_count, 0 AS drop_count, 0 AS null_pads, 0 AS chr_chain, false AS tail_redacted
      FROM range(${TEMPLATES}) r(i)`);
    await transaction.run(`
      INSERT INTO store.statements
      SELECT 'h' || i, 't' || i, i, 'SELECT a FROM shop.t' || i || ' WHERE id = 7', 40 FROM range(${TEMPLATES}) r(i)`);
  });
}

/** Fifteen days before, as the learner would have left them: detectors that know what is usual have to judge. */
async function fillBaselines(store: Store): Promise<void> {
  await store.transaction(async (transaction) => {
    await transaction.run(`
      INSERT INTO store.sightings
      WITH days AS (SELECT (${START} - d * INTERVAL 1 DAY)::DATE AS day FROM range(1, 16) r(d)),
      users AS (SELECT 'pg-' || u % 4 AS server, 'app_' || u AS user_name FROM range(40) r(u))
      SELECT DISTINCT server, 'server', '', '', day, 1 FROM users, days
      UNION ALL SELECT server, 'user', '', user_name, day, 1 FROM users, days
      UNION ALL SELECT server, 'user_client', user_name, '10.1.0.0/24', day, 1 FROM users, days
      UNION ALL SELECT server, 'user_application', user_name, 'orders-api', day, 1 FROM users, days
      UNION ALL SELECT server, 'user_database', user_name, 'shop', day, 1 FROM users, days
      UNION ALL SELECT server, 'user_hour', user_name, h::VARCHAR, day, 1 FROM users, days, range(168) r(h)
      UNION ALL SELECT server, 'user_relation', user_name, 'shop.t' || i, day, 1 FROM users, days, range(2000) r(i)
      UNION ALL SELECT server, 'open_ended', user_name, unnest(['user_relation', 'user_fingerprint']), day, 3000 FROM users, days`);
    await transaction.run(`
      INSERT INTO store.volumes
      SELECT 'pg-' || u % 4, unnest(['statements', 'rows_read', 'sign_ins']), 'app_' || u,
        ${START} - h * INTERVAL 1 HOUR, 450_000 FROM range(40) r(u), range(1, 361) q(h)`);
    await transaction.run(`UPDATE store.learner SET learned_until = ${START}`);
  });
}

/** Activities from one number up to another, with the sign-ins of the sessions that begin there. */
async function fill(store: Store, from: number, to: number): Promise<void> {
  await store.transaction(async (transaction) => {
    await transaction.run(`
      INSERT INTO store.connection_events BY NAME
      SELECT 4 * i + k AS record_id, ${at('i')} + k * INTERVAL 1 MILLISECOND AS event_time, 'pg-' || (i // ${PER_SESSION}) % 4 AS server,
        ${sessionOf('i')} AS session_id, ['received', 'authenticated', 'authorized'][k] AS event,
        CASE WHEN k > 1 THEN 'app_' || (i // ${PER_SESSION}) % 40 END AS user_name, CASE WHEN k = 3 THEN 'shop' END AS database_name,
        CASE WHEN k = 1 THEN '10.1.0.' || (i // ${PER_SESSION}) % 250 END AS client, CASE WHEN k = 3 THEN 'orders-api' END AS application,
        CASE WHEN k = 3 THEN true END AS tls, CASE WHEN k = 3 THEN 'TLSv1.3' END AS tls_version, false AS replication, '00000' AS sqlstate
      FROM range(${from}, ${to}) r(i), range(1, 4) q(k) WHERE i % ${PER_SESSION} = 0`);
    await transaction.run(`
      INSERT INTO store.activities BY NAME
      SELECT 4 * i AS record_id, ${at('i')} + INTERVAL 5 MILLISECOND AS event_time, 'pg-' || (i // ${PER_SESSION}) % 4 AS server,
        ${sessionOf('i')} AS session_id, 'audit' AS source, 'SESSION' AS audit_type, 1 + i % ${PER_SESSION} AS statement_id,
        1 AS substatement_id, 'READ' AS class, 'SELECT' AS command, 'h' || i % ${TEMPLATES} AS statement_hash, false AS truncated,
        false AS previously_logged
      FROM range(${from}, ${to}) r(i)`);
    await transaction.run(`
      INSERT INTO store.records BY NAME
      SELECT 4 * i AS record_id, 'bench' AS source, '0' AS partition, i AS sequence_number, 0 AS record_index,
        ${at('i')} AS event_time, ${at('i')} AS received_at, 'pg-' || (i // ${PER_SESSION}) % 4 AS server, 'PostgreSQLLogs' AS category,
        ${sessionOf('i')} AS session_id, 'LOG' AS level, 'AUDIT' AS message
      FROM range(${from}, ${to}) r(i)`);
  });
}

/** Milliseconds of every tick, and of each detector in one more. */
async function ticks(store: Store, from: number): Promise<{ ticks: number[]; each: Map<string, number> }> {
  const { armed, refused } = await armDetectors(store, { detectorFolders: [], modes: {}, parameters: {} });
  if (refused.length > 0) throw refused[0]!.error;
  const options = { store, timeoutMs: 120_000, now: Date.now };
  const detection = new Detection({
    ...{ ...options, detectors: armed, routes: [], latenessMs: 0 },
    onFailure: (detector, error) => {
      throw new Error(`${detector.id}: ${error}`);
    },
  });
  const times: number[] = [];
  for (let tick = 0; tick <= TICKS; tick += 1) {
    await fill(store, from + tick * NEW, from + (tick + 1) * NEW);
    const started = performance.now();
    await detection.finish();
    // The first looks at all that there is.
    if (tick > 0) times.push(performance.now() - started);
  }
  await fill(store, from + (TICKS + 1) * NEW, from + (TICKS + 2) * NEW);
  const front = (await newest(store))!;
  const each = new Map<string, number>();
  for await (const judgement of new Engine(options).judge(armed, front.eventTime, front.recordId))
    if (judgement.outcome === 'judged') each.set(judgement.detector.id, judgement.durationMs);
  return { ticks: times, each };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

const folder = await mkdtemp(join(tmpdir(), 'pgvigil-bench-'));
const store = await Store.open(folder);
try {
  await fillTemplates(store);
  await fillBaselines(store);
  let filled = 0;
  let longest = 0;
  for (const activities of [Number(values.activities) / 10, Number(values.activities)]) {
    for (; filled < activities; filled += 500_000)
      await fill(store, filled, Math.min(filled + 500_000, activities));
    filled = activities;
    const { ticks: times, each } = await ticks(store, filled);
    filled += (TICKS + 2) * NEW;
    longest = median(times);
    console.log(
      `${activities.toLocaleString('en')} activities stored: a tick with ${NEW.toLocaleString('en')} new ones takes ${Math.round(median(times))} ms (${times.map((ms) => Math.round(ms)).join(', ')})`,
    );
    if (values.detectors)
      for (const [id, ms] of [...each].sort((a, b) => b[1] - a[1]))
        console.log(`  ${id} ${Math.round(ms)} ms`);
  }
  if (values.check && longest > TARGET_MS) {
    console.error(`above the target of ${TARGET_MS} ms`);
    process.exitCode = 1;
  }
} finally {
  await store.close();
  await rm(folder, { recursive: true });
}
