/** Who may do what at the doors that people and tools come through: the HTTP API and the PostgreSQL endpoint. */

/** From least to most; each may do what those before it may. */
export const ROLES = ['viewer', 'analyst', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What each role adds to the one before. */
export const ROLE_MEANINGS: Readonly<Record<Role, string>> = {
  viewer: 'sees alerts, views and the state of the worker, and asks investigations',
  analyst: 'asks queries of their own, acknowledges and closes alerts',
  admin: 'sends dead letters again and enables channels',
};

/** Somebody who showed a token. */
export interface Access {
  /** Name of the token, unique among those that are in force. */
  name: string;
  role: Role;
}

/** Whether a role is at least another one. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/** A query that ended, for the audit. */
export interface QueryEntry {
  /** Name of the token; of a command, the account of the operating system. */
  user: string;
  via: 'api' | 'psql';
  /** Address of the client. */
  client: string;
  sql: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  rows: number;
  ms: number;
  /** Code and text; null: it succeeded. */
  error: string | null;
}
