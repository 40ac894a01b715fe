/** A line that may be about a connection, and the empty event that it fills. */
import type { ConnectionEvent, ConnectionEventName } from '../../model/fact.ts';

/** What is known of a server line before its text is read. */
export interface LineText {
  level: string;
  sqlstate: string | null;
  text: string;
  detail: string | null;
  /** `%u` of the log_line_prefix, where it is known for certain: settles which of two readings is right. */
  prefixUser: string | null;
}

/** A connection event with these facts and no others. */
export function connectionEvent(
  event: ConnectionEventName,
  fields?: Partial<ConnectionEvent>,
): ConnectionEvent {
  const empty: ConnectionEvent = {
    kind: 'connection',
    event,
    user: null,
    database: null,
    client: null,
    clientPort: null,
    application: null,
    identity: null,
    method: null,
    tls: null,
    tlsVersion: null,
    replication: false,
    reason: null,
    durationMs: null,
  };
  // Most callers fill it in themselves: a second object for each line of a connection is what this saves.
  return fields === undefined ? empty : Object.assign(empty, fields);
}
