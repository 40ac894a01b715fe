/**
 * A long history for benches, made inside of DuckDB: 5,000 activities a second of 5,000 templates on a table each, sessions of
 * 200 statements on four servers, after fifteen days of which the baselines are known.
 */
import type { Store } from '../../src/store/store.ts';

export const PER_SECOND = 5_000;
const PER_SESSION = 200;
const TEMPLATES = 5_000;
/** What src/store/session-key.ts says of the columns before it. */
export const SESSION_KEY =
  "('0x' || left(sha256(server || chr(10) || session_id), 16))::UBIGINT AS session_key";

export class History {
  readonly #store: Store;
  /** SQL. */
  readonly #start: string;

  /** @param start of the first activity, milliseconds since 1970 */
  constructor(store: Store, start: number) {
    this.#store = store;
    this.#start = `TIMESTAMP '${new Date(start).toISOString().slice(0, -1)}'`;
  }

  /** Statements of templates, once. */
  async fillTemplates(): Promise<void> {
    await this.#store.transaction(async (transaction) => {
      await transaction.run(`
      INSERT INTO store.templates BY NAME
      SELECT 't' || i AS template_id, 'x' AS version, [] AS literals_read, true AS parse_ok, printf('%016x', i) AS fingerprint,
        'SELECT a FROM shop.t' || i || ' WHERE id = $1' AS normalized, ['SelectStmt'] AS kinds, ['shop.t' || i] AS relations_read,
        [] AS relations_written, [] AS catalogs, [] AS catalogs_written, ['id'] AS columns_read, [] AS columns_written,
        [] AS functions, [] AS flags, [] AS roles_granted, [] AS grantees, [] AS role_options, [] AS hosts,
        1 AS statement_count, 0 AS drop_count, 0 AS null_pads, 0 AS chr_chain, false AS tail_redacted, i AS first_record_id
      FROM range(${TEMPLATES}) r(i)`);
      await transaction.run(`
      INSERT INTO store.statements
      SELECT 'h' || i, 't' || i, i, 'SELECT a FROM shop.t' || i || ' WHERE id = 7', 40 FROM range(${TEMPLATES}) r(i)`);
    });
  }

  /** Fifteen days before, as the learner would have left them: detectors that know what is usual have to judge. */
  async fillBaselines(): Promise<void> {
    await this.#store.transaction(async (transaction) => {
      await transaction.run(`
      INSERT INTO store.sightings
      WITH days AS (SELECT (${this.#start} - d * INTERVAL 1 DAY)::DATE AS day FROM range(1, 16) r(d)),
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
        ${this.#start} - h * INTERVAL 1 HOUR, 450_000 FROM range(40) r(u), range(1, 361) q(h)`);
      await transaction.run(`UPDATE store.learner SET learned_until = ${this.#start}`);
    });
  }

  /** Activities from one number up to another, with the sign-ins of the sessions that begin there. */
  async fill(from: number, to: number): Promise<void> {
    const at = `${this.#start} + (i * INTERVAL 1 SECOND / ${PER_SECOND})`;
    const session = `printf('%x.%x', epoch(${this.#start})::BIGINT + (i // ${PER_SECOND}), 4000 + (i // ${PER_SESSION}) % 30000)`;
    await this.#store.transaction(async (transaction) => {
      await transaction.run(`
      INSERT INTO store.connection_events BY NAME
      SELECT 4 * i + k AS record_id, ${at} + k * INTERVAL 1 MILLISECOND AS event_time, 'pg-' || (i // ${PER_SESSION}) % 4 AS server,
        ${session} AS session_id, ['received', 'authenticated', 'authorized'][k] AS event,
        CASE WHEN k > 1 THEN 'app_' || (i // ${PER_SESSION}) % 40 END AS user_name, CASE WHEN k = 3 THEN 'shop' END AS database_name,
        CASE WHEN k = 1 THEN '10.1.0.' || (i // ${PER_SESSION}) % 250 END AS client, CASE WHEN k = 3 THEN 'orders-api' END AS application,
        CASE WHEN k = 3 THEN true END AS tls, CASE WHEN k = 3 THEN 'TLSv1.3' END AS tls_version, false AS replication, '00000' AS sqlstate, ${SESSION_KEY}
      FROM range(${from}, ${to}) r(i), range(1, 4) q(k) WHERE i % ${PER_SESSION} = 0`);
      await transaction.run(`
      INSERT INTO store.activities BY NAME
      SELECT 4 * i AS record_id, ${at} + INTERVAL 5 MILLISECOND AS event_time, 'pg-' || (i // ${PER_SESSION}) % 4 AS server,
        ${session} AS session_id, 'audit' AS source, 'SESSION' AS audit_type, 1 + i % ${PER_SESSION} AS statement_id,
        1 AS substatement_id, 'READ' AS class, 'SELECT' AS command, i % ${TEMPLATES} AS statement_record_id, statement_record_id AS template_record_id, false AS truncated,
        false AS previously_logged, ${SESSION_KEY}
      FROM range(${from}, ${to}) r(i)`);
      await transaction.run(`
      INSERT INTO store.records BY NAME
      SELECT 4 * i AS record_id, 'bench' AS source, '0' AS partition, i AS sequence_number, 0 AS record_index,
        ${at} AS event_time, ${at} AS received_at, 'pg-' || (i // ${PER_SESSION}) % 4 AS server, 'PostgreSQLLogs' AS category,
        ${session} AS session_id, 'LOG' AS level, 'AUDIT' AS message
      FROM range(${from}, ${to}) r(i)`);
    });
  }
}
