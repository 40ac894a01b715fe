/**
 * Sessions whose rows tell the names although no connection line may ever arrive: those that began before the first
 * record, and those whose log_line_prefix names the user. One row of `connection_events`, event `seen`, a session.
 */
import { LRUCache } from 'lru-cache';
import { connectionEvent } from '../decode/connection/connection-line.ts';
import type { ConnectionEvent, LogRecord } from '../model.ts';

/** Sessions that are remembered. One that was forgotten gets a second row, which says the same. */
const REMEMBERED = 100_000;

/** Background processes have session ids, too; their lines have no AUDIT and, where the type is sent, another type. */
const CLIENT_BACKENDS: ReadonlySet<string | null> = new Set([null, 'client backend', 'walsender']);

export class SeenSessions {
  /** Names by (server, session). */
  readonly #names = new LRUCache<string, string>({ max: REMEMBERED });

  /** The event of a record that tells of its session for the first time, or more of it than before; else null. */
  event(record: LogRecord): ConnectionEvent | null {
    const { sessionId, fact, prefixUser, prefixDatabase, prefixClient } = record;
    // PgBouncer names the client of every line, also of those that it turns away.
    if (sessionId === null || record.category !== 'PostgreSQLLogs') return null;
    if (!CLIENT_BACKENDS.has(record.backendType)) return null;
    const isStatement = fact?.kind === 'audit' || (fact?.kind === 'failure' && record.backendType !== null);
    if (!isStatement && fact?.kind !== 'connection' && prefixUser === null) return null;
    const key = `${record.server}\n${sessionId}`;
    const names = `${prefixUser ?? ''}\n${prefixDatabase ?? ''}\n${prefixClient ?? ''}`;
    const known = this.#names.get(key);
    if (known === names || (known !== undefined && prefixUser === null)) return null;
    this.#names.set(key, names);
    // The row of a connection line has the names of its prefix already.
    if (fact?.kind === 'connection') return null;
    return connectionEvent('seen', {
      user: prefixUser,
      database: prefixDatabase,
      client: prefixClient,
      replication: record.backendType === 'walsender',
    });
  }
}
