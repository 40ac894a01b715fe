/** What a decoder of these logs must survive, points 9 to 16: messages, pgaudit, secrets, what is missing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../../src/decode/message.ts';
import type { AuditEntry } from '../../src/model/fact.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { connectionOf, decodeOne, lineRecord, NAMING, namedRecord, START, serverRecord } from './build.ts';

const auditOf = (record: LogRecord): AuditEntry => {
  if (record.fact?.kind !== 'audit') throw new Error(`no audit entry: ${record.message}`);
  return record.fact;
};
const audit = (body: string, level = 'LOG'): AuditEntry =>
  auditOf(decodeOne(lineRecord(level, `AUDIT: ${body}`)));
test('9. names with spaces, =, commas, quotes, line breaks and ESC; IPv6, host names and unix sockets', () => {
  const users = [
    'my user',
    'a=b',
    'a,b',
    'a.b',
    'q"q',
    'line\nbreak',
    'esc\u001b[0m',
    'bad\ufffdutf8',
    'x'.repeat(63),
  ];
  for (const user of users) {
    const failed = connectionOf(
      decodeOne(lineRecord('FATAL', `password authentication failed for user "${user}"`)),
    );
    assert.deepEqual([failed.event, failed.user], ['failed', user]);
    const named = decodeOne(
      namedRecord('LOG', `connection authorized: user=${user} database=d`, { user, database: 'd' }),
      NAMING,
    );
    assert.equal(connectionOf(named).user, user);
  }
  for (const [address, client, port] of [
    ['::1 port=5', '::1', 5],
    ['[local]', '[local]', null],
    ['db.example.com port=7', 'db.example.com', 7],
  ] as const) {
    const received = connectionOf(decodeOne(lineRecord('LOG', `connection received: host=${address}`)));
    assert.deepEqual([received.client, received.clientPort], [client, port]);
  }
  const replication = connectionOf(
    decodeOne(
      lineRecord('LOG', 'disconnection: session time: 0:00:00.001 user=repl database= host=10.0.0.1 port=1'),
    ),
  );
  assert.deepEqual([replication.user, replication.database, replication.client], ['repl', null, '10.0.0.1']);
});

test('10. every version from 11 to 18, and a suffix that nobody knows yet', () => {
  const authorized = (rest: string): (string | boolean | null)[] => {
    const { user, database, application, tls, tlsVersion } = connectionOf(
      decodeOne(lineRecord('LOG', `connection authorized: ${rest}`)),
    );
    return [user, database, application, tls, tlsVersion];
  };
  const ssl = 'SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256';
  assert.deepEqual(authorized(`user=a database=d ${ssl}, compression=off)`), [
    'a',
    'd',
    null,
    true,
    'TLSv1.3',
  ]);
  assert.deepEqual(authorized(`user=a database=d application_name=p ${ssl}, compression=off)`), [
    'a',
    'd',
    'p',
    true,
    'TLSv1.3',
  ]);
  assert.deepEqual(authorized(`user=a database=d application_name=p ${ssl})`), [
    'a',
    'd',
    'p',
    true,
    'TLSv1.3',
  ]);
  assert.deepEqual(authorized('user=a database=d'), ['a', 'd', null, false, null]);
  assert.deepEqual(authorized(`user=a database=d application_name=p ${ssl}) FUTURE (x=y)`).slice(0, 2), [
    'a',
    'd',
  ]);
  assert.equal(
    connectionOf(decodeOne(lineRecord('LOG', 'connection ready: setup total=7.183 ms, fork=0.469 ms'))).event,
    'ready',
  );
});

test('11. "authorized" is not success: a FATAL after it is a refusal of its own', () => {
  const lines = [
    lineRecord('LOG', 'connection authorized: user=a database=nodb'),
    lineRecord('FATAL', 'database "nodb" does not exist', { sqlerrcode: '3D000' }),
    lineRecord('LOG', 'disconnection: session time: 0:00:20.038 user=a database=d host=203.0.113.5 port=5'),
  ];
  assert.deepEqual(
    lines.map((line) => connectionOf(decodeOne(line)).event),
    ['authorized', 'rejected', 'disconnected'],
  );
});

test('12. verbose lines, cursor positions, one or two blanks after the level, text of several lines', () => {
  const text = (message: string, level = 'ERROR'): LogRecord =>
    decodeOne(
      serverRecord({ errorLevel: level, sqlerrcode: '42703', message: `${START}${level}:${message}` }),
    );
  assert.equal(text('  42703: column "x" does not exist').message, 'column "x" does not exist');
  const failure = text('  column "x" does not exist at character 8').fact;
  assert.equal(failure?.kind === 'failure' && failure.message, 'column "x" does not exist');
  assert.equal(text(' one blank').message, 'one blank');
  assert.equal(text('  two\n\tlines\nmore').message, 'two\n\tlines\nmore');
});

test('13. pgaudit: 9 or 10 fields, quotes in quotes, old data without quotes, cut text, markers, levels, Unicode', () => {
  const nine = audit('SESSION,1,1,READ,SELECT,,,"select ""a"", \'b\'\nfrom t",<not logged>');
  assert.deepEqual([nine.statement, nine.rows, nine.parameters], ['select "a", \'b\'\nfrom t', null, null]);
  const ten = audit('SESSION,2,1,READ,SELECT,,,select $1,"1,""a,""""b""""""",3');
  assert.deepEqual([ten.parameters, ten.rows], ['1,"a,""b"""', 3]);
  assert.equal(
    audit('SESSION,1,1,WRITE,INSERT,,,INSERT INTO e values (101, x, 3);,<none>').statement,
    'INSERT INTO e values (101, x, 3);',
  );
  const cut = audit('SESSION,9,1,READ,SELECT,,,"select \'cut on its way, here');
  assert.deepEqual([cut.truncated, cut.statement], [true, "select 'cut on its way, here"]);
  assert.equal(audit('SESSION,1,1,MISC,???,,,merge into a using b,<not logged>').command, '???');
  assert.equal(audit('SESSION,1,1,MISC,UNKNOWN,,,merge,<not logged>').command, 'UNKNOWN');
  assert.equal(audit('SESSION,1,1,ROLE,GRANT,TABLE,,grant,<none>').objectName, null);
  assert.deepEqual(
    [
      audit('SESSION,3,1,READ,SELECT,,,<previously logged>,<previously logged>').previouslyLogged,
      audit('SESSION,3,1,READ,SELECT,,,<not logged>,<not logged>').statement,
    ],
    [true, null],
  );
  assert.equal(audit('SESSION,1,1,READ,SELECT,,,select 1,<none>', 'WARNING').statement, 'select 1');
  assert.equal(
    audit("OBJECT,1,1,READ,SELECT,TABLE,public.t,/* тест */ select 'naïve 😀',<none>").statement,
    "/* тест */ select 'naïve 😀'",
  );
});

