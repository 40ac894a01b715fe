/**
 * Connection lines of PostgreSQL 11 to 18: received, authenticated, authorized, ready, disconnected
 * (texts: src/backend/postmaster/postmaster.c, tcop/backend_startup.c, libpq/auth.c, utils/init/postinit.c,
 * tcop/postgres.c).
 *
 * PostgreSQL does not quote or escape the names in these lines. A name can hold ` database=` and everything else that
 * ends a name, so a line is anchored at both ends, and where two readings remain the fields stay null rather than name
 * somebody who was not there. `RAISE LOG` lets any role write such a line with its own text: where the server ships the
 * CONTEXT of a line, or the prefix names the user, `record.ts` tells it by that; elsewhere it cannot be told.
 */
import type { ConnectionEvent } from '../../model/fact.ts';
import { connectionEvent, type LineText } from './connection-line.ts';
import { readProtocolError, readRefusal } from './refusal.ts';
import { readSecurity } from './security.ts';

/** PostgreSQL cuts role and database names at NAMEDATALEN - 1 bytes. Application names in `authorized` are not cut. */
const NAME_BYTES = 63;

/** On stderr PostgreSQL puts a tab after a line break in a text, but not after one in the prefix. */
export function sameName(inText: string, inPrefix: string): boolean {
  return inText.replaceAll('\n\t', '\n') === inPrefix.replaceAll('\n\t', '\n');
}

const RECEIVED = 'connection received: host=';
const AUTHENTICATED = 'connection authenticated: ';
const AUTHORIZED = 'connection authorized: user=';
const REPLICATION = 'replication connection authorized: user=';
const DISCONNECTED = 'disconnection: session time: ';

/** The connection event that a line reports, or null when it reports something else. */
export function readConnection(line: LineText): ConnectionEvent | null {
  const { level, text, prefixUser } = line;
  if (level === 'FATAL') return readRefusal(line);
  if (level !== 'LOG') return null;
  // Every line of a busy server comes by: the first letter tells most of them apart.
  const first = text.charCodeAt(0);
  if (first === 0x63 /* c */) {
    if (text.startsWith(RECEIVED)) return readReceived(text);
    if (text.startsWith(AUTHENTICATED)) return readAuthenticated(text);
    if (text.startsWith(AUTHORIZED)) return readAuthorized(text, prefixUser);
    if (text.startsWith('connection ready: ')) return connectionEvent('ready');
  } else if (first === 0x64 /* d */ && text.startsWith(DISCONNECTED)) {
    return readDisconnected(text, prefixUser);
  } else if (first === 0x72 /* r */ && text.startsWith(REPLICATION)) {
    return readReplication(text, prefixUser);
  }
  return readEntra(text) ?? readProtocolError(text);
}

function readReceived(text: string): ConnectionEvent {
  const event = connectionEvent('received');
  readAddress(event, text, RECEIVED.length);
  return event;
}

/**
 * `host` or `host port=n`, then what a version or a product adds (` pid=n` on Single Server). From the right: with
 * log_hostname the host is a name from somebody's DNS.
 */
function readAddress(event: ConnectionEvent, text: string, start: number): void {
  const at = text.lastIndexOf(' port=');
  let end = at + 6;
  let port = 0;
  for (; end < text.length && end < at + 11; end++) {
    const digit = text.charCodeAt(end) - 0x30;
    if (digit < 0 || digit > 9) break;
    port = port * 10 + digit;
  }
  const isPort = at >= start && end > at + 6 && (end === text.length || text.charCodeAt(end) === 0x20);
  if (isPort) event.clientPort = port;
  const host = isPort ? text.slice(start, at) : text.slice(start).replace(/ pid=\d{1,10}$/, '');
  event.client = host || null;
}

/** `identity="…" method=… (file:line)`; for `trust` since 17 `user="…"`. Quoted, so both ends are certain. */
function readAuthenticated(text: string): ConnectionEvent | null {
  const end = text.lastIndexOf('" method=');
  const isIdentity = text.startsWith('identity="', AUTHENTICATED.length);
  const start = AUTHENTICATED.length + (isIdentity ? 10 : 6);
  if (end < start || !(isIdentity || text.startsWith('user="', AUTHENTICATED.length))) return null;
  const space = text.indexOf(' ', end + 9);
  const method = text.slice(end + 9, space < 0 ? text.length : space);
  if (method === '') return null;
  const event = connectionEvent('authenticated');
  const name = text.slice(start, end);
  if (isIdentity) event.identity = name;
  else event.user = name;
  event.method = method;
  return event;
}

