/** A row of the csvlog (PostgreSQL: src/backend/utils/error/csvlog.c; manual, "Using CSV-Format Log Output"). */
import { csvFields } from './csv-splitter.ts';
import { type LogEvent, recordsBody, refusedBody } from './log-record.ts';
import type { LogClock } from './log-time.ts';

/** Places of the columns; those at the end were added: backend_type in 13, leader_pid and query_id in 14. */
const COLUMN = {
  time: 0,
  user: 1,
  database: 2,
  pid: 3,
  remote: 4,
  session: 5,
  level: 11,
  sqlstate: 12,
  message: 13,
  detail: 14,
  hint: 15,
  query: 16,
  context: 18,
  statement: 19,
  application: 22,
  backendType: 23,
} as const;

const PID = /^\d{1,10}$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Body of the message for a sound row. */
export function csvBody(row: Buffer, server: string, clock: LogClock): Buffer {
  const fields = csvFields(row);
  const field = (name: keyof typeof COLUMN): string | null => fields[COLUMN[name]] ?? null;
  const text = (name: keyof typeof COLUMN): string | undefined => field(name) ?? undefined;
  const message = field('message');
  const pid = field('pid');
  const time = clock.read(field('time') ?? '');
  if (time === null) return refusedBody(`Its time ${field('time')} is not known to the second.`, row);
  // PostgreSQL has no event without a text; `(null)` is what the stderr log would show.
  // A row that begins with what is left of another has some columns more.
  if (!PID.test(pid ?? '') || !SQLSTATE.test(field('sqlstate') ?? ''))
    return refusedBody('The columns of its row are not those of a csvlog.', row);
  if (message === null) return refusedBody('Its row of the csvlog has no message.', row);
  const event: LogEvent = {
    time,
    pid: Number(pid),
    level: text('level'),
    sqlstate: text('sqlstate'),
    backendType: text('backendType'),
    message,
    detail: text('detail'),
    hint: text('hint'),
    context: text('context'),
    statement: text('statement'),
    query: text('query'),
    session: {
      id: field('session'),
      user: field('user'),
      database: field('database'),
      client: clientOf(field('remote')),
      application: field('application'),
    },
  };
  return recordsBody(server, [event]);
}

/** The time of a row as it stands there. */
export function csvTime(row: Buffer): string {
  return row.toString('latin1', 0, row.indexOf(0x2c));
}

/** `127.0.0.1:59192`, `::1:59192`, `[local]`. */
function clientOf(remote: string | null): string | null {
  return remote?.replace(/:\d{1,5}$/, '') || null;
}