test('14. AUDIT counts directly after the level only: not in a statement, a name or an error', () => {
  const row = 'AUDIT: SESSION,1,1,READ,SELECT,,,select 1,<none>';
  assert.equal(decodeOne(lineRecord('LOG', `statement: select '${row}'`)).fact, null);
  assert.equal(decodeOne(lineRecord('ERROR', row)).fact?.kind, 'failure');
  assert.equal(audit(`SESSION,5,1,READ,SELECT,,,"select 'LOG:  ${row}'",<none>`).statementId, 5);
  for (const names of [{ user: `LOG:  ${row}` }, { user: 'a', application: `x LOG:  ${row}` }]) {
    const record = decodeOne(
      namedRecord('LOG', 'AUDIT: SESSION,8,1,WRITE,DELETE,,,delete from t,<none>', names),
      NAMING,
    );
    assert.equal(auditOf(record).statementId, 8);
    assert.notEqual(
      decodeOne(namedRecord('LOG', 'checkpoint starting: time', names), NAMING).fact?.kind,
      'audit',
    );
  }
});

test('15. no secret leaves the decoder, wherever it stood', () => {
  const secret = 'hunter2secret';
  const set = `ALTER ROLE a PASSWORD '${secret}'`;
  const spelled = `host=h password=${secret}`;
  const body = JSON.stringify({
    records: [
      lineRecord('LOG', `AUDIT: SESSION,1,1,ROLE,ALTER ROLE,,,${set},<none>`),
      lineRecord('LOG', `AUDIT: SESSION,1,1,READ,SELECT,,,"${set}; select $1",${secret}`),
      lineRecord('LOG', 'duration: 1 ms', { detail: spelled }),
      lineRecord('LOG', 'duration: 1 ms', { context: spelled }),
      lineRecord('LOG', 'duration: 1 ms', { backend_type: spelled }),
      lineRecord('LOG', 'duration: 1 ms', { sqlerrcode: spelled }),
      lineRecord('LOG', `duration: 1 ms  bind a: ALTER ROLE a PASSWORD $1`, {
        detail: `Parameters: $1 = '${secret}'`,
      }),
      lineRecord('ERROR', 'syntax error', { statement: set }),
      lineRecord('FATAL', `password authentication failed for user "postgres://a:${secret}@h/d"`),
      lineRecord('LOG', `connection authorized: user=a database=d application_name=${spelled}`),
      serverRecord(
        { query: set, dsn: `postgres://a:${secret}@h/d`, password: secret },
        { category: 'PostgreSQLQueryStoreSqlText' },
      ),
      serverRecord({ errorLevel: 'LOG', message: `no prefix ${spelled}` }),
      {
        category: 'PostgreSQLFlexPGBouncer',
        resourceId: '/x/srv1',
        time: '2026-07-02T03:00:06Z',
        log: spelled,
      },
      { category: 'PostgreSQLLogs', properties: { message: set } },
    ],
  });
  for (const bytes of [Buffer.from(body), Buffer.from(`${body.slice(0, -2)},{]}`)]) {
    const { records, rejects } = decodeMessage(bytes, NAMING);
    assert.ok(records.length >= 9 && rejects.length >= 2);
    assert.equal(JSON.stringify(records).includes(secret), false);
    for (const { raw } of rejects) assert.equal(Buffer.from(raw).includes(secret), false);
  }
});

