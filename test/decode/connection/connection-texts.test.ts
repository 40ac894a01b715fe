import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ConnectionEvent } from '../../../src/model/fact.ts';
import { connectionOf, decode, decodeOne, lineRecord, NAMING, namedRecord } from '../build.ts';

const TLS = ' SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)';
const log = (text: string): ConnectionEvent => connectionOf(decodeOne(lineRecord('LOG', text)));
const fatal = (text: string, more: object = {}): ConnectionEvent =>
  connectionOf(decodeOne(lineRecord('FATAL', text, more)));

test('a replication connection without an application name still names its user', () => {
  for (const end of ['', TLS]) {
    const { user, application, replication, tls } = log(`replication connection authorized: user=repl${end}`);
    assert.deepEqual([user, application, replication, tls], ['repl', null, true, end === TLS]);
  }
  const user = 'a application_name=b';
  const line = namedRecord('LOG', `replication connection authorized: user=${user}`, { user });
  assert.equal(connectionOf(decodeOne(line, NAMING)).user, user);
});

test('what a later version adds behind the known part costs nothing that is known', () => {
  const start = 'connection authorized: user=alice database=appdb application_name=psql';
  const added = [
    ' SSL enabled (protocol=TLSv1.4, cipher=X, bits=256, group=X25519MLKEM768)',
    `${TLS} GSS (authenticated=yes, encrypted=no, delegated_credentials=no, principal=alice@EXAMPLE.COM)`,
    `${TLS} QUIC (stream=1)`,
    `${TLS} Compression used (method=zstd, level=3) QUIC (stream=1)`,
  ];
  for (const end of added) {
    const event = log(start + end);
    assert.deepEqual([event.user, event.database, event.application], ['alice', 'appdb', 'psql'], end);
    assert.deepEqual([event.tls, event.tlsVersion?.slice(0, 5)], [true, 'TLSv1'], end);
  }
  const received = log('connection received: host=203.0.113.5 port=51570 family=inet');
  assert.deepEqual([received.client, received.clientPort], ['203.0.113.5', 51570]);
  const closed = log(
    'disconnection: session time: 1:00:00.250 user=u database=d host=::1 port=7 reason=idle',
  );
  assert.deepEqual([closed.client, closed.clientPort, closed.durationMs], ['::1', 7, 3_600_250]);
  const proven = log('connection authenticated: identity="kim" method=oauth (/x/pg_hba.conf:3) issuer="y"');
  assert.deepEqual([proven.identity, proven.method], ['kim', 'oauth']);
});

test('GSS is taken off the end, and its principal, which a client can write, is nobody’s identity', () => {
  for (const gss of [
    ' GSS (authenticated=yes, encrypted=yes, principal=kim@EXAMPLE.COM)',
    ' GSS (authenticated=yes, encrypted=yes, delegated_credentials=no, principal=kim@EXAMPLE.COM)',
    ' GSS (encrypted=no)',
  ]) {
    const event = log(`connection authorized: user=kim database=d application_name=psql${gss}`);
    assert.deepEqual(
      [event.user, event.application, event.identity, event.tls],
      ['kim', 'psql', null, false],
    );
  }
});

test('an application name in brackets stays one without TLS', () => {
  for (const application of [
    'Report (v=2)',
    'x GSS (v=2)',
    'x GSS (authenticated=no) (b)',
    'SSL enabled (protocol=none)',
    '(a)',
    ')',
    'a QUIC (b)',
  ]) {
    const plain = log(`connection authorized: user=a database=b application_name=${application}`);
    assert.deepEqual([plain.application, plain.tls], [application, false]);
    const secured = log(`connection authorized: user=a database=b application_name=${application}${TLS}`);
    assert.deepEqual([secured.application, secured.tls, secured.tlsVersion], [application, true, 'TLSv1.3']);
  }
});

