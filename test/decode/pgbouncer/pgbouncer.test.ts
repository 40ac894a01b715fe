import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPgBouncer } from '../../../src/decode/pgbouncer/pgbouncer.ts';
import type { ConnectionEvent } from '../../../src/model/fact.ts';

const HEAD = '2026-07-14 04:52:31.761 UTC [1]';
const POINTER = '0x55fdcb116670';

/** A line about a client, as PgBouncer writes it. */
const clientLine = (rest: string, level = 'LOG'): string => `${HEAD} ${level} C-${POINTER}: ${rest}`;

/** Fields of a fact that say something. */
function factOf(log: string): Partial<ConnectionEvent> | null {
  const { fact } = readPgBouncer(log);
  if (fact === null) return null;
  const said = Object.entries(fact).filter(([key, value]) => key !== 'kind' && value !== null);
  return Object.fromEntries(said) as Partial<ConnectionEvent>;
}

test('a login attempt tells user, database, address, port and TLS', () => {
  const log = clientLine(
    'appdb/app@203.0.113.7:41234 login attempt: db=appdb user=app tls=TLSv1.3/TLS_AES_256_GCM_SHA384 replication=no',
  );
  const { fact, ...line } = readPgBouncer(log);
  assert.deepEqual(line, {
    time: '2026-07-14 04:52:31.761 UTC',
    pid: 1,
    level: 'LOG',
    text: `C-${POINTER}: appdb/app@203.0.113.7:41234 login attempt: db=appdb user=app tls=TLSv1.3/TLS_AES_256_GCM_SHA384 replication=no`,
    user: 'app',
    database: 'appdb',
    client: '203.0.113.7',
    sessionId: `pgbouncer/${POINTER}/203.0.113.7:41234`,
  });
  assert.deepEqual(fact, {
    kind: 'connection',
    event: 'received',
    user: 'app',
    database: 'appdb',
    client: '203.0.113.7',
    clientPort: 41234,
    application: null,
    identity: null,
    method: null,
    tls: true,
    tlsVersion: 'TLSv1.3',
    replication: false,
    reason: null,
    durationMs: null,
  });
});

test('login attempts of every version are read: without replication=, with a key exchange, for replication', () => {
  const attempt = (end: string) =>
    factOf(clientLine(`appdb/app@203.0.113.7:41234 login attempt: db=appdb user=app ${end}`));
  const known = {
    event: 'received',
    user: 'app',
    database: 'appdb',
    client: '203.0.113.7',
    clientPort: 41234,
  };
  assert.deepEqual(attempt('tls=no'), { ...known, tls: false, replication: false });
  assert.deepEqual(attempt('tls=TLSv1.2/ECDHE-RSA-AES256-GCM-SHA384/ECDH=prime256v1'), {
    ...known,
    ...{ tls: true, tlsVersion: 'TLSv1.2', replication: false },
  });
  assert.deepEqual(attempt('tls=no replication=yes'), { ...known, tls: false, replication: true });
  assert.deepEqual(attempt('tls=no replication=database'), { ...known, tls: false, replication: true });
  // Words of a version to come: what is certain is kept.
  assert.deepEqual(attempt('tls=no replication=no compression=zstd'), { ...known, replication: false });
});

test('a pair that PgBouncer does not serve keeps the names that the client asked for', () => {
  const log = clientLine('(nodb)/ghost@203.0.113.7:5 login attempt: db=nodb user=ghost tls=no');
  const { user, database, fact } = readPgBouncer(log);
  assert.deepEqual([user, database, fact?.user, fact?.database], ['ghost', 'nodb', 'ghost', 'nodb']);
});

