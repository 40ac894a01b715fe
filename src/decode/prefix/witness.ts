/**
 * Server lines whose text repeats what their `log_line_prefix` printed: what a prefix is found from, and held against.
 * Only names of plain characters count: their line has one reading.
 */
import type { UnexplainedLine } from '../../model/unexplained-line.ts';

/** What the text of a line says of its session. Null where it does not. */
export interface Witness {
  kind: 'received' | 'authorized' | 'disconnected' | 'failed';
  user: string | null;
  database: string | null;
  application: string | null;
  host: string | null;
  port: string | null;
}

const NAME = '([A-Za-z0-9_][A-Za-z0-9_.-]{0,62})';
const HOST = String.raw`([0-9A-Za-z.:_%-]{1,255}|\[local\])(?: port=(\d{1,5}))?`;

const RECEIVED = new RegExp(`^connection received: host=${HOST}$`);
const AUTHORIZED = new RegExp(
  `^connection authorized: user=${NAME} database=${NAME}(?: application_name=([^\\n]{1,255}?))?(?: SSL enabled \\([^()]{1,255}\\))?$`,
);
const DISCONNECTED = new RegExp(
  String.raw`^disconnection: session time: \d{1,9}:\d\d:\d\d\.\d{3} user=${NAME} database=${NAME} host=${HOST}$`,
);
const FAILED = new RegExp(`^password authentication failed for user "${NAME}"$`);

/** Longest text that is looked at, in characters. */
const TEXT_LENGTH = 2048;

/** The witness in the text after the level of a line; null when it is another text. */
export function readWitness(line: UnexplainedLine, text: string): Witness | null {
  if (text.length > TEXT_LENGTH) return null;
  const plain = text.startsWith(`${line.sqlstate}: `) ? text.slice(7) : text;
  const nothing = { user: null, database: null, application: null, host: null, port: null };
  if (line.level === 'FATAL') {
    const failed = FAILED.exec(plain);
    return failed === null ? null : { ...nothing, kind: 'failed', user: failed[1]! };
  }
  if (line.level !== 'LOG') return null;
  const received = RECEIVED.exec(plain);
  if (received !== null)
    return isStarting(line)
      ? { ...nothing, kind: 'received', host: received[1]!, port: received[2] ?? null }
      : null;
  if (line.backendType !== null && line.backendType !== 'client backend') return null;
  const authorized = AUTHORIZED.exec(plain);
  if (authorized !== null) {
    const [, user, database, application] = authorized;
    return {
      ...nothing,
      kind: 'authorized',
      user: user!,
      database: database!,
      application: application ?? null,
    };
  }
  const gone = DISCONNECTED.exec(plain);
  if (gone === null) return null;
  const [, user, database, host, port] = gone;
  return {
    ...nothing,
    kind: 'disconnected',
    user: user!,
    database: database!,
    host: host!,
    port: port ?? null,
  };
}

/** Before its startup packet a backend has no client's text; since 13 the server says that it is at that point. */
function isStarting({ backendType }: UnexplainedLine): boolean {
  return backendType === null || backendType === 'not initialized';
}

/** True for processes without a client, whose names are empty. */
export function isBackground({ backendType }: UnexplainedLine): boolean {
  return backendType !== null && !CLIENT_TYPES.has(backendType);
}

const CLIENT_TYPES = new Set(['client backend', 'not initialized', 'walsender', 'parallel worker']);

/** The level as it stands in the line; null when the record has none. */
export function levelWord({ level }: UnexplainedLine): string | null {
  return level !== null && /^DEBUG\d$/.test(level) ? 'DEBUG' : level;
}

/** The text after `LEVEL:` at this place and one or two blanks. */
export function textAfter(message: string, end: number, word: string): string {
  return message.slice(end + word.length + 1).replace(/^ {1,2}/, '');
}
