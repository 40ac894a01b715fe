/**
 * Lines that refuse a connection (texts: PostgreSQL src/backend/libpq/auth.c, libpq/hba.c,
 * utils/init/postinit.c, utils/init/miscinit.c, postmaster/postmaster.c,
 * tcop/backend_startup.c; versions 11 to 18).
 * Names are quoted but not escaped: each text is anchored at both ends.
 */
import type { ConnectionEvent, ConnectionEventName } from '../../model/fact.ts';
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
    start: 'cannot connect to invalid database "',
    end: '"',
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

/** Texts of level FATAL without a name, by how they begin. */
const PLAIN: readonly (readonly [start: string, event: ConnectionEventName, reason: string])[] = [
  ['remaining connection slots are reserved', 'limit', 'reserved'],
  ['sorry, too many clients already', 'limit', 'too_many'],
  ['number of requested standby connections exceeds', 'limit', 'too_many_standbys'],
  ['no PostgreSQL user name specified in startup packet', 'protocol_error', 'no_user'],
  ['unsupported frontend protocol', 'protocol_error', 'protocol_version'],
  ['invalid startup packet layout', 'protocol_error', 'invalid_startup'],
  ['expected password response', 'protocol_error', 'no_password_response'],
  ['expected SASL response', 'protocol_error', 'no_password_response'],
  ['malformed SCRAM message', 'protocol_error', 'no_password_response'],
  ['client selected an invalid SASL authentication mechanism', 'protocol_error', 'no_password_response'],
  ['invalid password packet size', 'protocol_error', 'invalid_password_packet'],
  ['received unencrypted data after', 'protocol_error', 'data_before_handshake'],
  ['empty password returned by client', 'failed', 'empty_password'],
  ['canceling authentication due to timeout', 'rejected', 'auth_timeout'],
  ['the database system is ', 'rejected', 'not_accepting'],
  ['connection requires a valid client certificate', 'failed', 'no_certificate'],
  ['must be superuser or replication role to start walsender', 'rejected', 'no_replication_priv'],
  ['permission denied to start WAL sender', 'rejected', 'no_replication_priv'],
  ['must be superuser to connect', 'rejected', 'not_accepting'],
  // The client's startup packet sets a parameter that it cannot set: in a session the level is ERROR.
  ['unrecognized configuration parameter "', 'rejected', 'bad_option'],
  ['invalid value for parameter "', 'rejected', 'bad_option'],
  ['permission denied to set parameter "', 'rejected', 'bad_option'],
];

/** Texts of level LOG about clients that do not speak the protocol, by how they begin. */
const PROTOCOL_ERRORS: readonly (readonly [start: string, reason: string])[] = [
  ['incomplete startup packet', 'incomplete_startup'],
  ['invalid length of startup packet', 'invalid_startup'],
  ['could not accept SSL connection', 'tls_handshake'],
  ['received direct SSL connection request', 'tls_handshake'],
  ['failed to send SSL negotiation response', 'tls_handshake'],
  ['buffered unencrypted data remains after', 'data_before_handshake'],
  ['could not accept GSSAPI connection', 'gss_handshake'],
  ['failed to send GSSAPI negotiation response', 'gss_handshake'],
];

function refusal(event: ConnectionEventName, reason: string): ConnectionEvent {
  const refused = connectionEvent(event);
  refused.reason = reason;
  return refused;
}

/** The broken startup that a LOG line reports, or null. */
export function readProtocolError(text: string): ConnectionEvent | null {
  for (const [start, reason] of PROTOCOL_ERRORS)
    if (text.startsWith(start)) return refusal('protocol_error', reason);
  return null;
}

/** The refusal that a FATAL line reports; null when it ends a session for another reason. */
export function readRefusal(line: LineText): ConnectionEvent | null {
  const { text } = line;
  const refused = readAuthenticationFailure(line) ?? readHba(text, line.prefixUser) ?? readNamed(text);
  if (refused !== null) return refused;
  for (const [start, event, reason] of PLAIN) if (text.startsWith(start)) return refusal(event, reason);
  return readSqlstate(line.sqlstate);
}

function readNamed(text: string): ConnectionEvent | null {
  for (const { start, end, name, event, reason } of NAMED) {
    if (text.length < start.length + end.length || !text.startsWith(start) || !text.endsWith(end)) continue;
    const refused = refusal(event, reason);
    refused[name] = text.slice(start.length, text.length - end.length);
    return refused;
  }
  return null;
}

/** A wording that is new, or Azure's own: these codes stand for nothing else at level FATAL. */
function readSqlstate(sqlstate: string | null): ConnectionEvent | null {
  switch (sqlstate) {
    case '28P01':
      return refusal('failed', 'other');
    case '28000':
      return refusal('rejected', 'other');
    case '3D000':
      return refusal('rejected', 'no_such_db');
    case '53300':
      return refusal('limit', 'other');
    case '57P03':
      return refusal('rejected', 'not_accepting');
    default:
      return null;
  }
}

/** `METHOD authentication failed for user "u"`; why is only in DETAIL. */
function readAuthenticationFailure(line: LineText): ConnectionEvent | null {
  const found = /^(?:([\w"]{1,16}|OAuth bearer) )?authentication failed for user "/.exec(line.text);
  if (found === null) return null;
  const end = line.text.lastIndexOf('"');
  if (end < found[0].length) return null;
  const user = line.text.slice(found[0].length, end);
  const reason = found[1] === 'password' ? passwordReason(user, line.detail ?? '') : 'auth_failed';
  const refused = refusal('failed', reason);
  refused.user = user;
  return refused;
}

/** What DETAIL says behind the name of the role. */
const PASSWORD_REASONS: readonly (readonly [start: string, reason: string])[] = [
  [' does not exist.', 'no_such_role'],
  [' has no password assigned.', 'no_password'],
  // The role has one, but not in the form that pg_hba.conf asks for.
  [' does not have a valid SCRAM ', 'no_password'],
  [' has an expired password.', 'expired'],
];

/** DETAIL begins with a sentence about the role, or with the pg_hba.conf line that matched. */
function passwordReason(user: string, detail: string): string {
  if (!detail.startsWith('Role "') && !detail.startsWith('User "')) return 'bad_password';
  if (!detail.startsWith(user, 6) || detail[6 + user.length] !== '"') return 'bad_password';
  for (const [start, reason] of PASSWORD_REASONS)
    if (detail.startsWith(start, user.length + 7)) return reason;
  return 'bad_password';
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
  const refused = refusal('rejected', start[1] === 'pg_hba.conf rejects' ? 'hba_reject' : 'no_hba');
  refused.client = text.slice(start[0].length, hostEnd) || null;
  refused.replication = replication;
  if (encryption !== null) refused.tls = encryption === 'SSL on' || encryption === 'SSL encryption';
  if (replication) refused.user = names;
  else splitNames(refused, names, prefixUser);
  return refused;
}

/** `u", database "d`; both stay null when one of them holds the separator. */
function splitNames(refused: ConnectionEvent, names: string, prefixUser: string | null): void {
  const separator = '", database "';
  const isKnown = prefixUser !== null && names.startsWith(prefixUser + separator);
  const at = isKnown ? prefixUser.length : names.indexOf(separator);
  if (at < 0 || (!isKnown && names.includes(separator, at + 1))) return;
  refused.user = names.slice(0, at);
  refused.database = names.slice(at + separator.length) || null;
}