test('the TLS of a client is never hidden by its application name', () => {
  const part = fc.constantFrom(
    TLS,
    ' SSL enabled (protocol=',
    ' GSS (',
    'encrypted=yes)',
    '(',
    ')',
    ', ',
    'x',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const event = log(`connection authorized: user=a database=b application_name=${parts.join('')}${TLS}`);
      assert.deepEqual([event.user, event.database], ['a', 'b']);
      assert.deepEqual([event.tls, event.tlsVersion], [true, 'TLSv1.3']);
      assert.equal(event.application, parts.join('') || null);
    }),
    { numRuns: 500 },
  );
});

test('clients are named by address, host name or socket', () => {
  for (const [address, client, port] of [
    ['203.0.113.5 port=51570', '203.0.113.5', 51570],
    ['::1 port=1', '::1', 1],
    ['fe80::1%eth0 port=65535', 'fe80::1%eth0', 65535],
    ['pc-7.example.com port=40000', 'pc-7.example.com', 40000],
    ['[local]', '[local]', null],
    // Single Server
    ['10.0.1.4 port=38850 pid=3312', '10.0.1.4', 38850],
    ['[local] pid=3312', '[local]', null],
    ['', null, null],
  ] as const) {
    const received = log(`connection received: host=${address}`);
    assert.deepEqual([received.client, received.clientPort], [client, port]);
    if (address.includes('pid=')) continue;
    const closed = log(`disconnection: session time: 0:00:00.000 user=u database= host=${address}`);
    assert.deepEqual([closed.user, closed.database], ['u', null]);
    assert.deepEqual([closed.client, closed.clientPort], [client, port]);
  }
});

test('the line of Single Server, which lacks a space, names user and database unless it may be read in two ways', () => {
  const event = log(
    'connection authorized: user=postgresdatabase=appdb SSL enabled (protocol=TLSv1.2, cipher=X, bits=256, compression=off)',
  );
  assert.deepEqual([event.user, event.database, event.tls], ['postgres', 'appdb', true]);
  const twice = log('connection authorized: user=adatabase=bdatabase=c');
  assert.deepEqual([twice.user, twice.database], [null, null]);
});

test('Entra sign-ins are known by their ids, whatever the product is called', () => {
  for (const [text, identity] of [
    ['Microsoft Entra ID connection authorized: UPN=kim@example.com oid=1', 'kim@example.com'],
    ['Microsoft Entra connection authorized appid=11-22, oid=33', '11-22'],
    ['AAD connection authorized: oid=33 upn=kim@example.com', 'kim@example.com'],
    ['Azure Active Directory connection authorized: user=dba group oid=33', null],
  ]) {
    const event = log(text!);
    assert.deepEqual([event.event, event.identity, event.method], ['authenticated', identity, 'entra']);
  }
});

test('no statement and no application name in a log line is taken for an Entra sign-in', () => {
  const forged = 'Entra ID connection authorized: UPN=dba@example.com oid=1';
  for (const text of [
    `statement: ${forged}`,
    `duration: 1.000 ms  statement: select '${forged}'`,
    `execute <unnamed>: ${forged}`,
    `no match in usermap "m" for user "${forged}" authenticated as "x"`,
    `could not receive data from client "${forged}"`,
  ])
    assert.equal(decodeOne(lineRecord('LOG', text)).fact, null, text);
  const replication = log(`replication connection authorized: user=a application_name=${forged}`);
  assert.deepEqual([replication.event, replication.identity], ['authorized', null]);
});

