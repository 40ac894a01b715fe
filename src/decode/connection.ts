/**
 * Connection lines of PostgreSQL 11 to 18: received, authenticated, authorized, ready, disconnected
 * (texts: src/backend/postmaster/postmaster.c, libpq/auth.c, utils/init/postinit.c, tcop/postgres.c).
 *
 * PostgreSQL does not quote or escape the names in these lines. A name can hold ` database=` and everything else that
 * ends a name, so a line is anchored at both ends, and where two readings remain the fields stay null rather than name
 * somebody who was not there. `RAISE LOG` lets any role write such a line with its own text: where the server ships the
 * CONTEXT of a line, or the prefix names the user, `record.ts` tells it by that; elsewhere it cannot be told.
 */
import type { ConnectionEvent } from '../model.ts';
import { connectionEvent, type LineText } from './connection-line.ts';
import { readRefusal } from './refusal.ts';

/** PostgreSQL cuts role and database names at NAMEDATALEN - 1 bytes. Application names in `authorized` are not cut. */
const NAME_BYTES = 63;

/** On stderr PostgreSQL puts a tab after a line break in a text, but not after one in the prefix. */
export function sameName(inText: string, inPrefix: string): boolean {
  return inText.replaceAll('\n\t', '\n') === inPrefix.replaceAll('\n\t', '\n');
}

/** The connection event that a line reports, or null when it reports something else. */
export function readConnection(line: LineText): ConnectionEvent | null {
  if (line.level === 'FATAL') return readRefusal(line);
  if (line.level !== 'LOG') return null;
  const { text } = line;
  if (text.startsWith('connection received: host=')) return readReceived(text.slice(26));
  if (text.startsWith('connection authenticated: ')) return readAuthenticated(text.slice(26));
  if (text.startsWith('connection authorized: user=')) return readAuthorized(text.slice(28), line.prefixUser);
  if (text.startsWith('replication connection authorized: user='))
    return readReplication(text.slice(40), line.prefixUser);
  if (text.startsWith('connection ready: ')) return connectionEvent('ready');
  if (text.startsWith('disconnection: session time: '))
    return readDisconnected(text.slice(29), line.prefixUser);
  return readEntra(text) ?? readProtocolError(text);
}

function readReceived(rest: string): ConnectionEvent {
  return connectionEvent('received', readAddress(rest.replace(/ pid=\d{1,10}$/, '')));
}

/** `host` or `host port=n`, from the right: with log_hostname the host is a name from somebody's DNS. */
function readAddress(rest: string): { client: string | null; clientPort: number | null } {
  const at = rest.lastIndexOf(' port=');
  const port = at < 0 ? '' : rest.slice(at + 6);
  if (!/^\d{1,5}$/.test(port)) return { client: rest === '' ? null : rest, clientPort: null };
  return { client: rest.slice(0, at) || null, clientPort: Number(port) };
}

/** `identity="…" method=… (file:line)`; for `trust` since 17 `user="…"`. Quoted, so both ends are certain. */
function readAuthenticated(rest: string): ConnectionEvent | null {
  const end = rest.lastIndexOf('" method=');
  const method = end < 0 ? null : /^\S+/.exec(rest.slice(end + 9));
  if (method === null) return null;
  const fields = { method: method[0], identity: null as string | null, user: null as string | null };
  if (rest.startsWith('identity="')) fields.identity = rest.slice(10, end);
  else if (rest.startsWith('user="')) fields.user = rest.slice(6, end);
  else return null;
  return connectionEvent('authenticated', fields);
}

/** `user database=d[ application_name=a][ SSL enabled (…)][ GSS (…)]`. */
function readAuthorized(rest: string, prefixUser: string | null): ConnectionEvent {
  const { head, tls, tlsVersion } = readSecurity(rest);
  const identity = splitIdentity(head, prefixUser);
  return connectionEvent('authorized', { ...identity, tls, tlsVersion });
}

/** `user application_name=a[ SSL enabled (…)]`: a physical replication connection has no database. */
function readReplication(rest: string, prefixUser: string | null): ConnectionEvent {
  const { head, tls, tlsVersion } = readSecurity(rest);
  const split = splitOnce(head, ' application_name=', prefixUser);
  return connectionEvent('authorized', {
    user: split?.[0] ?? null,
    application: split?.[1] || null,
    tls,
    tlsVersion,
    replication: true,
  });
}

const SSL_SUFFIX =
  / SSL enabled \(protocol=([^\s,()]{1,16}), cipher=[^\s,()]{1,64}, bits=\d{1,4}(?:, compression=\w{1,8})?\)$/;
