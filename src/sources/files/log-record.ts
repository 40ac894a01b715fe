/** Entries of a server's own log as records of the shape in which Azure ships its own: all of decode then applies. */
import { isUtf8 } from 'node:buffer';
import type { OwnSession } from '../../decode/server-log/own-session.ts';
import { OWN_SESSION, REFUSED, UNCERTAIN_CONTEXT } from '../../decode/server-log/own-session.ts';

/** What a log says of one event; undefined where it says nothing. */
export interface LogEvent {
  /** Milliseconds since 1970. Without a time the decoder refuses the record. */
  time: number | null;
  pid?: number | undefined;
  level?: string | undefined;
  sqlstate?: string | undefined;
  backendType?: string | undefined;
  /** The text; with its log_line_prefix where there is no `session`. */
  message: string;
  detail?: string | undefined;
  hint?: string | undefined;
  context?: string | undefined;
  /** See `UNCERTAIN_CONTEXT`. */
  uncertainContext?: string | undefined;
  statement?: string | undefined;
  /** The statement inside a function. */
  query?: string | undefined;
  session?: OwnSession | undefined;
}

/** Body of a message with the events of one entry. */
export function recordsBody(server: string, events: readonly LogEvent[]): Buffer {
  const records = events.map((event) => recordOf(server, event));
  return Buffer.from(JSON.stringify(records.length === 1 ? records[0] : { records }));
}

/** Names in the order in which Azure has them: the decoder is fastest with records whose time comes last. */
function recordOf(server: string, event: LogEvent): object {
  const time = event.time === null ? undefined : new Date(event.time).toISOString();
  return {
    category: 'PostgreSQLLogs',
    LogicalServerName: server,
    properties: {
      timestamp: time,
      processId: event.pid,
      errorLevel: event.level,
      sqlerrcode: event.sqlstate,
      backend_type: event.backendType,
      message: event.message,
      detail: event.detail,
      hint: event.hint,
      context: event.context,
      [UNCERTAIN_CONTEXT]: event.uncertainContext,
      statement: event.statement,
      query: event.query,
      [OWN_SESSION]: event.session,
    },
    time,
  };
}

/**
 * Body of a message for bytes that are no entry: the decoder makes a reject of it that holds them. They are never given to
 * it as they are, because a client may have written what looks like a record into them.
 */
export function refusedBody(reason: string, bytes: Buffer): Buffer {
  const text = isUtf8(bytes)
    ? { text: bytes.toString('utf8') }
    : { text: bytes.toString('latin1'), encoding: 'latin1' };
  return Buffer.from(JSON.stringify({ [REFUSED]: { reason, ...text } }));
}
