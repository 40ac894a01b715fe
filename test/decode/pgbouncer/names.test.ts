/** Names are the client's own choice, and PgBouncer writes them as they are: what can they make of a line? */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage } from '../../../src/decode/message.ts';
import { readPgBouncer } from '../../../src/decode/pgbouncer/pgbouncer.ts';

const POINTER = '0x55fdcb116670';
const ADDRESS = '10.0.0.1';
const PORT = 5000;

interface Truth {
  user: string;
  database: string;
}

/** The whole line as `log_generic` and `log_socket_prefix` write it. */
function lineOf(names: string, text: string): string {
  const rest = `C-${POINTER}: ${names}@${ADDRESS}:${PORT} ${text}`.replaceAll('\n', '\n\t');
  return `2026-07-14 04:52:31.761 UTC [1] LOG ${rest}`;
}

/** Every line of level LOG that PgBouncer may write about a client with these names. */
function linesOf({ user, database }: Truth): string[] {
  const served = `${database}/${user}`;
  const unserved = `(nodb)/${user}`;
  const attempt = `login attempt: db=${database} user=${user} tls=no`;
  // `disconnect_client` cuts a reason at 127 bytes.
  const closing = (reason: string) => `closing because: ${reason.slice(0, 127)} (age=0s)`;
  return [
    lineOf(served, attempt),
    lineOf(served, `${attempt} replication=no`),
    lineOf(unserved, attempt),
    lineOf(served, closing('SASL authentication failed')),
    lineOf(unserved, closing('SASL authentication failed')),
    lineOf(served, closing('client close request')),
    lineOf(unserved, closing(`no such database: ${database}`)),
    lineOf(served, closing(`database "${database}" does not exist`)),
    lineOf('(nodb)/(nouser)', closing(`unsupported startup parameter: ${user}`)),
    lineOf('(nodb)/(nouser)', `no such user: ${user}`),
    lineOf('(nodb)/(nouser)', `login failed: db=${database} user=${user}`),
    lineOf('(nodb)/(nouser)', `registered new auto-database: db=${database}`),
    lineOf('(nodb)/(nouser)', `registered new auto-database: ${database}`),
    lineOf(`${database}/(nouser)`, `login failed: db=${database}`),
    lineOf(`${database}/(nouser)`, closing('no such user')),
  ];
}

/** Fails if a line says of the client what is not so; what it leaves open is right. */
function assertNothingFalse(log: string, truth: Truth): void {
  const line = readPgBouncer(log);
  const { fact } = line;
  const inLine = (name: string): string => name.replaceAll('\n', '\n\t');
  const names = (real: string): (string | null)[] => [null, inLine(real)];
  assert.ok(line.client === null || line.client === ADDRESS, `client ${line.client}: ${log}`);
  assert.ok(
    line.sessionId === null || line.sessionId === `pgbouncer/${POINTER}/${ADDRESS}:${PORT}`,
    `session ${line.sessionId}: ${log}`,
  );
  assert.ok(names(truth.user).includes(line.user), `user ${line.user}: ${log}`);
  assert.ok(names(truth.database).includes(line.database), `database ${line.database}: ${log}`);
  if (fact === null) return;
  assert.deepEqual([fact.client, fact.user, fact.database], [line.client, line.user, line.database], log);
  assert.equal(fact.clientPort, fact.client === null ? null : PORT, log);
}

/** Pieces of PgBouncer's own lines, among them the client's own address and port, which it knows. */
const PIECES = [
  ...[
    '@203.0.113.9:1 ',
    '@10.0.0.1:5000 ',
    '@[::1]:1 ',
    '@unix(1):6432 ',
    '@',
    '/',
    ' ',
    ':',
    '=',
    '\n',
    '"',
    'x',
  ],
  ...['(nodb)', '(nouser)', '(nodb)/(nouser)', 'C-0x1: ', 'app', 'a/b'],
  ...['login attempt: db=', ' user=', ' tls=no', ' replication=no', 'login failed: db=', 'no such user: '],
  ...['closing because: ', 'client close request', 'SASL authentication failed', ' (age=1s)'],
  ...['no such database: ', 'registered new auto-database: ', 'unsupported startup parameter: '],
];

const nameOf = (bytes: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ maxLength: 6 })), {
      minLength: 1,
      maxLength: 9,
    })
    .map((pieces) => pieces.join('').slice(0, bytes) || 'x');

test('no name makes a false address, session, user or database', () => {
  fc.assert(
    fc.property(nameOf(127), nameOf(63), (user, database) => {
      for (const log of linesOf({ user, database })) assertNothingFalse(log, { user, database });
    }),
    { numRuns: 3000 },
  );
});

