/** What the endpoint is given. */

import type { ScramVerifier } from '../access/scram-verifier.ts';
import type { Log } from '../log.ts';
import type { QueryRunner } from '../query/query-runner.ts';
import type { CatalogRunner } from './catalog/catalog-runner.ts';

export interface Account {
  name: string;
  verifier: ScramVerifier;
  mayQuery: boolean;
}

export interface WireLimits {
  /** Of one answer. */
  rows: number;
  bytes: number;
  /** Of DuckDB's work for one statement. */
  timeoutMs: number;
  /** Clients that are signed in. */
  connections: number;
  /** How long a client may be silent, or leave its rows unread. */
  idleMs: number;
}

/** A statement that ended, for the audit. */
export interface QueryEntry {
  user: string;
  /** Address of the client. */
  client: string;
  sql: string;
  rows: number;
  ms: number;
  /** SQLSTATE and text; null: it succeeded. */
  error: string | null;
}

export interface WireOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  tls: { key: string | Buffer; cert: string | Buffer } | null;
  /** Refuse to sign anybody in over a connection that is not encrypted. */
  requireTls: boolean;
  runner: QueryRunner;
  /** Answers questions about the catalogs of PostgreSQL. */
  catalog: CatalogRunner;
  /** Null: there is no such account, which its client cannot tell from a wrong password. */
  account(user: string): Promise<Account | null>;
  /**
   * For the salts that accounts are asked with which do not exist. The same after a restart, as the salts of the others are;
   * absent: a new one each time.
   */
  mockSecret?: Buffer;
  limits: WireLimits;
  onQuery(entry: QueryEntry): void;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}
