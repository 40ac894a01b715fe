/**
 * Thirty days of eight busy servers, made inside of DuckDB: 500 sessions at a time of 100 statements each, 5,000 templates, every
 * fiftieth statement with a text of its own out of 400,000. Row by row what the writer would have stored.
 */
import type { Store } from '../../src/store/store.ts';
import { SESSION_KEY } from './history.ts';

const DAYS = 30;
const TEMPLATES = 5_000;
const TEXTS = 400_000;
const AT_ONCE = 500;
const STATEMENTS = 100;
const CHUNK = 1_000_000;

/** What the benches ask for. */
export const MONTH = { user: 'app_17', client: '10.1.3.17', template: 77, server: 'pg-orders-3' };

/** SQL of the number of the session that activity `i` belongs to. */
const SESSION = `((i // ${AT_ONCE * STATEMENTS}) * ${AT_ONCE} + i % ${AT_ONCE})`;
const SERVER = "'pg-orders-' || i % 8 AS server";

export class Month {
  readonly #store: Store;
  /** SQL of the time of activity `i`, and of the first of its session. */
  readonly #at: string;
  readonly #sessionId: string;

  /** @param activities that make thirty days */
  constructor(store: Store, activities: number) {
    this.#store = store;
    const first = `(i // ${AT_ONCE * STATEMENTS}) * ${AT_ONCE * STATEMENTS} + i % ${AT_ONCE}`;
    const at = (n: string) => `TIMESTAMP '2026-10-29' + to_seconds((${n}) * ${(DAYS * 86_400) / activities})`;
    this.#at = at('i');
    this.#sessionId = `printf('%x.%x', epoch(${at(first)})::BIGINT, 4000 + ${SESSION} * 7919 % 30000)`;
  }

  async fillStatements(): Promise<void> {
    await this.#store.transaction(async (transaction) => {
      await transaction.run(`
        INSERT INTO store.templates BY NAME
        SELECT md5('t' || i) AS template_id, 'x' AS version, [] AS literals_read, true AS parse_ok,
          printf('%016x', i) AS fingerprint, 'SELECT a FROM shop.t' || i || ' WHERE id = $1' AS normalized, ['SelectStmt'] AS kinds,
          ['shop.t' || i] AS relations_read, [] AS relations_written, [] AS catalogs, [] AS catalogs_written,
          ['id'] AS columns_read, [] AS columns_written, [] AS functions, [] AS flags, [] AS roles_granted, [] AS grantees,
          [] AS role_options, [] AS hosts, 1 AS statement_count, 0 AS drop_count, 0 AS null_pads, 0 AS chr_chain,
          false AS tail_redacted, i * 50 AS first_record_id
        FROM range(${TEMPLATES}) r(i)`);
      await transaction.run(`
        INSERT INTO store.statements
        SELECT md5('h' || i), md5('t' || i % ${TEMPLATES}), i * 50, 'SELECT a FROM shop.t' || i % ${TEMPLATES} || ' WHERE id = ' || i, 40
        FROM range(${TEXTS}) r(i)`);
    });
  }

  /** Activities from one number up to another, with the sign-ins of the sessions that begin there. */
  async fill(from: number, to: number): Promise<void> {
    for (let begin = from; begin < to; begin += CHUNK)
      await this.#fillChunk(begin, Math.min(begin + CHUNK, to));
  }

  async #fillChunk(from: number, to: number): Promise<void> {
    await this.#store.transaction(async (transaction) => {
      await transaction.run(`
        INSERT INTO store.connection_events BY NAME
        SELECT 4 * i + k AS record_id, ${this.#at} AS event_time, ${SERVER}, ${this.#sessionId} AS session_id,
          ['received', 'authenticated', 'authorized'][k] AS event,
          CASE WHEN k > 1 THEN 'app_' || hash(${SESSION}) % 160 END AS user_name, CASE WHEN k = 3 THEN 'shop' END AS database_name,
          CASE WHEN k = 1 THEN '10.1.' || hash(${SESSION}) % 7 || '.' || hash(${SESSION} + 1) % 250 END AS client,
          CASE WHEN k = 1 THEN (30000 + hash(${SESSION}) % 30000)::INTEGER END AS client_port,
          CASE WHEN k = 3 THEN 'orders-api' END AS application, CASE WHEN k = 2 THEN 'scram-sha-256' END AS "method",
          CASE WHEN k = 3 THEN true END AS tls, CASE WHEN k = 3 THEN 'TLSv1.3' END AS tls_version, false AS replication,
          '00000' AS sqlstate, ${SESSION_KEY}
        FROM range(${from}, ${to}) r(i), range(1, 4) q(k) WHERE (i // ${AT_ONCE}) % ${STATEMENTS} = 0`);
      await transaction.run(`
        INSERT INTO store.activities BY NAME
        SELECT 4 * i AS record_id, ${this.#at} AS event_time, ${SERVER}, ${this.#sessionId} AS session_id, 'audit' AS source,
          'SESSION' AS audit_type, 1 + (i // ${AT_ONCE}) % ${STATEMENTS} AS statement_id, 1 AS substatement_id, 'READ' AS class,
          'SELECT' AS command, hash(i + 2) % 100 AS row_count, false AS truncated, false AS previously_logged, ${SESSION_KEY},
          50 * (CASE WHEN hash(i) % 50 = 0 THEN hash(i + 1) % ${TEXTS} ELSE hash(i + 1) % ${TEMPLATES} END)::BIGINT AS statement_record_id,
          50 * (statement_record_id // 50 % ${TEMPLATES}) AS template_record_id
        FROM range(${from}, ${to}) r(i)`);
      await transaction.run(`
        INSERT INTO store.records BY NAME
        SELECT 4 * i AS record_id, 'namespace/hub/$Default' AS source, (i % 4)::VARCHAR AS partition, i // 32 AS sequence_number,
          i % 8 AS record_index, ${this.#at} AS event_time, ${this.#at} + to_seconds(hash(i) % 60) AS received_at, ${SERVER},
          'PostgreSQLLogs' AS category, ${this.#sessionId} AS session_id, 4000 + ${SESSION} * 7919 % 30000 AS pid,
          'client backend' AS backend_type, 'LOG' AS level, '00000' AS sqlstate,
          ${this.#at} + to_milliseconds((hash(i) % 900)::BIGINT) AS azure_time, hash(i + 4) AS content_hash
        FROM range(${from}, ${to}) r(i)`);
    });
  }
}
