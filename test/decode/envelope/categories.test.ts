import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanText } from '../../../src/decode/redaction/text.ts';
import { auditMessage } from '../../../src/decode/server-log/fact.ts';
import type { LogRecord } from '../../../src/model/record.ts';
import { decode, decodeOne, lineRecord, NAMING, namedRecord, serverRecord } from '../build.ts';

const ID = '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL';

test('a PgBouncer line is the same in Event Hubs and in both tables of Log Analytics', () => {
  const log =
    '2026-07-14 04:52:31.761 UTC [1] LOG C-0x55fdcb116670: appdb/app@203.0.113.7:41234 login attempt: db=appdb user=app tls=no replication=no';
  const time = '2026-07-14T04:52:31.762Z';
  const resourceId = `${ID}/FLEXIBLESERVERS/SRV1`;
  const sent = decodeOne({ category: 'PostgreSQLFlexPGBouncer', log, resourceId, source: 'stderr', time });
  assert.deepEqual([sent.prefixUser, sent.prefixClient, sent.level], ['app', '203.0.113.7', 'LOG']);
  const diagnostics = {
    Type: 'AzureDiagnostics',
    Category: 'PostgreSQLFlexPGBouncer',
    log_s: log,
    ResourceId: resourceId,
    TimeGenerated: time,
  };
  assert.deepEqual(decodeOne(diagnostics), sent);
  for (const column of ['Log', 'Message'])
    assert.deepEqual(
      decodeOne({ Type: 'PGSQLPgBouncer', [column]: log, _ResourceId: resourceId, TimeGenerated: time }),
      sent,
    );
  const untimed = decodeOne({ category: 'PostgreSQLFlexPGBouncer', log, resourceId });
  assert.equal(untimed.eventTime, Date.UTC(2026, 6, 14, 4, 52, 31, 761));
  const secret = 'postgres://a:hunter2@h';
  for (const text of [
    'db=x password=hunter2',
    `2026-07-14 04:52:31.761 UTC [1] LOG C-0x55fdcb116670: d/${secret}@203.0.113.7:1 login attempt: db=d user=${secret} tls=no replication=no`,
    `2026-07-14 04:52:31.761 UTC [1] LOG C-0x55fdcb116670: (nodb)/(nouser)@203.0.113.7:1 closing because: no such user: ${secret} (age=0s)`,
    `2026-07-14 04:52:31.761 UTC [1] WARNING C-0x55fdcb116670: (nodb)/(nouser)@203.0.113.7:1 pooler error: no such database: password=hunter2`,
  ]) {
    const record = decodeOne({ category: 'PostgreSQLFlexPGBouncer', log: text, resourceId, time });
    assert.equal(JSON.stringify(record).includes('hunter2'), false, text);
  }
});

const snapshotOf = (properties: object, top: object = {}): LogRecord =>
  decodeOne({
    category: 'PostgreSQLFlexSessions',
    resourceId: `${ID}/FLEXIBLESERVERS/SRV1`,
    time: '2026-07-02T03:05:00Z',
    properties,
    ...top,
  });

test('a snapshot of a session tells whose it is, under the id that its log lines have', () => {
  const asView = {
    pid: 0x1513f3,
    datname: 'appdb',
    usename: 'alice',
    application_name: 'psql',
    client_addr: '203.0.113.0',
    backend_start: '2026-07-02 02:59:46.123456+00',
    backend_type: 'client backend',
    state: 'idle',
  };
  const asTable = {
    ProcessId: 0x1513f3,
    DatabaseName: 'appdb',
    UserName: 'alice',
    ApplicationName: 'psql',
    ClientIpAddress: '203.0.113.0',
    BackendStartTime: '2026-07-02T02:59:46.1234560Z',
    BackendType: 'client backend',
    State: 'idle',
  };
  const columns = Object.fromEntries(
    Object.entries(asView).map(([key, value]) => [key.replace(/^./, (c) => c.toUpperCase()), value]),
  );
  const row = { TimeGenerated: '2026-07-02T03:05:00Z', LogicalServerName: 'srv1', ...asTable };
  const records = [asView, asTable, columns].map((properties) => snapshotOf(properties));
  records.push(decodeOne(row), decodeOne({ ...row, Type: 'PGSQLPgStatActivitySessions' }));
  for (const record of records) {
    assert.deepEqual(
      [record.category, record.server, record.sessionId, record.pid, record.backendType],
      ['PostgreSQLFlexSessions', 'srv1', '6a45d422.1513f3', 0x1513f3, 'client backend'],
    );
    const fact = record.fact?.kind === 'connection' ? record.fact : null;
    assert.deepEqual(
      [fact?.event, fact?.user, fact?.database, fact?.application, fact?.client],
      ['seen', 'alice', 'appdb', 'psql', null],
    );
    assert.notEqual(record.properties, null);
  }
  // The session id is that of a line which the same backend wrote.
  assert.equal(records[0]?.sessionId, decodeOne(lineRecord('LOG', 'x')).sessionId);
});

