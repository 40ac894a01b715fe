import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePrefix } from '../../../src/decode/prefix/prefix.ts';
import type { LogRecord } from '../../../src/model/record.ts';
import {
  connectionOf,
  decode,
  decodeOne,
  lineRecord,
  NAMING,
  namedRecord,
  START,
  serverRecord,
} from '../build.ts';

const TLS = ' SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)';
const event = (level: string, text: string, more: object = {}) =>
  connectionOf(decodeOne(lineRecord(level, text, more)));

/** Role and database names: anything without NUL, cut at 63 bytes. */
const anyName = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 60 })
  .filter((name) => !name.includes('\0') && Buffer.byteLength(name) <= 63);
/** Names made of what the lines themselves are made of. */
const hostileName = fc
  .array(
    fc.constantFrom(
      ' database=',
      ' application_name=',
      ' user=',
      ' host=',
      ' port=1',
      '", user "',
      '", database "',
      '"',
      ',',
      ' ',
      'alice',
      'x',
      ',db=y',
      ',app=',
      ' LOG:  ',
      ' FATAL:  ',
      'AUDIT: SESSION,1,1,READ,SELECT,,,',
      '\n',
      '\n\t',
      'no',
      'connection authorized: user=alice',
      '" method=trust (x:1)',
      ' SSL enabled (',
      '" does not exist',
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''))
  .filter((name) => Buffer.byteLength(name) <= 63);
const name = fc.oneof(anyName, hostileName);

/** What the store will hold of a name. */
const stored = (text: string): string => text.replace(/[\0\p{Surrogate}]/gu, '\ufffd');

function assertNotForged(record: LogRecord, user: string, events: readonly string[]): void {
  assert.equal(record.sessionId, '6a45d422.1513f3');
  assert.notEqual(record.fact?.kind, 'audit');
  assert.notEqual(record.fact?.kind, 'setting');
  if (record.prefixUser !== null) assert.equal(record.prefixUser, stored(user));
  if (record.fact?.kind !== 'connection') return;
  assert.ok(events.includes(record.fact.event), record.fact.event);
  if (record.fact.user !== null) assert.equal(record.fact.user, stored(user));
}

test('no user name forges a user, a session or an audit row in lines before authentication', () => {
  fc.assert(
    fc.property(name, name, (user, database) => {
      const texts = [
        `password authentication failed for user "${user}"`,
        `no pg_hba.conf entry for host "203.0.113.9", user "${user}", database "${database}", no encryption`,
        `pg_hba.conf rejects replication connection for host "203.0.113.9", user "${user}", SSL encryption`,
        `role "${user}" is not permitted to log in`,
      ];
      for (const text of texts) {
        const event = connectionOf(decodeOne(lineRecord('FATAL', text)));
        assert.ok(event.user === null || event.user === stored(user), text);
        assertNotForged(decodeOne(lineRecord('FATAL', text)), user, ['failed', 'rejected']);
      }
    }),
    { numRuns: 500 },
  );
});

test('no user name forges anything through a prefix that names users', () => {
  fc.assert(
    fc.property(hostileName, (user) => {
      const text = `password authentication failed for user "${user}"`;
      const { records, rejects } = decode({ records: [namedRecord('FATAL', text, { user })] }, NAMING);
      assert.equal(records.length + rejects.length, 1);
      for (const record of records) assertNotForged(record, user, ['failed', 'rejected']);
    }),
    { numRuns: 500 },
  );
});

test('no role or database name forges a user in authorized and disconnection lines', () => {
  fc.assert(
    fc.property(name, name, fc.boolean(), (user, database, withApplication) => {
      const application = withApplication ? ' application_name=psql' : '';
      const authorized = event(
        'LOG',
        `connection authorized: user=${user} database=${database}${application}${TLS}`,
      );
      assert.ok(authorized.user === null || authorized.user === stored(user));
      assert.equal(authorized.tls, true);
      const text = `disconnection: session time: 0:00:01.000 user=${user} database=${database} host=::1 port=5`;
      const closed = event('LOG', text);
      assert.ok(closed.user === null || closed.user === stored(user));
      assert.deepEqual([closed.client, closed.clientPort, closed.durationMs], ['::1', 5, 1000]);
      const replication = event(
        'LOG',
        `replication connection authorized: user=${user} application_name=x${TLS}`,
      );
      assert.ok(replication.user === null || replication.user === stored(user));
      const identity = event(
        'LOG',
        `connection authenticated: identity="${user}" method=md5 (/x/pg_hba.conf:1)`,
      );
      assert.deepEqual([identity.identity, identity.method], [stored(user), 'md5']);
    }),
    { numRuns: 500 },
  );
});

