import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage } from '../../../src/decode/message.ts';
import { compilePrefix } from '../../../src/decode/prefix/prefix.ts';
import type { LogRecord } from '../../../src/model/record.ts';
import { serverRecord } from '../build.ts';
import { type Moment, printPrefix, type Session } from './server.ts';

/** Formats with names, each with the pieces that separate them. */
const FORMATS = [
  '%t-%c-user=%u,db=%d,app=%a,client=%h ',
  '%m [%p] [user=%u,db=%d,app=%a] ',
  '%t:%r:%u@%d:[%p]:%a:%e',
  '%t %p %l-1 db-%d,user-%u,app-%a,client-%h ',
  '%t-%c-user=%u,db=%d,session=%c,sess_time=%s',
  '%u@%d %c ',
  '%a %u %c:',
  '%m %q%u/%d/%a > ',
  '%t %c [%a] ',
  '%c %-12u|%8d|',
  '%u ',
];

const SESSION: Session = {
  pid: 0x1513f3,
  start: Date.UTC(2026, 6, 2, 3, 0, 2),
  user: '',
  database: '',
  application: '',
  host: '203.0.113.9',
  port: 51_570,
};
const ID = `${Math.floor(SESSION.start / 1000).toString(16)}.${SESSION.pid.toString(16)}`;
const TIME = Date.UTC(2026, 6, 2, 3, 0, 6) + 467;

/** Pieces that end a name, begin another line, or look like what the server says. */
const PIECES = [
  ...FORMATS.flatMap((format) => format.split(/%-?\d*[a-z]/).filter((piece) => piece !== '')),
  'LOG:  ',
  'FATAL:  ',
  'ERROR:  ',
  'AUDIT: SESSION,1,1,DDL,DROP TABLE,,,x,y',
  'AUDIT: SESSION,1,1,READ,SELECT,,,"',
  '",<not logged>',
  ',<not logged>',
  'connection authorized: user=root database=prod',
  'connection received: host=1.2.3.4 port=5',
  'password authentication failed for user "root',
  'role "root',
  'connection authenticated: user="root" method=x (',
  'disconnection: session time: 0:00:01.000 user=root database=d host=h port=1',
  '2026-01-01 00:00:00 UTC',
  'dead.1513f3',
  'dead.1',
  'root',
  '[unknown]',
  '[1381363]',
  '"',
  '""',
  "'",
  '\n',
  '\t',
  '\u001b[0m',
  '\ufffd',
  '\\x41',
  ' ',
  'é',
];

/** A name as PostgreSQL keeps it: cut at 63 bytes. */
function cutName(text: string): string {
  let name = '';
  for (const character of text) {
    if (Buffer.byteLength(name + character) > 63) break;
    name += character;
  }
  return name;
}

/** Texts short enough to stand in a name after the rest of a prefix. */
const FAKES = [
  'x',
  'role "r" does not exist',
  'password authentication failed for user "r',
  'password authentication failed for user "r"',
  'too many connections for role "r',
  'connection authenticated: user="r" method=x (',
  'connection authorized: user=r database=d',
  'connection authorized: user=r database=d application_name=',
  'replication connection authorized: user=r application_name=',
  'disconnection: session time: 0:00:01.000 user=r database=d host=h',
  'AUDIT: SESSION,1,1,READ,SELECT,,,x,y',
  'AUDIT: SESSION,1,1,READ,SELECT,,,"',
  'AUDIT: SESSION,1,1,READ,SELECT,,,",b',
  'AUDIT: SESSION,1,1,READ,SELECT,,,x,<none>',
];

const MOMENT: Moment = {
  time: TIME,
  level: 'LOG',
  sqlstate: '00000',
  text: '',
  backendType: 'client backend',
  lineNumber: 4,
  title: 'idle',
  virtualTransaction: '3/0',
  transaction: '0',
  queryId: '0',
};

/** What would end a name in a prefix: the rest of the prefix with other values, a level, and a text. */
const ending = (format: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('u', 'd', 'a'),
      fc.constantFrom('LOG', 'FATAL', 'ERROR'),
      fc.constantFrom(...FAKES),
      fc.boolean(),
      fc.constantFrom('', 'r', 'x'),
    )
    .map(([letter, level, text, isOwnPid, before]) => {
      const rest = format.split(new RegExp(`%-?\\d*${letter}`)).at(-1)!;
      const fake = {
        ...SESSION,
        user: 'r',
        database: 'd',
        application: '',
        host: '::1',
        port: 1,
        start: 1000,
      };
      const sqlstate = level === 'FATAL' ? '28P01' : '00000';
      const pid = isOwnPid ? SESSION.pid : 1;
      return `${before}${printPrefix(rest, { ...fake, pid }, { ...MOMENT, sqlstate })}${level}:  ${text}`;
    });

const pieces = (format: string, maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...PIECES) },
        { weight: 3, arbitrary: ending(format) },
        { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
      ),
      { minLength: 1, maxLength },
    )
    .map((list) => list.join('').replaceAll('\0', ''));

