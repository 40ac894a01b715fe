/**
 * Snapshots of pg_stat_activity (category PostgreSQLFlexSessions), one record per backend every five minutes. They tell
 * whose a session is that began before the log did. The spelling of their fields is not documented for Event Hubs: the
 * names of pg_stat_activity and those of the Log Analytics table are both known.
 */
import type { ConnectionEvent } from '../../model/fact.ts';
import { type Fields, textOf, wholeNumber } from '../envelope/fields.ts';
import { parseTime } from '../envelope/time.ts';
import { cleanField } from '../redaction/text.ts';
import { connectionEvent } from './connection-line.ts';

/** A session that was seen alive. */
export interface Snapshot {
  sessionId: string;
  pid: number;
  backendType: string;
  fact: ConnectionEvent;
}

/**
 * The session that a snapshot shows; null for a server process, or without start time or process id. The client is left
 * out: Azure blanks the last octet of its address.
 */
export function readSnapshot(fields: Fields): Snapshot | null {
  const backendType = textOf(fields, 'backendtype');
  const pid = wholeNumber(fields.get('processid') ?? fields.get('pid'));
  const start = parseTime(textOf(fields, 'backendstarttime', 'backendstart') ?? '');
  if (backendType !== 'client backend' || pid === null || start === null) return null;
  return {
    // `%c` of log_line_prefix (elog.c): start in whole seconds and process id, in hexadecimal.
    sessionId: `${Math.floor(start / 1000).toString(16)}.${pid.toString(16)}`,
    pid,
    backendType,
    fact: connectionEvent('seen', {
      user: cleanField(textOf(fields, 'username', 'usename')),
      database: cleanField(textOf(fields, 'databasename', 'datname')),
      application: cleanField(textOf(fields, 'applicationname')),
    }),
  };
}
