/** What the baselines should be, said again as simply as possible: one pass over all records, no arrival, no bookkeeping. */
import type { Line } from '../detect/support.ts';
import { DAY, HOUR } from '../detect/support.ts';

interface Session {
  user: string | null;
  client: string | null;
  database: string | null;
  application: string | null;
  letIn: boolean;
}

export interface Expected {
  /** Rows as `server|dimension|entity|value|day`: how often. */
  sightings: Map<string, number>;
  /** Rows as `server|metric|entity|hour`: how much. */
  volumes: Map<string, number>;
}

/** Of the flags that the days of the tests have, those that say what a user does. */
const DEEDS = ['copy_stdout', 'dml_no_where', 'drop_data', 'truncate'] as const;

const keyOf = ({ record }: Line) => `${record.server}|${record.sessionId}`;
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
const hourOf = (time: number) => new Date(Math.floor(time / HOUR) * HOUR).toISOString();

function sessionsOf(lines: readonly Line[]): Map<string, Session> {
  const sessions = new Map<string, Session>();
  for (const line of lines) {
    const { fact } = line.record;
    if (fact?.kind !== 'connection') continue;
    const session = sessions.get(keyOf(line)) ?? {
      user: null,
      client: null,
      database: null,
      application: null,
      letIn: true,
    };
    session.client ??= fact.client;
    session.user ??= fact.user;
    session.database ??= fact.database;
    session.application ??= fact.application;
    if (fact.event === 'failed') session.letIn = false;
    sessions.set(keyOf(line), session);
  }
  return sessions;
}

/**
 * @param withheld sessions behind alerts, as `server|session`
 * @param from begin of what is remembered, milliseconds
 * @param until end of what is learned, milliseconds
 */
export function expectedOf(
  lines: readonly Line[],
  withheld: ReadonlySet<string>,
  from: number,
  until: number,
): Expected {
  const sessions = sessionsOf(lines);
  const sightings = new Map<string, number>();
  const volumes = new Map<string, number>();
  const add = (to: Map<string, number>, parts: readonly string[], n: number) => {
    if (n !== 0) to.set(parts.join('|'), (to.get(parts.join('|')) ?? 0) + n);
  };
  for (const line of lines) {
    const { server, eventTime: time, fact } = line.record;
    const session = sessions.get(keyOf(line));
    if (time < from || time >= until || !session?.letIn || session.user === null) continue;
    const { user } = session;
    const see = (dimension: string, entity: string, value: string) =>
      add(sightings, [server, dimension, entity, value, dayOf(time)], 1);
    if (withheld.has(keyOf(line))) {
      if (fact?.kind !== 'audit') continue;
      const { relationsRead, relationsWritten } = line.features!.template.features;
      for (const relation of new Set([...relationsRead, ...relationsWritten]))
        see('suspect_relation', user, relation);
      continue;
    }
    const everyday = () => {
      see('server', '', '');
      see('user', '', user);
      const date = new Date(time);
      see('user_hour', user, String(((date.getUTCDay() + 6) % 7) * 24 + date.getUTCHours()));
    };
    if (fact?.kind === 'connection' && fact.event === 'authorized') {
      everyday();
      see('user_client', user, (session.client ?? '').replace(/[0-9]+$/, '0/24'));
      see('user_application', user, (session.application ?? '').toLowerCase().replace(/[0-9.]+/g, '#'));
      see('user_database', user, session.database ?? '');
      add(volumes, [server, 'sign_ins', user, hourOf(time)], 1);
      add(volumes, [server, 'connections', '', hourOf(time)], 1);
    }
    if (fact?.kind === 'audit') {
      everyday();
      const { fingerprint, relationsRead, relationsWritten, flags } = line.features!.template.features;
      if (fingerprint !== null) see('user_fingerprint', user, fingerprint);
      for (const relation of new Set([...relationsRead, ...relationsWritten]))
        see('user_relation', user, relation);
      for (const flag of DEEDS) if (flags.includes(flag)) see('user_flag', user, flag);
      add(volumes, [server, 'statements', user, hourOf(time)], 1);
      add(volumes, [server, 'audit_lines', '', hourOf(time)], 1);
      if (fact.class === 'READ') add(volumes, [server, 'rows_read', user, hourOf(time)], fact.rows ?? 0);
    }
    if (fact?.kind === 'failure') add(volumes, [server, 'errors', user, hourOf(time)], 1);
  }
  return { sightings, volumes };
}

export const daysBefore = (time: number, days: number) => Math.floor(time / DAY) * DAY - days * DAY;
