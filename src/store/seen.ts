/**
 * Sessions whose rows tell the names although no connection line may ever arrive: those that began before the first
 * record, and those whose log_line_prefix names the user. One row of `connection_events`, event `seen`, a session.
 */
import { LRUCache } from 'lru-cache';
import { connectionEvent } from '../decode/connection/connection-line.ts';
import type { ConnectionEvent } from '../model/fact.ts';
import type { LogRecord } from '../model/record.ts';

/** Sessions that are remembered. One that was forgotten gets a second row, which says the same. */
const REMEMBERED = 100_000;

/** Background processes have session ids, too; their lines have no AUDIT and, where the type is sent, another type. */
const CLIENT_BACKENDS: ReadonlySet<string | null> = new Set([null, 'client backend', 'walsender']);

/** What is known of a session: a bit for each name. None of them changes while a session lasts. */
type Told = number;
const USER = 1;
const DATABASE = 2;
const CLIENT = 4;
const APPLICATION = 8;

/** What the records of one commit add, by session. Takes effect with the commit. */
export type NewlyTold = Map<string, Told>;

export class SeenSessions {
  /** By (server, session). */
  readonly #told = new LRUCache<string, Told>({ max: REMEMBERED });

  /**
   * The event of a record that tells of its session for the first time, or more of it than before; else null.
   * @param added what the records before it in the same commit added; this one adds to it
   */
  event(record: LogRecord, added: NewlyTold): ConnectionEvent | null {
    const { sessionId, fact } = record;
    if (sessionId === null || !CLIENT_BACKENDS.has(record.backendType)) return null;
    const connection = fact?.kind === 'connection' ? fact : null;
    const isSnapshot = connection?.event === 'seen';
    // PgBouncer names the client of every line, also of those that it turns away.
    if (!isSnapshot && record.category !== 'PostgreSQLLogs') return null;
    const isStatement = fact?.kind === 'audit' || (fact?.kind === 'failure' && record.backendType !== null);
    if (connection === null && !isStatement && record.prefixUser === null) return null;
    const key = `${record.server}\n${sessionId}`;
    const known = added.get(key) ?? this.#told.get(key);
    const told = toldBy(record, connection);
    if (known !== undefined && (told & ~known) === 0) return null;
    added.set(key, (known ?? 0) | told);
    // A connection line has a row of its own, and the names of its prefix are in it.
    if (connection !== null) return isSnapshot ? connection : null;
    return connectionEvent('seen', {
      user: record.prefixUser,
      database: record.prefixDatabase,
      client: record.prefixClient,
      replication: record.backendType === 'walsender',
    });
  }

  /** To be called once the rows are committed. */
  committed(added: NewlyTold): void {
    for (const [key, told] of added) this.#told.set(key, told);
  }
}

function toldBy(record: LogRecord, connection: ConnectionEvent | null): Told {
  return (
    ((connection?.user ?? record.prefixUser) === null ? 0 : USER) |
    ((connection?.database ?? record.prefixDatabase) === null ? 0 : DATABASE) |
    ((connection?.client ?? record.prefixClient) === null ? 0 : CLIENT) |
    ((connection?.application ?? null) === null ? 0 : APPLICATION)
  );
}