test('clients of a unix socket are [local]; only a socket with a pid has a session id', () => {
  const withPid = readPgBouncer(
    clientLine(
      'postgres/azuresu@unix(230):6432 login attempt: db=postgres user=azuresu tls=no replication=no',
    ),
  );
  assert.equal(withPid.sessionId, `pgbouncer/${POINTER}/unix(230):6432`);
  assert.deepEqual([withPid.fact?.client, withPid.fact?.clientPort], ['[local]', null]);
  const withoutPid = readPgBouncer(
    clientLine('pgbouncer/pgbouncer@unix:6432 login attempt: db=pgbouncer user=pgbouncer tls=no'),
  );
  assert.deepEqual([withoutPid.client, withoutPid.sessionId], ['[local]', null]);
  assert.equal(withoutPid.fact?.event, 'received');
  const access = readPgBouncer(clientLine('(nodb)/pgbouncer@unix:6432 pgbouncer access from unix socket'));
  assert.deepEqual([access.client, access.user, access.fact], ['[local]', 'pgbouncer', null]);
});

test('IPv6 addresses lose their brackets, and stay in the session id', () => {
  const line = readPgBouncer(clientLine('a/b@[2001:db8::7]:41234 login attempt: db=a user=b tls=no'));
  assert.equal(line.client, '2001:db8::7');
  assert.equal(line.sessionId, `pgbouncer/${POINTER}/[2001:db8::7]:41234`);
  assert.equal(line.fact?.clientPort, 41234);
});

test('a connection that came through a peer of PgBouncer has an address and no names', () => {
  const line = readPgBouncer(
    clientLine('peer-2@203.0.113.7:41234 closing because: client close request (age=3s)'),
  );
  assert.deepEqual([line.user, line.database, line.client], [null, null, '203.0.113.7']);
});

test('a connection to the server is nobody who signs in', () => {
  for (const text of ['new connection to server', 'closing because: server idle timeout (age=600s)']) {
    const line = readPgBouncer(`${HEAD} LOG S-0x55fdcb1565d0: appdb/app@unix:5432 ${text}`);
    assert.deepEqual([line.user, line.database], ['app', 'appdb']);
    assert.deepEqual([line.client, line.sessionId, line.fact], [null, null, null]);
  }
});

/** Reason of the closing → what it means, for a client that PgBouncer knows. */
const CLOSINGS: [reason: string, event: string | null, why: string | null][] = [
  ['password authentication failed', 'failed', 'bad_password'],
  ['SASL authentication failed', 'failed', 'bad_password'],
  ['no such user', 'failed', 'no_such_role'],
  ['PAM authentication failed', 'failed', 'auth_failed'],
  ['certificate authentication failed', 'failed', 'auth_failed'],
  ['"trust" authentication failed', 'failed', 'no_such_role'],
  ['empty password returned by client', 'failed', 'empty_password'],
  ['login rejected', 'rejected', 'hba_reject'],
  ['no authentication method is found', 'rejected', 'no_hba'],
  ['SSL required', 'rejected', 'tls_required'],
  ['not allowed', 'rejected', 'not_permitted'],
  ['no such database: nodb', 'rejected', 'no_such_db'],
  ['database "old (age=1s)" is disabled', 'rejected', 'db_closed'],
  ['pooler is shutting down', 'rejected', 'not_accepting'],
  ['client_login_timeout', 'rejected', 'auth_timeout'],
  ['client_login_timeout (server down)', 'rejected', 'server_down'],
  ['server login failed: wrong password type', 'rejected', 'server_down'],
  // Words of the server, passed on.
  ['database "nodb" does not exist', 'rejected', 'no_such_db'],
  ['role "app" is not permitted to log in', 'rejected', 'not_permitted'],
  ['sorry, too many clients already', 'limit', 'too_many'],
  ['no more connections allowed (max_client_conn)', 'limit', 'too_many'],
  ['client connections exceeded (max_db_client_connections)', 'limit', 'db_limit'],
  ['client connections exceeded (max_user_client_connections)', 'limit', 'role_limit'],
  ['bad packet', 'protocol_error', 'invalid_startup'],
  ["bad packet header: '474554202f204854'", 'protocol_error', 'invalid_startup'],
  ['unsupported startup parameter: replication', 'protocol_error', 'unsupported_parameter'],
  ['unsupported startup parameter in options: geqo', 'protocol_error', 'unsupported_parameter'],
  ['received unencrypted data after SSL request', 'protocol_error', 'data_before_handshake'],
  ['old V2 protocol not supported', 'protocol_error', 'protocol_version'],
  ['failed to accept SSL', 'protocol_error', 'tls_handshake'],
  ['client close request', 'disconnected', null],
  ['client unexpected eof', 'disconnected', null],
  ['query_wait_timeout', 'disconnected', null],
  ['server conn crashed?', 'disconnected', null],
  // No property of an object is a reason.
  ['constructor', 'disconnected', null],
  ['successfully sent cancel request', null, null],
  ['failed cancel request', null, null],
  ['cancel_wait_timeout', null, null],
];