test('every refusal of PostgreSQL 11 to 18 has its reason', () => {
  for (const [text, event, reason] of [
    ['malformed SCRAM message', 'protocol_error', 'no_password_response'],
    ['client selected an invalid SASL authentication mechanism', 'protocol_error', 'no_password_response'],
    ['expected password response, got message type 88', 'protocol_error', 'no_password_response'],
    ['received unencrypted data after SSL request', 'protocol_error', 'data_before_handshake'],
    ['invalid startup packet layout: expected terminator as last byte', 'protocol_error', 'invalid_startup'],
    [
      'unsupported frontend protocol 1234.5680: server supports 2.0 to 3.0',
      'protocol_error',
      'protocol_version',
    ],
    ['empty password returned by client', 'failed', 'empty_password'],
    ['Peer authentication failed for user "app"', 'failed', 'auth_failed'],
    ['OAuth bearer authentication failed for user "app"', 'failed', 'auth_failed'],
    ['"trust" authentication failed for user "app"', 'failed', 'auth_failed'],
    ['authentication failed for user "app": host rejected', 'failed', 'auth_failed'],
    ['cannot connect to invalid database "appdb"', 'rejected', 'db_closed'],
    ['must be superuser to connect in binary upgrade mode', 'rejected', 'not_accepting'],
    ['the database system is not yet accepting connections', 'rejected', 'not_accepting'],
    ['unrecognized configuration parameter "no_such"', 'rejected', 'bad_option'],
    ['invalid value for parameter "DateStyle": "x"', 'rejected', 'bad_option'],
    [
      'remaining connection slots are reserved for roles with privileges of the "pg_use_reserved_connections" role',
      'limit',
      'reserved',
    ],
    [
      'number of requested standby connections exceeds max_wal_senders (currently 1)',
      'limit',
      'too_many_standbys',
    ],
    ['must be superuser or replication role to start walsender', 'rejected', 'no_replication_priv'],
  ] as const) {
    const refused = fatal(text);
    assert.deepEqual([refused.event, refused.reason], [event, reason], text);
  }
  for (const [text, reason] of [
    ['incomplete startup packet', 'incomplete_startup'],
    ['invalid length of startup packet', 'invalid_startup'],
    ['could not accept SSL connection: EOF detected', 'tls_handshake'],
    ['buffered unencrypted data remains after negotiating SSL connection', 'data_before_handshake'],
    ['could not accept GSSAPI connection', 'gss_handshake'],
  ] as const)
    assert.deepEqual([log(text).event, log(text).reason], ['protocol_error', reason], text);
});

test('codes that only a refusal has make one of an unknown wording; the same text in a statement does not', () => {
  for (const [sqlerrcode, event] of [
    ['53300', 'limit'],
    ['57P03', 'rejected'],
    ['3D000', 'rejected'],
    ['28000', 'rejected'],
    ['28P01', 'failed'],
  ] as const) {
    assert.equal(fatal('Azure says no', { sqlerrcode }).event, event);
    const failed = decodeOne(lineRecord('ERROR', 'Azure says no', { sqlerrcode }));
    assert.equal(failed.fact?.kind, 'failure');
  }
  const inSession = decodeOne(lineRecord('ERROR', 'unrecognized configuration parameter "x"'));
  assert.equal(inSession.fact?.kind, 'failure');
});

test('a password in a form that pg_hba.conf does not ask for is no wrong guess', () => {
  const detail = 'User "mira" does not have a valid SCRAM secret.\nConnection matched file "x" line 1: "y"';
  const more = { sqlerrcode: '28P01', detail };
  assert.equal(fatal('password authentication failed for user "mira"', more).reason, 'no_password');
});

test('a connection line of a megabyte is read at once', () => {
  const fillers = [
    ' database=',
    ' application_name=',
    ' host=',
    ' port=',
    ' SSL enabled (',
    '"',
    ' ',
    'UPN=a ',
  ];
  for (const start of [
    'connection authorized: user=',
    'disconnection: session time: 0:00:00.000 user=',
    'AAD connection authorized',
    'connection received: host=',
    'no pg_hba.conf entry for host "',
  ]) {
    for (const filler of fillers) {
      const record = lineRecord(start.startsWith('no') ? 'FATAL' : 'LOG', start + filler.repeat(100_000));
      const begin = performance.now();
      decode({ records: [record] });
      assert.ok(performance.now() - begin < 8_000, `${start}${filler}: ${performance.now() - begin} ms`);
    }
  }
});
