/**
 * FATAL lines that refuse a connection (texts: PostgreSQL src/backend/libpq/auth.c, libpq/hba.c,
 * utils/init/postinit.c, utils/init/miscinit.c, postmaster/postmaster.c; versions 11 to 18).
 * Names are quoted but not escaped: each text is anchored at both ends.
 */
import type { ConnectionEvent, ConnectionEventName } from '../model.ts';
import { connectionEvent, type LineText } from './connection-line.ts';

/** `start` + a name + `end`, and what it means. */
interface NamedRefusal {
  start: string;
  end: string;
  name: 'user' | 'database';
  event: ConnectionEventName;
  reason: string;
}

const NAMED: readonly NamedRefusal[] = [
  {
    start: 'role "',
    end: '" is not permitted to log in',
    name: 'user',
    event: 'rejected',
    reason: 'not_permitted',
  },
  { start: 'role "', end: '" does not exist', name: 'user', event: 'failed', reason: 'no_such_role' },
  { start: 'database "', end: '" does not exist', name: 'database', event: 'rejected', reason: 'no_such_db' },
  {
    start: 'database "',
    end: '" is not currently accepting connections',
    name: 'database',
    event: 'rejected',
    reason: 'db_closed',
  },
  {
    start: 'permission denied for database "',
    end: '"',
    name: 'database',
    event: 'rejected',
    reason: 'no_connect_priv',
  },
  { start: 'too many connections for role "', end: '"', name: 'user', event: 'limit', reason: 'role_limit' },
  {
    start: 'too many connections for database "',
    end: '"',
    name: 'database',
    event: 'limit',
    reason: 'db_limit',
  },
];

/** Texts without a name, by how they begin. */
const PLAIN: readonly (readonly [start: string, event: ConnectionEventName, reason: string])[] = [
  ['remaining connection slots are reserved', 'limit', 'reserved'],
  ['sorry, too many clients already', 'limit', 'too_many'],
  ['number of requested standby connections exceeds', 'limit', 'too_many_standbys'],
  ['no PostgreSQL user name specified in startup packet', 'protocol_error', 'no_user'],
  ['unsupported frontend protocol', 'protocol_error', 'protocol_version'],
  ['invalid startup packet layout', 'protocol_error', 'invalid_startup'],
  ['expected password response', 'protocol_error', 'no_password_response'],
  ['expected SASL response', 'protocol_error', 'no_password_response'],
  ['invalid password packet size', 'protocol_error', 'invalid_password_packet'],
  ['received unencrypted data after', 'protocol_error', 'data_before_handshake'],
  ['canceling authentication due to timeout', 'rejected', 'auth_timeout'],
  ['the database system is ', 'rejected', 'not_accepting'],
  ['connection requires a valid client certificate', 'failed', 'no_certificate'],
  ['must be superuser or replication role to start walsender', 'rejected', 'no_replication_priv'],
  ['permission denied to start WAL sender', 'rejected', 'no_replication_priv'],
];

/** The refusal that a FATAL line reports; null when it ends a session for another reason. */
export function readRefusal(line: LineText): ConnectionEvent | null {
  const { text } = line;
  const authentication = readAuthenticationFailure(line);
  if (authentication !== null) return authentication;
  const hba = readHba(text, line.prefixUser);
  if (hba !== null) return hba;
  for (const { start, end, name, event, reason } of NAMED)
    if (text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end))
      return connectionEvent(event, { [name]: text.slice(start.length, text.length - end.length), reason });
  const plain = PLAIN.find(([start]) => text.startsWith(start));
  if (plain !== undefined) return connectionEvent(plain[1], { reason: plain[2] });
  // Class 28, invalid authorization: a wording that is new, or Azure's own.
  if (line.sqlstate === '28P01') return connectionEvent('failed', { reason: 'other' });
  return line.sqlstate === '28000' ? connectionEvent('rejected', { reason: 'other' }) : null;
}

/** `METHOD authentication failed for user "u"`; why is only in DETAIL. */
function readAuthenticationFailure(line: LineText): ConnectionEvent | null {
  const found = /^(?:([\w"]{1,16}|OAuth bearer) )?authentication failed for user "/.exec(line.text);
  if (found === null) return null;
  const end = line.text.lastIndexOf('"');
  if (end < found[0].length) return null;
  const user = line.text.slice(found[0].length, end);
  const reason = found[1] === 'password' ? passwordReason(user, line.detail ?? '') : 'auth_failed';
  return connectionEvent('failed', { user, reason });
}

/** DETAIL begins with a sentence about the role, or with the pg_hba.conf line that matched. */
function passwordReason(user: string, detail: string): string {
  const facts: readonly (readonly [sentence: string, reason: string])[] = [
    [`Role "${user}" does not exist.`, 'no_such_role'],
    [`User "${user}" has no password assigned.`, 'no_password'],
    [`Role "${user}" has no password assigned.`, 'no_password'],
    [`User "${user}" has an expired password.`, 'expired'],
    [`Role "${user}" has an expired password.`, 'expired'],
  ];
  return facts.find(([sentence]) => detail.startsWith(sentence))?.[1] ?? 'bad_password';
}

const HBA =
  /^(no pg_hba\.conf entry for|pg_hba\.conf rejects) (replication connection from |connection for |replication connection for )?host "/;

/** `… host "h", user "u", database "d", no encryption`. The host is the server's own word, user and database are not. */
function readHba(text: string, prefixUser: string | null): ConnectionEvent | null {
  const start = HBA.exec(text);
  if (start === null) return null;
  const hostEnd = text.indexOf('", user "', start[0].length);
  if (hostEnd < 0) return null;
  const replication = start[2]?.startsWith('replication') ?? false;
  const encryption = /", ([A-Za-z ]{1,20})$/.exec(text)?.[1] ?? null;
  const namesEnd = encryption === null ? text.lastIndexOf('"') : text.length - encryption.length - 3;
  const names = text.slice(hostEnd + 9, namesEnd);
  return connectionEvent('rejected', {
    client: text.slice(start[0].length, hostEnd) || null,
    ...(replication ? { user: names, database: null } : splitNames(names, prefixUser)),
    tls: encryption === null ? null : encryption === 'SSL on' || encryption === 'SSL encryption',
    replication,
    reason: start[1] === 'pg_hba.conf rejects' ? 'hba_reject' : 'no_hba',
  });
}

/** `u", database "d`; both null when one of them holds the separator. */
function splitNames(
  names: string,
  prefixUser: string | null,
): { user: string | null; database: string | null } {
  const separator = '", database "';
  if (prefixUser !== null && names.startsWith(prefixUser + separator))
    return { user: prefixUser, database: names.slice(prefixUser.length + separator.length) || null };
  const at = names.indexOf(separator);
  if (at < 0 || names.includes(separator, at + 1)) return { user: null, database: null };
  return { user: names.slice(0, at), database: names.slice(at + separator.length) || null };
}
