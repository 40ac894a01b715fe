/**
 * Why PgBouncer closed a client connection: `closing because: REASON (age=Ns)`. Reasons are those of PgBouncer 1.12 to
 * 1.25 (src/client.c, objects.c, janitor.c, admin.c, proto.c, ldapauth.c, pam.c), or the text with which the server
 * refused the connection that PgBouncer opened for the client (server.c, kill_pool_logins).
 */
import type { ConnectionEvent, ConnectionEventName } from '../../model/fact.ts';
import { connectionEvent } from '../connection/connection-line.ts';
import { readRefusal } from '../connection/refusal.ts';

type Meaning = readonly [event: ConnectionEventName, reason: string];

/** Whole reasons. */
const EXACT: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['password authentication failed', ['failed', 'bad_password']],
  ['SASL authentication failed', ['failed', 'bad_password']],
  ['no such user', ['failed', 'no_such_role']],
  // Said of users that are in no list, and of no others.
  ['"trust" authentication failed', ['failed', 'no_such_role']],
  ['PAM authentication failed', ['failed', 'auth_failed']],
  ['LDAP authentication failed', ['failed', 'auth_failed']],
  ['certificate authentication failed', ['failed', 'auth_failed']],
  ['unix socket login rejected', ['failed', 'auth_failed']],
  ['empty password returned by client', ['failed', 'empty_password']],
  ['login rejected', ['rejected', 'hba_reject']],
  ['no authentication method is found', ['rejected', 'no_hba']],
  ['SSL required', ['rejected', 'tls_required']],
  // The console (database pgbouncer) is for administrators.
  ['not allowed', ['rejected', 'not_permitted']],
  ['pooler is shutting down', ['rejected', 'not_accepting']],
  ['client_login_timeout', ['rejected', 'auth_timeout']],
  ['client_login_timeout (server down)', ['rejected', 'server_down']],
  ['bouncer config error', ['rejected', 'pooler_error']],
  ['bouncer resources exhaustion', ['rejected', 'pooler_error']],
  ['no memory for pool', ['rejected', 'pooler_error']],
  ['no memory for authentication pool', ['rejected', 'pooler_error']],
  ['no more connections allowed (max_client_conn)', ['limit', 'too_many']],
  ['client connections exceeded (max_db_client_connections)', ['limit', 'db_limit']],
  ['client connections exceeded (max_user_client_connections)', ['limit', 'role_limit']],
  ['bad packet', ['protocol_error', 'invalid_startup']],
  ['client sent partial pkt in startup phase', ['protocol_error', 'incomplete_startup']],
  ['client re-sent startup pkt', ['protocol_error', 'invalid_startup']],
  ['client password pkt before startup packet', ['protocol_error', 'invalid_startup']],
  ['invalid startup packet layout: expected terminator as last byte', ['protocol_error', 'invalid_startup']],
  ['client selected an invalid SASL authentication mechanism', ['protocol_error', 'invalid_mechanism']],
  ['no username supplied', ['protocol_error', 'no_user']],
  ['username too long', ['protocol_error', 'name_too_long']],
  ['old V2 protocol not supported', ['protocol_error', 'protocol_version']],
  ['SSL req inside SSL', ['protocol_error', 'tls_handshake']],
  ['failed to accept SSL', ['protocol_error', 'tls_handshake']],
  ['failed to ack SSL', ['protocol_error', 'tls_handshake']],
  ['failed to nak SSL', ['protocol_error', 'tls_handshake']],
  ['failed to nak GSS enc', ['protocol_error', 'gss_handshake']],
]);

/** Reasons that go on with words of the client or of the server. */
const STARTS: readonly (readonly [start: string, ...Meaning])[] = [
  ['no such database: ', 'rejected', 'no_such_db'],
  ['server login failed: ', 'rejected', 'server_down'],
  ['bad packet header: ', 'protocol_error', 'invalid_startup'],
  ['unsupported startup parameter: ', 'protocol_error', 'unsupported_parameter'],
  ['unsupported startup parameter in options: ', 'protocol_error', 'unsupported_parameter'],
  ['unsupported options startup parameter: ', 'protocol_error', 'unsupported_parameter'],
  ['received unencrypted data after ', 'protocol_error', 'data_before_handshake'],
];

/** A connection that came to cancel a query of another: it never signs in. */
const CANCEL =
  /^(?:(?:bad|failed|successfully sent|failed to (?:send|forward)|not sending|ignoring|pause) )?cancel request\b|^cancel_wait_timeout$|^could not find peer to forward request to$/;

/** Reasons that end the connection of a client that had been let in. There are more: PgBouncer passes errors of the server on. */
const ENDS = new Set([
  'client close request',
  'client unexpected eof',
  'close req',
  'client_idle_timeout',
  'query_timeout',
  'query_wait_timeout',
  'admin forced disconnect',
  'server shutting down',
]);

/** Who the line says that the client is, as far as PgBouncer knew when it closed the connection. */
export interface ClosingClient {
  /** The client had not named its user yet: `(nouser)`. */
  beforeStartup: boolean;
  /** The pair of user and database is not one that PgBouncer serves: `(nodb)`. */
  unserved: boolean;
}

/**
 * What a closing says, without the names. `disconnected` says that the client had been let in: PgBouncer writes no line
 * for a client that leaves at the password prompt. Null for connections that came to cancel a query.
 *
 * @param ageSeconds time since the connection was accepted, whole seconds
 */
export function readClosing(
  reason: string,
  ageSeconds: number,
  client: ClosingClient,
): ConnectionEvent | null {
  const meaning = meaningOf(reason, client);
  if (meaning !== null) return connectionEvent(meaning[0], { reason: meaning[1] });
  if (CANCEL.test(reason)) return null;
  return connectionEvent('disconnected', { durationMs: ageSeconds * 1000 });
}

function meaningOf(reason: string, client: ClosingClient): Meaning | null {
  // For a user or a database that does not exist PgBouncer plays the exchange through and says the same.
  if (client.unserved && reason === 'SASL authentication failed') return ['failed', 'auth_failed'];
  if (client.unserved && reason === 'password authentication failed') return ['failed', 'auth_failed'];
  const exact = EXACT.get(reason);
  if (exact !== undefined) return exact;
  if (client.beforeStartup && reason === 'client unexpected eof')
    return ['protocol_error', 'incomplete_startup'];
  if (ENDS.has(reason)) return null;
  for (const [start, event, why] of STARTS) if (reason.startsWith(start)) return [event, why];
  if (reason.startsWith('database "') && reason.endsWith('" is disabled')) return ['rejected', 'db_closed'];
  // Without a user it was the look-up of the password that got no server; with one it was a later query.
  if (client.beforeStartup && reason.startsWith('server login has been failing'))
    return ['rejected', 'server_down'];
  const refusal = readRefusal({
    level: 'FATAL',
    sqlstate: null,
    text: reason,
    detail: null,
    prefixUser: null,
  });
  return refusal === null ? null : [refusal.event, refusal.reason ?? 'other'];
}

/** Whether PgBouncer has such a reason for certain; one that it passes on from the server may be unknown. */
export function isKnownReason(reason: string): boolean {
  if (ENDS.has(reason) || CANCEL.test(reason)) return true;
  return meaningOf(reason, { beforeStartup: true, unserved: true }) !== null;
}