test('a closing says how the connection ended', () => {
  for (const [reason, event, why] of CLOSINGS) {
    const { fact } = readPgBouncer(
      clientLine(`appdb/app@203.0.113.7:41234 closing because: ${reason} (age=80s)`),
    );
    assert.deepEqual([fact?.event ?? null, fact?.reason ?? null], [event, why], reason);
    if (fact === null) continue;
    assert.deepEqual([fact.user, fact.database, fact.clientPort], ['app', 'appdb', 41234], reason);
    assert.equal(fact.durationMs, event === 'disconnected' ? 80_000 : null, reason);
  }
});

test('what PgBouncer knew of the client tells closings apart that read alike', () => {
  const reasonOf = (names: string, reason: string) => {
    const fact = factOf(clientLine(`${names}@203.0.113.7:41234 closing because: ${reason} (age=0s)`));
    return [fact?.event, fact?.reason];
  };
  // A wrong password, or a user or database that does not exist: the line does not say which.
  assert.deepEqual(reasonOf('(nodb)/ghost', 'SASL authentication failed'), ['failed', 'auth_failed']);
  assert.deepEqual(reasonOf('(nodb)/(nouser)', 'client unexpected eof'), [
    'protocol_error',
    'incomplete_startup',
  ]);
  const down = 'server login has been failing, cached error: connect failed (server_login_retry)';
  assert.deepEqual(reasonOf('appdb/(nouser)', down), ['rejected', 'server_down']);
  assert.deepEqual(reasonOf('appdb/app', down), ['disconnected', undefined]);
});

test('one refusal is one fact: the lines that repeat it have none', () => {
  const refusal: [text: string, level: string][] = [
    ['password authentication failed', 'ERROR'],
    ['pooler error: SASL authentication failed', 'WARNING'],
    ['login failed: db=appdb user=app', 'LOG'],
    ['no such user: app', 'LOG'],
  ];
  for (const [text, level] of refusal) {
    const line = readPgBouncer(clientLine(`appdb/app@203.0.113.7:41234 ${text}`, level));
    assert.equal(line.fact, null, text);
    assert.equal(line.client, '203.0.113.7', text);
  }
});

test('lines about no connection, and lines of another form, keep their text', () => {
  const stats = 'stats: 1 xacts/s, 2 queries/s, in 4667 B/s, out 436 B/s, xact 790 us, wait 3 us';
  const line = readPgBouncer(`${HEAD} LOG ${stats}`);
  assert.deepEqual([line.level, line.pid, line.text, line.fact], ['LOG', 1, stats, null]);
  for (const other of [
    '',
    '\tlines@127.0.113.7:5 login attempt: db=a user=b tls=no',
    'C-0x1: a/b@1.2.3.4:5 x',
  ]) {
    const { text, ...rest } = readPgBouncer(other);
    assert.equal(text, other);
    assert.deepEqual(new Set(Object.values(rest)), new Set([null]), other);
  }
});
