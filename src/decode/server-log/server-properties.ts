/** The `properties` of a server log record (category PostgreSQLLogs). */
import type { RawRecord } from '../envelope/envelope.ts';
import { fieldName, wholeNumber } from '../envelope/fields.ts';
import { OWN_SESSION, type OwnSession, readOwnSession, UNCERTAIN_CONTEXT } from './own-session.ts';

/** Named as Event Hubs names them; null where a record does not have them. */
export interface ServerProperties {
  /** Time of the event. */
  timestamp: string | null;
  processId: number | null;
  errorLevel: string | null;
  sqlerrcode: string | null;
  backend_type: string | null;
  message: string | null;
  detail: string | null;
  detail_log: string | null;
  context: string | null;
  statement: string | null;
  query: string | null;
  /** Single Server only: the log_line_prefix, which its `message` does not have. */
  prefix: string | null;
  /** The session's fields where a log format has them apart: the `message` then has neither prefix nor level. */
  session: OwnSession | null;
  /** A CONTEXT that may as well be a line of its own; see `own-session.ts`. */
  uncertainContext: string | null;
}

/** By `fieldName`; `SqlErrorCode` is the name in Log Analytics. */
const NAMES: ReadonlyMap<string, Exclude<keyof ServerProperties, 'session' | 'uncertainContext'>> = new Map([
  ['timestamp', 'timestamp'],
  ['processid', 'processId'],
  ['errorlevel', 'errorLevel'],
  ['sqlerrcode', 'sqlerrcode'],
  ['sqlerrorcode', 'sqlerrcode'],
  ['backendtype', 'backend_type'],
  ['message', 'message'],
  ['detail', 'detail'],
  ['detaillog', 'detail_log'],
  ['context', 'context'],
  ['statement', 'statement'],
  ['query', 'query'],
  ['prefix', 'prefix'],
]);

/** Reads the properties; where two spellings of one name are set, that of Event Hubs counts, else the first. */
export function readServerProperties(properties: RawRecord): ServerProperties {
  const read: ServerProperties = {
    timestamp: null,
    processId: null,
    errorLevel: null,
    sqlerrcode: null,
    backend_type: null,
    message: null,
    detail: null,
    detail_log: null,
    context: null,
    statement: null,
    query: null,
    prefix: null,
    session: null,
    uncertainContext: null,
  };
  let others: string[] | null = null;
  for (const key in properties) {
    if (take(read, key, properties[key])) continue;
    others ??= [];
    others.push(key);
  }
  if (others !== null) takeOthers(read, properties, others);
  return read;
}

function takeOthers(read: ServerProperties, properties: RawRecord, keys: readonly string[]): void {
  for (const key of keys) {
    const name = NAMES.get(fieldName(key));
    if (name !== undefined && read[name] === null) take(read, name, properties[key]);
  }
}

/** False when the key is not one of Event Hubs. A comparison per name: this runs for each field of each record. */
function take(read: ServerProperties, key: string, value: unknown): boolean {
  const text = typeof value === 'string' && value !== '' ? value : null;
  switch (key) {
    case 'timestamp':
      read.timestamp = text;
      return true;
    case 'processId':
      read.processId = wholeNumber(value);
      return true;
    case 'errorLevel':
      read.errorLevel = text;
      return true;
    case 'sqlerrcode':
      read.sqlerrcode = text;
      return true;
    case 'backend_type':
      read.backend_type = text;
      return true;
    case 'message':
      read.message = text;
      return true;
    case 'detail':
      read.detail = text;
      return true;
    case 'context':
      read.context = text;
      return true;
    case 'statement':
      read.statement = text;
      return true;
    case 'query':
      read.query = text;
      return true;
    case 'detail_log':
      read.detail_log = text;
      return true;
    case 'prefix':
      read.prefix = text;
      return true;
    case OWN_SESSION:
      read.session = readOwnSession(value);
      return true;
    case UNCERTAIN_CONTEXT:
      read.uncertainContext = text;
      return true;
    default:
      return false;
  }
}