const GSS_SUFFIX = / GSS \((?:authenticated|encrypted|delegated_credentials)=[^()]{0,512}\)$/;

/**
 * Takes the encryption off the end of an `authorized` line. A client that connects without TLS can end its application
 * name with the same text; the line alone does not tell.
 */
function readSecurity(rest: string): { head: string; tls: boolean; tlsVersion: string | null } {
  const tail = rest.slice(-1024);
  const gss = GSS_SUFFIX.exec(tail);
  const withoutGss = gss === null ? rest : rest.slice(0, rest.length - gss[0].length);
  const ssl = SSL_SUFFIX.exec(withoutGss.slice(-256));
  if (ssl === null) return { head: withoutGss, tls: false, tlsVersion: null };
  return { head: withoutGss.slice(0, withoutGss.length - ssl[0].length), tls: true, tlsVersion: ssl[1]! };
}

interface Identity {
  user: string | null;
  database: string | null;
  application: string | null;
}

/**
 * Splits `user database=d application_name=a`. The line has one certain reading unless a name holds one of the
 * separators; an application name may as well hold what looks like a second database. Then all three stay null.
 */
function splitIdentity(head: string, prefixUser: string | null): Identity {
  const unknown = { user: null, database: null, application: null };
  const pair = splitOnce(head, ' database=', prefixUser);
  if (pair === null) return unknown;
  const [user, rest] = pair;
  const end = rest.indexOf(' application_name=');
  if (end < 0) return { user, database: rest || null, application: null };
  return { user, database: rest.slice(0, end) || null, application: rest.slice(end + 18) || null };
}

/**
 * `name` and the rest after `separator`; null when the separator is missing, or when the name may end at more than one
 * place and the prefix does not say where.
 */
function splitOnce(text: string, separator: string, prefixUser: string | null): [string, string] | null {
  if (prefixUser !== null && text.startsWith(prefixUser + separator))
    return [prefixUser, text.slice(prefixUser.length + separator.length)];
  const at = text.indexOf(separator);
  if (at < 0) return null;
  const second = text.indexOf(separator, at + 1);
  if (second >= 0 && Buffer.byteLength(text.slice(0, second)) <= NAME_BYTES) return null;
  return [text.slice(0, at), text.slice(at + separator.length)];
}

/** `h:mm:ss.mmm user=u database=d host=h[ port=n]`. */
function readDisconnected(rest: string, prefixUser: string | null): ConnectionEvent | null {
  const time = /^(\d{1,9}):(\d\d):(\d\d)\.(\d{3}) user=/.exec(rest);
  if (time === null) return null;
  const durationMs =
    ((Number(time[1]) * 60 + Number(time[2])) * 60 + Number(time[3])) * 1000 + Number(time[4]);
  const names = rest.slice(time[0].length);
  const host = names.lastIndexOf(' host=');
  const address = host < 0 ? { client: null, clientPort: null } : readAddress(names.slice(host + 6));
  const pair = splitOnce(host < 0 ? names : names.slice(0, host), ' database=', prefixUser);
  return connectionEvent('disconnected', {
    ...address,
    user: pair?.[0] || null,
    database: pair?.[1] || null,
    durationMs,
  });
}

/**
 * Sign-in through Microsoft Entra ID. Its exact wording is not documented and has changed with the product's name:
 * only the person (`UPN=`) or application (`appid=`) in front of `oid=` is taken.
 */
function readEntra(text: string): ConnectionEvent | null {
  if (
    !/^(?:Microsoft Entra ID|Entra ID|Azure Active Directory|Azure AD|AAD) connection authorized/i.test(text)
  )
    return null;
  const identity = /\b(?:UPN|appid)=([^\s,]{1,512}),?\s{0,8}oid=/i.exec(text.slice(0, 4096));
  return connectionEvent('authenticated', { identity: identity?.[1] ?? null, method: 'entra' });
}

const PROTOCOL_ERRORS: readonly (readonly [start: string, reason: string])[] = [
  ['incomplete startup packet', 'incomplete_startup'],
  ['invalid length of startup packet', 'invalid_startup'],
  ['could not accept SSL connection', 'tls_handshake'],
  ['received direct SSL connection request', 'tls_handshake'],
  ['could not accept GSSAPI connection', 'gss_handshake'],
];

function readProtocolError(text: string): ConnectionEvent | null {
  const found = PROTOCOL_ERRORS.find(([start]) => text.startsWith(start));
  return found === undefined ? null : connectionEvent('protocol_error', { reason: found[1] });
}
