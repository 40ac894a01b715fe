/** What the tests of baselines share: days of work, alerts about them, and what is learned. */

import { timestamp } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { audited, DAY, failed, HOUR, type Line, MINUTE, refused, signIn } from '../detect/support.ts';
import type { Random } from '../fuzz/random.ts';
import type { Expected } from './model.ts';

/** Midnight: a Monday. */
export const FIRST_DAY = Date.UTC(2026, 2, 2);
export const SETTINGS = { learningDays: 14, memoryDays: 60 };
export const FOREVER = () => Number.POSITIVE_INFINITY;

const pick = <T>(random: Random, items: readonly T[]): T => items[random.below(items.length)] as T;

/** `%c` of a session. */
export function sessionAt(time: number, n: number): string {
  return `${Math.floor(time / 1_000).toString(16)}.${(4_000 + n).toString(16)}`;
}

/** Some days of a few people on two servers, in order of time: sessions over midnight, guesses, errors. */
export function someDays(random: Random, days: number, sessionsPerDay: number): Line[] {
  const lines: Line[] = [];
  for (let n = 0; n < days * sessionsPerDay; n++) {
    const at = FIRST_DAY + Math.floor(n / sessionsPerDay) * DAY + random.below(DAY);
    const user = pick(random, ['anna', 'tom', 'app_rw']);
    const who = {
      server: pick(random, ['pg-1', 'pg-2']),
      session: sessionAt(at, n),
      user,
      client: `10.1.${random.below(3)}.${random.below(200)}`,
      application: pick(random, ['psql', 'orders-api 4.2', 'orders-api 4.10.1']),
    };
    if (random.below(8) === 0) {
      lines.push(...refused(at, who));
      continue;
    }
    lines.push(...signIn(at, who));
    for (let statement = random.below(4); statement > 0; statement--) {
      const when = at + 1_000 + random.below(5 * HOUR);
      const table = pick(random, ['orders', 'items', 'hr.salaries']);
      const text = pick(random, [
        `SELECT * FROM ${table}`,
        `INSERT INTO ${table} SELECT * FROM staging`,
        `TRUNCATE ${table}`,
        `DELETE FROM ${table}`,
        `COPY ${table} TO STDOUT`,
      ]);
      const write = /^[ITD]/.test(text);
      const entry = {
        class: write ? 'WRITE' : 'READ',
        command: write ? 'INSERT' : 'SELECT',
        rows: random.below(900),
      };
      lines.push(
        random.below(6) === 0
          ? failed(when, who, '42601', 'syntax error at or near "FRO"', 'SELECT * FRO x')
          : audited(when, who, text, entry),
      );
    }
  }
  return lines.sort((a, b) => a.record.eventTime - b.record.eventTime);
}

/** Each line up to so much late. */
export function shuffledWithin(lines: readonly Line[], latenessMs: number, random: Random): Line[] {
  return lines
    .map((line) => ({ line, at: line.record.eventTime + random.below(latenessMs) }))
    .sort((a, b) => a.at - b.at)
    .map(({ line }) => line);
}

export async function learnedBy(store: Store): Promise<Expected> {
  const sightings = await store.rows<{ key: string; n: bigint }>(
    `SELECT concat_ws('|', server, dimension, entity, value, day) AS key, n FROM known_values ORDER BY key`,
  );
  const volumes = await store.rows<{ key: string; n: bigint }>(
    `SELECT concat_ws('|', server, metric, entity, strftime(hour, '%Y-%m-%dT%H:%M:%S.000Z')) AS key, amount AS n
     FROM known_volumes ORDER BY key`,
  );
  const mapOf = (rows: { key: string; n: bigint }[]) => new Map(rows.map(({ key, n }) => [key, Number(n)]));
  return { sightings: mapOf(sightings), volumes: mapOf(volumes) };
}

export function sorted({ sightings, volumes }: Expected): Record<string, [string, number][]> {
  const order = (map: Map<string, number>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return { sightings: order(sightings), volumes: order(volumes) };
}

let alerts = 0;

/** An alert with one row of evidence, as detection stores it. */
export async function alertAbout(
  store: Store,
  session: { server: string; session: string; at: number },
  { severity = 'medium', status = 'open' } = {},
): Promise<string> {
  const alert = `al_${++alerts}`;
  await store.transaction(async (transaction) => {
    await transaction.run(
      `INSERT INTO store.alerts BY NAME SELECT $alert AS alert_id, 'T01' AS detector, 't' AS detector_name, 't' AS title,
         $severity AS severity, $status AS status, $server AS server, 'e' AS entity, 's' AS summary, $at AS first_seen,
         $at AS last_seen, 1 AS evidence_count, [$session] AS sessions, $at AS created_at, $at AS updated_at`,
      {
        alert,
        severity,
        status,
        server: session.server,
        session: session.session,
        at: timestamp(session.at),
      },
    );
    await transaction.run(
      `INSERT INTO store.evidence BY NAME SELECT $alert AS alert_id, 'T01' AS detector, $server AS server, 'e' AS entity,
         1 AS record_id, $at AS event_time, $session AS session_id, 's' AS summary`,
      { alert, server: session.server, session: session.session, at: timestamp(session.at) },
    );
  });
  return alert;
}

export { DAY, HOUR, MINUTE };