test('ordinary names are always told', () => {
  const ordinary = fc.stringMatching(/^[a-zA-Z0-9_.@ =,-]{1,40}$/).filter((name) => !/@\d/.test(name));
  fc.assert(
    fc.property(ordinary, ordinary, (user, database) => {
      const [attempt, , , refused] = linesOf({ user, database });
      for (const log of [attempt!, refused!]) {
        const { fact } = readPgBouncer(log);
        assert.deepEqual(
          [fact?.client, fact?.clientPort, fact?.user, fact?.database],
          [ADDRESS, PORT, user, database],
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('a user name that looks like a login attempt leaves the true address', () => {
  const user = 'x@203.0.113.9:1 login attempt: db=a user=b tls=no replication=no';
  const log = lineOf(`appdb/${user}`, `login attempt: db=appdb user=${user} tls=no replication=no`);
  const { fact } = readPgBouncer(log);
  assert.deepEqual(
    [fact?.event, fact?.client, fact?.user, fact?.database],
    ['received', ADDRESS, user, 'appdb'],
  );
});

test('a name that repeats the front of its own line, address and port, is not believed', () => {
  const front = '(nouser)@10.0.0.1:5000 no such user: x';
  const user = `x@203.0.113.9:1 login attempt: db=a user=${front} tls=no`;
  assert.ok(user.length <= 127);
  const { client, sessionId, fact } = readPgBouncer(lineOf('(nodb)/(nouser)', `no such user: ${user}`));
  assert.deepEqual([client, sessionId, fact], [null, null, null]);
});

test('a database name does not hide where a wrong password came from, or at worst not that it was wrong', () => {
  const refused = (database: string) =>
    readPgBouncer(lineOf(`${database}/app`, 'closing because: SASL authentication failed (age=0s)')).fact;
  const told = refused('x/y@203.0.113.9:1 closing because: z');
  assert.deepEqual([told?.event, told?.reason, told?.client], ['failed', 'bad_password', ADDRESS]);
  const hidden = refused('x/y@203.0.113.9:1 closing because: no such database: z');
  assert.deepEqual([hidden?.event, hidden?.client, hidden?.clientPort], ['failed', null, null]);
});

test('a name that repeats the front of its line only in part does not make the line unreadable', () => {
  const user = 'b@203.0.113.9:1 login attempt: db=other user=b';
  const log = lineOf(`appdb/${user}`, `login attempt: db=appdb user=${user} tls=no`);
  const { fact } = readPgBouncer(log);
  assert.deepEqual([fact?.client, fact?.user, fact?.database], [ADDRESS, user, 'appdb']);
});

test('a line of 300,000 addresses is read in no time', () => {
  for (const names of ['a/b', 'no slash']) {
    const started = performance.now();
    const peers = '@1.2.3.4:5 closing because: '.repeat(300_000);
    const { fact, client } = readPgBouncer(lineOf(names, `closing because: ${peers} (age=0s)`));
    assert.deepEqual([client, fact?.client ?? null], [null, null]);
    assert.ok(performance.now() - started < 2000, names);
  }
});

test('a name of a million slashes is read in no time', () => {
  const started = performance.now();
  const name = '/'.repeat(1_000_000);
  const { fact } = readPgBouncer(lineOf(`a/${name}`, `login attempt: db=a user=${name} tls=no`));
  assert.deepEqual([fact?.client, fact?.user], [ADDRESS, null]);
  assert.ok(performance.now() - started < 2000);
});

test('a line break in a name makes two records: the first is believed in nothing', () => {
  const record = (log: string) => ({
    category: 'PostgreSQLFlexPGBouncer',
    log,
    resourceId: '/SUBSCRIPTIONS/0/FLEXIBLESERVERS/SRV1',
    time: '2026-07-14T04:52:31.761Z',
    LogicalServerName: 'srv1',
  });
  // The user is all from `x` on, with a line break in it; what stands in front of it is the server's own.
  const forged = lineOf('appdb/x', 'login attempt: db=appdb user=x tls=no replication=no');
  const rest = `\t@${ADDRESS}:${PORT} login attempt: db=appdb user=x tls=no replication=no`;
  const decoded = (...logs: string[]) =>
    decodeMessage(Buffer.from(JSON.stringify({ records: logs.map(record) })), { prefixes: [] }).records;
  const [first, second] = decoded(forged, rest);
  assert.deepEqual([first?.fact, first?.prefixUser, first?.sessionId], [null, null, null]);
  assert.equal(second?.fact, null);
  assert.equal(decoded(forged, forged)[0]?.fact?.kind, 'connection');
});