/** `user database=d[ application_name=a][ SSL enabled (…)][ GSS (…)]`. */
function readAuthorized(text: string, prefixUser: string | null): ConnectionEvent {
  const { end, tls, tlsVersion } = readSecurity(text);
  const event = connectionEvent('authorized');
  event.tls = tls;
  event.tlsVersion = tlsVersion;
  const head = text.slice(AUTHORIZED.length, end);
  const separator = head.includes(' database=') ? ' database=' : 'database=';
  const at = splitAt(head, separator, prefixUser);
  if (at < 0) return event;
  const database = at + separator.length;
  // An application name may as well hold what looks like a second database; `splitAt` has said no then.
  const application = head.indexOf(' application_name=', database);
  event.user = head.slice(0, at) || null;
  event.database = head.slice(database, application < 0 ? head.length : application) || null;
  if (application >= 0) event.application = head.slice(application + 18) || null;
  return event;
}

/** `user[ application_name=a][ SSL enabled (…)]`: the line of a replication connection names no database. */
function readReplication(text: string, prefixUser: string | null): ConnectionEvent {
  const { end, tls, tlsVersion } = readSecurity(text);
  const event = connectionEvent('authorized');
  event.tls = tls;
  event.tlsVersion = tlsVersion;
  event.replication = true;
  const head = text.slice(REPLICATION.length, end);
  if (head === prefixUser || !head.includes(' application_name=')) event.user = head || null;
  else {
    const at = splitAt(head, ' application_name=', prefixUser);
    if (at < 0) return event;
    event.user = head.slice(0, at) || null;
    event.application = head.slice(at + 18) || null;
  }
  return event;
}

/**
 * Where the name at the start of `text` ends: at `separator`. -1 when the separator is missing, or when the name may end
 * at more than one place and the prefix does not say where. (Single Server writes no space in front of `database=`.)
 */
function splitAt(text: string, separator: string, prefixUser: string | null): number {
  if (prefixUser !== null && text.startsWith(separator, prefixUser.length) && text.startsWith(prefixUser))
    return prefixUser.length;
  const at = text.indexOf(separator);
  if (at < 0) return -1;
  const second = text.indexOf(separator, at + 1);
  if (second >= 0 && Buffer.byteLength(text.slice(0, second)) <= NAME_BYTES) return -1;
  return at;
}

/** `h:mm:ss.mmm user=u database=d host=h[ port=n]`; `database=` is empty for physical replication. */
function readDisconnected(text: string, prefixUser: string | null): ConnectionEvent | null {
  const names = text.indexOf(' user=', DISCONNECTED.length);
  const durationMs = names < 0 ? null : readDuration(text.slice(DISCONNECTED.length, names));
  if (durationMs === null) return null;
  const event = connectionEvent('disconnected');
  event.durationMs = durationMs;
  const host = text.lastIndexOf(' host=');
  if (host > names) readAddress(event, text, host + 6);
  const pair = text.slice(names + 6, host > names ? host : text.length);
  const at = splitAt(pair, ' database=', prefixUser);
  if (at < 0) return event;
  event.user = pair.slice(0, at) || null;
  event.database = pair.slice(at + 10) || null;
  return event;
}

/** Milliseconds of `h:mm:ss.mmm`; null for anything else. */
function readDuration(text: string): number | null {
  const time = /^(\d{1,9}):(\d\d):(\d\d)\.(\d{3})$/.exec(text);
  if (time === null) return null;
  return ((Number(time[1]) * 60 + Number(time[2])) * 60 + Number(time[3])) * 1000 + Number(time[4]);
}

/** What may stand in front of `connection authorized`: the product's name, words only, so never what a client wrote. */
const ENTRA_START = /^[A-Za-z]{1,24}(?: [A-Za-z]{1,24}){0,5} connection authorized/;

/**
 * Sign-in through Microsoft Entra ID. Its exact wording is not documented and has changed with the product's name: any
 * `… connection authorized` with an `oid=` is taken, and the person (`UPN=`) or application (`appid=`) in it.
 */
function readEntra(text: string): ConnectionEvent | null {
  const at = text.indexOf('connection authorized');
  // At the start it is PostgreSQL's own line.
  if (at <= 0 || !ENTRA_START.test(text)) return null;
  const rest = text.slice(at, 4096);
  if (!/\boid=/i.test(rest)) return null;
  const event = connectionEvent('authenticated');
  event.identity = /\b(?:UPN|appid)=([^\s,]{1,512})/i.exec(rest)?.[1] ?? null;
  event.method = 'entra';
  return event;
}