test('no application name forges a user or a database', () => {
  fc.assert(
    fc.property(fc.oneof(hostileName, fc.string({ maxLength: 200 })), (application) => {
      const line = `connection authorized: user=app database=shop application_name=${application}${TLS}`;
      const { user, database, tls } = event('LOG', line);
      assert.ok(user === null || user === 'app', line);
      assert.ok(database === null || database === 'shop', line);
      assert.equal(tls, true);
    }),
    { numRuns: 500 },
  );
  const plain = event(
    'LOG',
    'connection authorized: user=app database=shop application_name=x user=dba port=1',
  );
  assert.deepEqual([plain.user, plain.application, plain.tls], ['app', 'x user=dba port=1', false]);
  const second = event(
    'LOG',
    `connection authorized: user=app database=shop application_name= user=dba database=prod${TLS}${TLS}`,
  );
  assert.deepEqual([second.user, second.database], [null, null]);
});

test('the prefix settles which of two readings is right', () => {
  const user = 'bob database=secret application_name=ok';
  const text = `connection authorized: user=${user} database=my db application_name=psql${TLS}`;
  const { fact, prefixUser } = decodeOne(namedRecord('LOG', text, { user, database: 'my db' }), NAMING);
  assert.equal(prefixUser, user);
  assert.ok(fact?.kind === 'connection');
  assert.deepEqual([fact.user, fact.database, fact.application], [user, 'my db', 'psql']);
});

test('a user name that holds a line break and a forged prefix is that name and nothing else', () => {
  const user = 'evil"\n2026-01-01 00:00:00 UTC-00000000.1-LOG:  connection autho';
  const text = `password authentication failed for user "${user}"`;
  for (const record of [
    decodeOne(namedRecord('FATAL', text, { user }), NAMING),
    decodeOne(lineRecord('FATAL', text)),
  ]) {
    assert.equal(record.sessionId, '6a45d422.1513f3');
    assert.equal(connectionOf(record).event, 'failed');
    assert.equal(connectionOf(record).user, user);
  }
});

test('a user name that holds a level and a whole refusal is that name, not the user whom it names', () => {
  for (const inner of ['role "alice', 'too many connections for role "alice', 'connection to alice']) {
    const user = `x,db=y,app=z,client=::1 FATAL:  ${inner}`;
    const text = `password authentication failed for user "${user}"`;
    const record = decodeOne(namedRecord('FATAL', text, { user }), NAMING);
    assert.deepEqual([record.prefixUser, connectionOf(record).user, record.message], [user, user, text]);
  }
});

test('a session id that a user name brings along is not believed', () => {
  const options = { prefixes: [compilePrefix('%t-%c-user=%u,session=%c ')] };
  const user = 'x,session=dead.1 FATAL:  database "y';
  const message = `${START}user=${user},session=6a45d422.1513f3 FATAL:  role "${user}" does not exist`;
  const record = decodeOne(serverRecord({ errorLevel: 'FATAL', message }), options);
  assert.deepEqual(
    [record.sessionId, record.prefixUser, connectionOf(record).user],
    ['6a45d422.1513f3', user, user],
  );
});

test('where nothing tells two readings apart, no text is lost and no name is believed', () => {
  const text = 'duration: 1 ms  statement: select 1 /*,client=::1 LOG:  y */';
  const record = decodeOne(namedRecord('LOG', text, { user: 'app', application: 'psql' }), NAMING);
  assert.deepEqual([record.message, record.prefixUser, record.prefixApplication], [text, null, null]);
});

test('a host name from DNS cannot bring its own port', () => {
  const { client, clientPort } = event('LOG', 'connection received: host=evil port=1 port=5000');
  assert.deepEqual([client, clientPort], ['evil port=1', 5000]);
});