test('a snapshot of a server process, or without a start, says nothing of a session', () => {
  const start = { pid: 7, backend_start: '2026-07-02 02:59:46+00' };
  for (const properties of [
    { ...start, backend_type: 'walwriter', usename: 'azuresu' },
    { ...start, usename: 'alice' },
    { pid: 7, backend_type: 'client backend', usename: 'alice' },
    { backend_start: start.backend_start, backend_type: 'client backend' },
    { ...start, backend_start: 'yesterday', backend_type: 'client backend' },
  ]) {
    const record = snapshotOf(properties);
    assert.deepEqual([record.fact, record.sessionId], [null, null]);
    assert.deepEqual(JSON.parse(record.properties!), properties);
  }
  const planted = snapshotOf({
    ...start,
    backend_type: 'client backend',
    application_name: 'postgres://a:hunter2@h/d',
  });
  assert.equal(JSON.stringify(planted).includes('hunter2'), false);
});

test('a 64-bit number in a kept record keeps its digits', () => {
  const kept = (json: string): unknown => {
    const head = `"category":"PostgreSQLFlexQueryStoreRuntime","time":"2026-07-02T03:15:00Z","resourceId":"/x/SRV1"`;
    const bodies = [
      `{"records":[{${head},"properties":${json}},{${head},"properties":{}}]}`,
      `[{"records":[{${head},"properties":${json}}],"PartitionId":1}]`,
      `{${head},"properties":${json}}\n{${head}}`,
      `{"records":[{${head},"properties":${json}},{]}`,
    ];
    const found = bodies.map((body) => JSON.parse(decode(body).records[0]!.properties!) as unknown);
    for (const one of found) assert.deepEqual(one, found[0]);
    return found[0];
  };
  assert.deepEqual(
    kept(
      '{"Queryid":-3416356442043621232,"Calls":12,"Mean_time":0.30000000000000004,"Rows":9007199254740991}',
    ),
    { Queryid: '-3416356442043621232', Calls: 12, Mean_time: 0.30000000000000004, Rows: 9007199254740991 },
  );
  assert.deepEqual(
    kept(
      String.raw`{"q":"say \"12345678901234567890\"","n":12345678901234567890,"password":"hunter2","list":[1e21,98765432109876543210]}`,
    ),
    {
      q: 'say "12345678901234567890"',
      n: '12345678901234567890',
      password: '<REDACTED>',
      list: [1e21, '98765432109876543210'],
    },
  );
});

test('every category is kept as a row with its time, also one that nobody knows', () => {
  for (const category of [
    'PostgreSQLFlexSessions',
    'PostgreSQLFlexQueryStoreRuntime',
    'PostgreSQLFlexQueryStoreWaitStats',
    'PostgreSQLFlexTableStats',
    'PostgreSQLFlexDatabaseXacts',
    'PostgreSQLQueryStoreSqlText',
    'QueryStoreRuntimeStatistics',
    'Administrative',
    'New',
  ]) {
    const properties = {
      Query_sql_text: "alter role a password 'hunter2'",
      Is_system_query: false,
      n: [1, { a: null }],
    };
    const record = decodeOne(serverRecord(properties, { category }));
    assert.deepEqual(
      [record.category, record.eventTime, record.azureTime, record.pid],
      [category, Date.UTC(2026, 6, 2, 3, 0, 6, 467), Date.UTC(2026, 6, 2, 3, 0, 6, 469), 0x1513f3],
    );
    const { n, Is_system_query, Query_sql_text } = JSON.parse(record.properties!) as typeof properties;
    assert.deepEqual(
      [n, Is_system_query, Query_sql_text],
      [properties.n, false, "alter role a password '<REDACTED>'"],
    );
  }
});

