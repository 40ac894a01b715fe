/**
 * What only `sources/files` writes into the `properties` of a record, because no record of Azure has a place for it. The
 * csvlog and jsonlog of a server give user, database and client in fields of their own. A client chooses what is in them,
 * and may choose what looks like the rest of a log_line_prefix: so they are never put into one.
 */
import { isObject } from '../envelope/fields.ts';
import type { LogLine } from './logline.ts';

/** Property with the fields of the session, an object as `OwnSession`. */
export const OWN_SESSION = 'pgvigil_session';

/**
 * Property with a CONTEXT of the stderr log whose line could also be an entry of its own, because a name in its prefix may
 * have been chosen so. It counts where the prefix turns out to hold nothing that a client chooses.
 */
export const UNCERTAIN_CONTEXT = 'pgvigil_context';

/** Field of a record that is none: `{"reason": …, "text": …}`. It is refused for that reason. */
export const REFUSED = 'pgvigil_refused';

/** Null where the log leaves a field empty. */
export interface OwnSession {
  /** As `%c` prints it. */
  id: string | null;
  user: string | null;
  database: string | null;
  /** Address or host name without port; `[local]`. */
  client: string | null;
  application: string | null;
}

const SESSION_ID = /^[0-9a-f]{1,16}\.[0-9a-f]{1,8}$/;

export function readOwnSession(value: unknown): OwnSession | null {
  if (!isObject(value)) return null;
  const { id, user, database, client, application } = value;
  return {
    id: typeof id === 'string' && SESSION_ID.test(id) ? id : null,
    user: textOrNull(user),
    database: textOrNull(database),
    client: textOrNull(client),
    application: textOrNull(application),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The line of a record whose session is in fields: its message is the text. */
export function ownLine(
  text: string,
  session: OwnSession,
  { level, sqlstate, pid }: { level: string | null; sqlstate: string | null; pid: number | null },
): LogLine {
  return {
    prefix: null,
    holdsNames: false,
    level: level ?? 'LOG',
    text,
    sessionId: session.id,
    pid,
    sqlstate,
    backendType: null,
    user: session.user,
    database: session.database,
    client: session.client,
    application: session.application,
  };
}

/** Why a source refused an entry; null for any other record. */
export function refusalOf(raw: Readonly<Record<string, unknown>>): string | null {
  const refused = raw[REFUSED];
  return isObject(refused) && typeof refused.reason === 'string' ? refused.reason : null;
}