test('an application name in the prefix neither hides an audit row nor invents one', () => {
  const truth = 'AUDIT: SESSION,7,1,DDL,DROP TABLE,TABLE,public.t,"drop table t, u",<not logged>';
  const applications = [
    ' LOG:  connection authorized: user=app application_name=',
    ' LOG:  AUDIT: SESSION,1,1,READ,SELECT,,,x',
    'x,client=127.0.0.1 LOG:  AUDIT: SESSION,1,1,READ,SELECT,,,"',
    'x,client=127.0.0.1 LOG:  connection authorized: user=app application_name=',
  ];
  for (const application of applications) {
    const { fact } = decodeOne(namedRecord('LOG', truth, { user: 'app', application }), NAMING);
    assert.ok(fact?.kind === 'audit', application);
    assert.deepEqual([fact.statementId, fact.class, fact.statement], [7, 'DDL', 'drop table t, u']);
  }
  const inside = `AUDIT: SESSION,7,1,DDL,DROP TABLE,,,"/*,client=::1 LOG:  AUDIT: SESSION,1,1,READ,SELECT,,,x */ drop table t, u",<none>`;
  const { fact } = decodeOne(namedRecord('LOG', inside, { user: 'app', application: 'psql' }), NAMING);
  assert.equal(fact?.kind === 'audit' && fact.statementId, 7);
});

test('AUDIT counts directly after the level only, and never at a level that pgaudit cannot write', () => {
  const audit = 'AUDIT: SESSION,1,1,READ,SELECT,,,select 1,<not logged>';
  assert.equal(decodeOne(lineRecord('LOG', audit)).fact?.kind, 'audit');
  assert.equal(decodeOne(lineRecord('WARNING', audit)).fact?.kind, 'audit');
  assert.equal(decodeOne(lineRecord('LOG', `x ${audit}`)).fact, null);
  assert.equal(decodeOne(lineRecord('ERROR', audit)).fact?.kind, 'failure');
  assert.equal(decodeOne(lineRecord('FATAL', audit)).fact?.kind, 'failure');
});

test('connection and setting lines with CONTEXT come from RAISE LOG and give no fact', () => {
  const context = 'PL/pgSQL function inline_code_block line 1 at RAISE';
  for (const text of [
    'connection authorized: user=dba database=x',
    'parameter "pgaudit.log" changed to "all"',
  ])
    assert.equal(decodeOne(lineRecord('LOG', text, { context })).fact, null);
  const setting = 'parameter "pgaudit.log" changed to "none"';
  assert.equal(decodeOne(lineRecord('LOG', setting, { backend_type: 'client backend' })).fact, null);
  assert.equal(decodeOne(lineRecord('LOG', setting, { backend_type: 'postmaster' })).fact?.kind, 'setting');
});

test('connection lines about another user than the prefix names come from RAISE LOG and give no fact', () => {
  const factOf = (text: string) => decodeOne(namedRecord('LOG', text, { user: 'app' }), NAMING).fact;
  assert.equal(factOf('connection authorized: user=dba database=x'), null);
  assert.equal(factOf('connection received: host=203.0.113.9 port=1'), null);
  assert.equal(factOf('connection authorized: user=app database=x')?.kind, 'connection');
  const received = decodeOne(
    namedRecord('LOG', 'connection received: host=::1 port=1', { user: '[unknown]' }),
    NAMING,
  );
  assert.equal(connectionOf(received).client, '::1');
});

test('why a password was refused is taken from the start of DETAIL only', () => {
  const reason = (user: string, detail: string): string | null =>
    event('FATAL', `password authentication failed for user "${user}"`, { sqlerrcode: '28P01', detail })
      .reason;
  const matched =
    'Connection matched file "/datadrive/pg/data/pg_hba.conf" line 29: "hostssl all all all md5"';
  assert.equal(reason('a', matched), 'bad_password');
  assert.equal(reason('a', `Role "a" does not exist.\n${matched}`), 'no_such_role');
  assert.equal(reason('a', `User "a" has no password assigned.\n${matched}`), 'no_password');
  assert.equal(reason('a', `User "a" has an expired password.\n${matched}`), 'expired');
  assert.equal(reason('a', `${matched} Role "a" does not exist.`), 'bad_password');
});

test('refusals of a new wording are still refusals, and the end of a session is not one', () => {
  assert.equal(event('FATAL', 'Azure says no', { sqlerrcode: '28000' }).event, 'rejected');
  assert.equal(event('FATAL', 'Azure says no', { sqlerrcode: '28P01' }).event, 'failed');
  const terminated = decodeOne(lineRecord('FATAL', 'terminating connection due to administrator command'));
  assert.equal(terminated.fact?.kind, 'failure');
  const dropped = decodeOne(lineRecord('ERROR', 'database "nodb" does not exist', { sqlerrcode: '3D000' }));
  assert.equal(dropped.fact?.kind, 'failure');
});