test('a category is cleaned as every text is', () => {
  const record = decodeOne(serverRecord({}, { category: 'a\0b password=hunter2' }));
  assert.equal(record.category, 'a\ufffdb password=<REDACTED>');
});

test('a Single Server record is its prefix, its level and its message', () => {
  const single = (properties: object): LogRecord =>
    decodeOne({
      LogicalServerName: 'old',
      time: '2023-02-27T23:21:40Z',
      category: 'PostgreSQLLogs',
      resourceId: `${ID}/SERVERS/OLD`,
      properties: {
        prefix: '2023-02-27 23:21:40 UTC-63fd3b04.cf0-',
        detail: '',
        schemaName: '',
        ...properties,
      },
    });
  const received = single({
    message: 'connection received: host=10.0.1.4 port=38850 pid=3312',
    errorLevel: 'LOG',
  });
  assert.deepEqual(
    [received.sessionId, received.pid, received.level, received.detail, received.prefix],
    ['63fd3b04.cf0', 0xcf0, 'LOG', null, '%t-%c-'],
  );
  const fact = received.fact?.kind === 'connection' ? received.fact : null;
  assert.deepEqual([fact?.event, fact?.client, fact?.clientPort], ['received', '10.0.1.4', 38850]);
  const failed = single({ message: 'password authentication failed for user "a"', errorLevel: 'FATAL' });
  assert.equal(failed.fact?.kind === 'connection' && failed.fact.event, 'failed');
  assert.equal(single({ message: 'x', errorLevel: '' }).level, 'LOG');
});

test('whether a record was looked at closely or not, nothing is left in it to clean', () => {
  const piece = fc.constantFrom(
    ...[
      'password',
      'PASSWORD ',
      '=',
      ' = $1',
      "'x'",
      "''",
      '"',
      '""',
      'pass',
      'word',
      '://',
      'a:b@h',
      'sig=',
      ' ',
      ',',
      '\n',
      '\n\t',
    ],
    ...[
      '\0',
      '\ud800',
      '\ude00',
      'eyJhbGciOi',
      'select 1',
      'user',
      'secret',
      '_key',
      'api',
      '<none>',
      '<not logged>',
      '123456789012345678',
    ],
  );
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  const start = fc.constantFrom(
    '',
    'connection authorized: user=',
    'AUDIT: SESSION,1,1,READ,SELECT,,,',
    'password authentication failed for user "',
    'parameter "',
  );
  const stringsOf = (value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
  };
  fc.assert(
    fc.property(
      fc.constantFrom('LOG', 'ERROR', 'FATAL'),
      start,
      fc.tuple(text, text, text, text, text),
      (level, begin, texts) => {
        const [body, detail, context, statement, user] = texts;
        const named = namedRecord(level, begin + body, { user, application: detail }) as {
          properties: object;
        };
        const { records } = decode(
          [
            lineRecord(level, begin + body, { detail, context, statement }),
            { ...named, properties: { ...named.properties, detail } },
          ],
          NAMING,
        );
        for (const record of records) {
          const { message, fact, ...others } = record;
          // A rewritten audit line is nothing but its fields with commas between, and each of these is clean.
          const isRewritten = fact?.kind === 'audit' && message === auditMessage(fact);
          for (const found of stringsOf([others, fact, isRewritten ? null : message]))
            assert.equal(cleanText(found), found);
        }
      },
    ),
    {
      numRuns: 1000,
      examples: [
        ['LOG', 'AUDIT: SESSION,1,1,READ,SELECT,,,', ["password''password,", '', '', '', '']],
        ['LOG', 'AUDIT: SESSION,1,1,READ,SELECT,,,', ["\nPASSWORD '',", '', '', '', '']],
        // A value behind a literal without its quotes: known only where the letter before the name is one to SQL.
        ['LOG', '', ['', "''\0password''password", '', '', '']],
      ],
    },
  );
});