test('15. bind parameters of a statement about a secret are blanked wherever they stand', () => {
  const value = 'hunter2secret';
  for (const statement of [
    'UPDATE users SET password = $1',
    'SELECT 1 WHERE api_token=$1',
    'ALTER ROLE a PASSWORD $1',
  ]) {
    const rows = decodeOne(
      lineRecord('LOG', `AUDIT: SESSION,4,2,WRITE,UPDATE,TABLE,public.users,${statement},"1,""${value}""",1`),
    );
    assert.equal(
      rows.message,
      `AUDIT: SESSION,4,2,WRITE,UPDATE,TABLE,public.users,${statement},<REDACTED>,1`,
    );
    assert.equal(auditOf(rows).parameters, '<REDACTED>');
    for (const word of ['parameters', 'Parameters']) {
      const detail = `${word}: $1 = '${value}', $2 = '3'`;
      const logged = decodeOne(lineRecord('LOG', `duration: 1 ms  execute a: ${statement}`, { detail }));
      const failed = decodeOne(lineRecord('ERROR', 'division by zero', { statement, detail }));
      assert.deepEqual([logged.detail, failed.detail], [`${word}: <REDACTED>`, `${word}: <REDACTED>`]);
    }
  }
  const harmless = "parameters: $1 = '4'";
  assert.equal(decodeOne(lineRecord('LOG', 'execute a: select $1', { detail: harmless })).detail, harmless);
});

test('16. rows that are missing show: a denied statement is a failure, statement ids keep their gaps', () => {
  const denied = decodeOne(
    lineRecord('ERROR', 'permission denied for table secret', {
      sqlerrcode: '42501',
      statement: 'select * from secret',
    }),
  );
  assert.deepEqual(denied.fact, {
    kind: 'failure',
    sqlstate: '42501',
    message: 'permission denied for table secret',
    statement: 'select * from secret',
  });
  assert.equal(decodeOne(lineRecord('ERROR', 'permission denied for table secret')).fact?.kind, 'failure');
  const ids = [1, 2, 9].map((id) => audit(`SESSION,${id},1,READ,SELECT,,,select 1,<none>`).statementId);
  assert.deepEqual(ids, [1, 2, 9]);
});
