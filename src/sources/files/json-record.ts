/** A line of the jsonlog, since PostgreSQL 15 (src/backend/utils/error/jsonlog.c; manual, "Using JSON-Format Log Output"). */

import { isObject } from '../../decode/envelope/fields.ts';
import { parseText } from '../../decode/envelope/json.ts';
import { recordsBody, refusedBody } from './log-record.ts';
import type { LogClock } from './log-time.ts';

/** The line parsed; null when it is not one of a jsonlog. */
export function readJsonLine(line: Buffer): Readonly<Record<string, unknown>> | null {
  const value = parseText(line.toString('utf8'));
  const isLine =
    isObject(value) &&
    typeof value.timestamp === 'string' &&
    typeof value.error_severity === 'string' &&
    value.category === undefined;
  return isLine ? value : null;
}

/** Body of the message for a line. */
export function jsonBody(line: Buffer, server: string, clock: LogClock): Buffer {
  const entry = readJsonLine(line);
  if (entry === null) return refusedBody('It is no line of a jsonlog.', line);
  const text = (name: string): string | undefined => {
    const value = entry[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const message = text('message');
  const time = clock.read(text('timestamp') ?? '');
  if (time === null) return refusedBody(`Its time ${text('timestamp')} is not known to the second.`, line);
  if (message === undefined) return refusedBody('Its line of the jsonlog has no message.', line);
  return recordsBody(server, [
    {
      time,
      pid: typeof entry.pid === 'number' ? entry.pid : undefined,
      level: text('error_severity'),
      // Left out where it is that of success.
      sqlstate: text('state_code') ?? '00000',
      backendType: text('backend_type'),
      message,
      detail: text('detail'),
      hint: text('hint'),
      context: text('context'),
      statement: text('statement'),
      query: text('internal_query'),
      session: {
        id: text('session_id') ?? null,
        user: text('user') ?? null,
        database: text('dbname') ?? null,
        client: text('remote_host') ?? null,
        application: text('application_name') ?? null,
      },
    },
  ]);
}