const nameFor = (format: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom('bob', 'r', 'd'),
    pieces(format, 4).map((text) => cutName(text) || 'x'),
  );

const attack = fc.constantFrom(...FORMATS).chain((format) =>
  fc.tuple(
    fc.constant(format),
    nameFor(format),
    nameFor(format),
    nameFor(format),
    pieces(format, 6).map((text) => `select ${text}`),
    fc.boolean(),
    fc.nat(11),
  ),
);

/** pgaudit's CSV field. */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const TLS = ' SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)';

interface Line {
  level: string;
  sqlstate: string;
  text: string;
  /** The SQL of an audit line. */
  audited: string | null;
}

/** Every text of the server that comes with names; `sql` is the client's. */
function linesOf(
  user: string,
  database: string,
  application: string,
  statement: string,
  tls: boolean,
): Line[] {
  const log = (text: string, audited: string | null = null): Line => ({
    level: 'LOG',
    sqlstate: '00000',
    text,
    audited,
  });
  const fatal = (sqlstate: string, text: string): Line => ({ level: 'FATAL', sqlstate, text, audited: null });
  const secure = tls ? TLS : '';
  return [
    log(`connection authenticated: identity="${user}" method=scram-sha-256 (/pg/pg_hba.conf:29)`),
    log(`connection authorized: user=${user} database=${database}${secure}`),
    log(`connection authorized: user=${user} database=${database} application_name=${application}${secure}`),
    log(
      `disconnection: session time: 0:00:04.467 user=${user} database=${database} host=203.0.113.9 port=51570`,
    ),
    log('unexpected EOF on client connection with an open transaction'),
    log(`AUDIT: SESSION,7,1,READ,SELECT,,,${field(statement)},<not logged>`, statement),
    log(`AUDIT: SESSION,7,1,READ,SELECT,,,${field(statement)},<not logged>,12`, statement),
    fatal('28P01', `password authentication failed for user "${user}"`),
    fatal('28000', `role "${user}" does not exist`),
    fatal('3D000', `database "${database}" does not exist`),
    fatal(
      '28000',
      `no pg_hba.conf entry for host "203.0.113.9", user "${user}", database "${database}", no encryption`,
    ),
    { level: 'ERROR', sqlstate: '42501', text: 'permission denied for table t', audited: null },
  ];
}

function decodeLine(format: string, session: Session, line: Line): LogRecord | null {
  const moment = { ...MOMENT, level: line.level, sqlstate: line.sqlstate };
  const record = serverRecord({
    processId: session.pid,
    errorLevel: line.level,
    sqlerrcode: line.sqlstate,
    backend_type: 'client backend',
    message: `${printPrefix(format, session, moment)}${line.level}:  ${line.text}`,
  });
  const body = Buffer.from(JSON.stringify({ records: [record] }));
  return decodeMessage(body, { prefixes: [compilePrefix(format)] }).records[0] ?? null;
}

/** As `RAISE` and the statement log can write any text, a role with such a name can forge lines of its own session. */
function assertNothingForged(format: string, session: Session, line: Line): void {
  const record = decodeLine(format, session, line);
  if (record === null) assert.fail('not decoded');
  const say = `${format}\n${JSON.stringify([session.user, session.database, session.application, line.text])}\n${JSON.stringify(record)}`;
  if (record.sessionId !== null) assert.equal(record.sessionId, ID, say);
  // Padding does not tell a name from one that ends with a blank.
  const isPadded = /%-\d+u/.test(format) && record.prefixUser === session.user.replace(/ +$/, '');
  const isUser = (found: string | null): boolean => found === null || found === session.user;
  assert.ok(isUser(record.prefixUser) || isPadded, say);
  const { fact } = record;
  if (fact?.kind === 'connection') assert.ok(isUser(fact.user), say);
  if (line.audited === null) assert.notEqual(fact?.kind, 'audit', say);
  else {
    const isTrue = fact?.kind === 'audit' && fact.statementId === 7 && fact.statement === line.audited;
    // A role or database that exists and is called like a line of the server can pass for one: then neither is believed.
    const isNamedAlike = /(?:LOG|FATAL|ERROR): {2}/.test(session.user + session.database);
    assert.ok(isTrue || (isNamedAlike && fact === null), say);
  }
}

const RUNS = Number(process.env.HOSTILE_RUNS ?? 2000);

test('no name forges a session, a user or an audit row, and none hides one', () => {
  fc.assert(
    fc.property(attack, ([format, user, database, application, statement, tls, which]) => {
      // Without TLS a client ends the line that authorizes it. Then a role that exists and is called like a line of the
      // server, or without %u a database called so, is not told from one.
      const isSecure = tls || !/%-?\d*u/.test(format) || /(?:LOG|FATAL|ERROR): {2}/.test(user);
      const line = linesOf(user, database, application, statement, isSecure)[which]!;
      const isEarly = line.text.startsWith('connection ') || line.level === 'FATAL';
      const names = { user, database, application: isEarly ? '[unknown]' : application };
      assertNothingForged(format, { ...SESSION, ...names }, line);
    }),
    { numRuns: RUNS },
  );
});
