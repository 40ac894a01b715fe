/** What was seen of a server in the last 24 hours of its data: a row of `queries/readiness/observed.sql`. Pure. */
import type { Cell } from '../query/values.ts';

/** Things of which the newest is remembered. */
export const SIGNALS = [
  'connection',
  'disconnection',
  'replication',
  'error',
  'error_text',
  'pooler',
  'audit',
  'read',
  'write',
  'function',
  'role',
  'ddl',
  'misc',
  'rows',
  'no_rows',
  'relation',
  'no_relation',
  'catalog',
] as const;
export type Signal = (typeof SIGNALS)[number];

export interface Setting {
  /** Null: reset to its default. */
  value: string | null;
  /** Milliseconds since 1970. */
  changed: number;
}

export interface Observation {
  server: string;
  /** Newest event, milliseconds since 1970. */
  newest: number;
  lines: number;
  /** Sessions of clients that began in that time, by any of their lines. */
  sessions: number;
  /** Sessions of which the line of the sign-in was seen. */
  authorized: number;
  /** Time of the newest of each kind, milliseconds since 1970; null where there was none. */
  seen: Readonly<Record<Signal, number | null>>;
  /** Sessions by what is known of where the client is. */
  clients: { remote: number; socket: number; proxy: number; named: number };
  statements: { withLiterals: number; withParameters: number };
  /** Last change of each server parameter that was ever reported. */
  settings: ReadonlyMap<string, Setting>;
}

export function observationOf(row: Readonly<Record<string, Cell>>): Observation {
  const number = (name: string) => Number(row[name] ?? 0);
  const time = (value: Cell | undefined) => (value == null ? null : Date.parse(String(value)));
  const settings = (row.settings ?? []) as { parameter: string; value: string | null; changed: string }[];
  return {
    server: String(row.server),
    newest: time(row.newest) ?? 0,
    lines: number('lines'),
    sessions: number('sessions'),
    authorized: number('authorized'),
    seen: Object.fromEntries(SIGNALS.map((name) => [name, time(row[name])])) as Observation['seen'],
    clients: {
      remote: number('remote_clients'),
      socket: number('socket_clients'),
      proxy: number('proxy_clients'),
      named: number('named_clients'),
    },
    statements: { withLiterals: number('with_literals'), withParameters: number('with_parameters') },
    settings: new Map(
      settings.map(({ parameter, value, changed }) => [parameter, { value, changed: Date.parse(changed) }]),
    ),
  };
}
