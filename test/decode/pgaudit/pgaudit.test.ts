import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWellFormedAudit, readAudit } from '../../../src/decode/pgaudit/pgaudit.ts';
import type { AuditEntry } from '../../../src/model/fact.ts';
import { decodeOne, lineRecord } from '../build.ts';

const HEAD = 'SESSION,1,1,READ,SELECT,,,';

const read = (body: string): AuditEntry => {
  const entry = readAudit(body);
  if (entry === null) throw new Error(`not an audit line: ${body}`);
  return entry;
};

/** Statement, parameters, rows, truncated. */
const tailOf = (body: string): unknown[] => {
  const { statement, parameters, rows, truncated } = read(body);
  return [statement, parameters, rows, truncated];
};

test('lines of real servers: object names, markers, odd commands, levels of quotes', () => {
  const lines: [body: string, object: [string | null, string | null], tail: unknown[]][] = [
    [
      'SESSION,1,1,DDL,CREATE INDEX,INDEX,public.account_pkey,"create table public.account(id int primary key, name text)",<not logged>',
      ['INDEX', 'public.account_pkey'],
      ['create table public.account(id int primary key, name text)', null, null, false],
    ],
    [
      'SESSION,2,1,WRITE,INSERT,,,"insert into account values (2,\'it\'\'s ""q""\')",<not logged>',
      [null, null],
      ["insert into account values (2,'it''s \"q\"')", null, null, false],
    ],
    [
      'SESSION,1,1,DDL,CREATE TABLE,TABLE,"public.""we,ird """"t""""""","create table ""we,ird """"t""""""(a int)",<not logged>',
      ['TABLE', 'public."we,ird ""t"""'],
      ['create table "we,ird ""t"""(a int)', null, null, false],
    ],
    [
      'SESSION,1,1,ROLE,GRANT,TABLE,,grant select on a to b,<none>',
      ['TABLE', null],
      ['grant select on a to b', null, null, false],
    ],
    [
      "SESSION,4,1,WRITE,COPY,,,copy a from program 'cat /x' ,<not logged>",
      [null, null],
      ["copy a from program 'cat /x' ", null, null, false],
    ],
    [`${HEAD}select $1,"1,""a,""""b""""\nc""",0`, [null, null], ['select $1', '1,"a,""b""\nc"', 0, false]],
    [
      `${HEAD}select $1,<long param suppressed>,1`,
      [null, null],
      ['select $1', '<long param suppressed>', 1, false],
    ],
    [`${HEAD}select $1,,1`, [null, null], ['select $1', '', 1, false]],
    [`${HEAD},"16500,pg_class",0`, [null, null], ['', '16500,pg_class', 0, false]],
    [`${HEAD}<not logged>,<not logged>,3`, [null, null], [null, null, 3, false]],
  ];
  for (const [body, object, tail] of lines) {
    const { objectType, objectName } = read(body);
    assert.deepEqual([[objectType, objectName], tailOf(body)], [object, tail], body);
    assert.ok(isWellFormedAudit(body), body);
  }
  const once = read('SESSION,3,1,READ,SELECT,TABLE,public.t,<previously logged>,<previously logged>');
  assert.deepEqual([once.statement, once.previouslyLogged, once.parameters], [null, true, null]);
  assert.equal(read('SESSION,1,1,MISC,???,,,merge into t,<none>').command, '???');
});

test('an audit line cut anywhere in its statement or parameters is kept and marked, before that it is none', () => {
  const statement = 'select ""a"", b from t';
  const body = `OBJECT,1,1,READ,SELECT,TABLE,"public.""T""","${statement}","1,""x""",5`;
  const start = body.indexOf('"select');
  const parameters = body.indexOf('"1,');
  for (let end = 0; end < start; end++) assert.equal(readAudit(body.slice(0, end)), null, body.slice(0, end));
  for (let end = start + 1; end < parameters - 1; end++) {
    const entry = read(body.slice(0, end));
    assert.equal(entry.truncated, true, body.slice(0, end));
    assert.ok('select "a", b from t'.startsWith(entry.statement!.replace(/"$/, '')), entry.statement!);
  }
  for (let end = parameters + 1; end < body.indexOf('",5'); end++) {
    const entry = read(body.slice(0, end));
    assert.deepEqual([entry.statement, entry.rows], ['select "a", b from t', null]);
    assert.ok('1,"x"'.startsWith(entry.parameters!.replace(/"$/, '')), entry.parameters!);
  }
  assert.deepEqual(tailOf(`${HEAD}select $1,"1,""ab`), ['select $1', '1,"ab', null, true]);
  assert.deepEqual(tailOf(`${HEAD}select a, b, c`), ['select a, b, c', null, null, true]);
  assert.deepEqual(tailOf(`${HEAD}select 1 from t`), ['select 1 from t', null, null, true]);
});

test('commas in a statement that was not quoted belong to the statement', () => {
  const cases: [tail: string, statement: string, parameters: string | null, rows: number | null][] = [
    ['values (101, emp1, 3);,<none>', 'values (101, emp1, 3);', null, null],
    ['select a, b, c,<not logged>,17', 'select a, b, c', null, 17],
    ['select a, b,c,1', 'select a, b', 'c', 1],
    ['insert into t values (1, 2, $1),5', 'insert into t values (1, 2, $1)', '5', null],
    ['select a, b where x = $1,"1,""2""",7', 'select a, b where x = $1', '1,"2"', 7],
    ['select "a,b",5', 'select "a,b"', '5', null],
    ['select a, b, c,x', 'select a, b, c', 'x', null],
    ['select "a", b,<not logged>', 'select "a", b', null, null],
    ['select a,\n\tb,<none>,2', 'select a,\n\tb', null, 2],
  ];
  for (const [tail, ...expected] of cases) {
    assert.deepEqual(tailOf(HEAD + tail), [...expected, false], tail);
    assert.equal(isWellFormedAudit(HEAD + tail), false, tail);
  }
});

test('what stands behind the last field, or behind a closing quote, marks the entry', () => {
  const cases: [tail: string, ...expected: unknown[]][] = [
    ['"a, b",<none>,5,more', 'a, b', null, 5],
    ['"a, b",<none>,more', 'a, b', null, null],
    ['"a, b","1,2",3,"4,5"', 'a, b', '1,2', 3],
    ['"a, b","1,2"3,4', 'a, b', '"1,2"3', 4],
    ['"a, b" more,<none>', '"a, b" more', null, null],
  ];
  for (const [tail, ...expected] of cases) {
    assert.deepEqual(tailOf(HEAD + tail), [...expected, true], tail);
    assert.equal(isWellFormedAudit(HEAD + tail), false, tail);
  }
});

test('an object name that goes on after its quotes is kept as it stands, and the statement with it', () => {
  const body = 'SESSION,1,1,READ,SELECT,TABLE,"public.t"x,"a, b",<none>,2';
  assert.equal(read(body).objectName, '"public.t"x');
  assert.deepEqual(tailOf(body), ['a, b', null, 2, false]);
  assert.equal(isWellFormedAudit(body), false);
});

test('what is not a line of pgaudit is refused', () => {
  for (const body of [
    '',
    'hello',
    'SESSION',
    'SESSION,1,1,READ',
    'NOTHING,1,1,READ,SELECT,,,x,<none>',
    'session,1,1,READ,SELECT,,,x,<none>',
    'SESSION,-1,1,READ,SELECT,,,x,<none>',
    'SESSION,0,1,READ,SELECT,,,x,<none>',
    'SESSION,01,1,READ,SELECT,,,x,<none>',
    'SESSION,1,x,READ,SELECT,,,x,<none>',
    'SESSION,1, 1,READ,SELECT,,,x,<none>',
    'SESSION,9007199254740993,1,READ,SELECT,,,x,<none>',
    'SESSION,9223372036854775807,1,READ,SELECT,,,x,<none>',
    'SESSION,1e3,1,READ,SELECT,,,x,<none>',
    'SESSION,1,1,HACK,SELECT,,,x,<none>',
    'SESSION,1,1,READ,,,,x,<none>',
    'SESSION,1,1,READ,SELECT,TABLE,"public.t',
    'SESSION,1,1,READ,SELECT,TABLE,public.t',
  ]) {
    assert.equal(readAudit(body), null, body);
    assert.equal(isWellFormedAudit(body), false, body);
  }
});

test('parameters of a statement about a password are blanked, also in the DETAIL of a logged statement', () => {
  const body =
    'SESSION,1,1,READ,SELECT,,,select 1 from users where name = $1 and password = $2,"bob,hunter2"';
  assert.equal(read(body).parameters, '<REDACTED>');
  const logged = decodeOne(
    lineRecord('LOG', 'execute <unnamed>: update users set password = $1', {
      detail: "parameters: $1 = 'hunter2'",
    }),
  );
  assert.equal(logged.detail, 'parameters: <REDACTED>');
  const harmless = decodeOne(lineRecord('LOG', 'execute x: select $1', { detail: "Parameters: $1 = 'a'" }));
  assert.equal(harmless.detail, "Parameters: $1 = 'a'");
});

test('secrets, NUL and lone surrogates leave neither in the fact nor in the message', () => {
  const statement = `alter user app password 'hunter2'; select '\u0000\ud800'`;
  const record = decodeOne(lineRecord('LOG', `AUDIT: SESSION,1,1,READ,SELECT,,,${statement},<not logged>`));
  const expected = `alter user app password '<REDACTED>'; select '\ufffd\ufffd'`;
  assert.equal(record.fact?.kind === 'audit' && record.fact.statement, expected);
  assert.ok(record.message?.includes(expected));
  const failed = decodeOne(
    lineRecord('ERROR', 'syntax error', { statement, context: statement, detail: statement }),
  );
  assert.ok(!JSON.stringify(failed).includes('hunter2'));
  assert.equal(failed.fact?.kind === 'failure' && failed.fact.statement, expected);
  const misplaced = decodeOne(
    lineRecord('FATAL', 'database "host=x password=hunter2" does not exist', { sqlerrcode: '3D000' }),
  );
  assert.ok(!JSON.stringify(misplaced).includes('hunter2'));
});

test('an audit line with CONTEXT is of RAISE LOG: no audit row comes of it, and its text is kept', () => {
  const text = 'AUDIT: SESSION,99,1,READ,SELECT,,,select 1,<not logged>';
  const context = 'PL/pgSQL function inline_code_block line 1 at RAISE';
  for (const level of ['LOG', 'WARNING']) {
    const record = decodeOne(lineRecord(level, text, { context }));
    assert.deepEqual([record.fact, record.message], [null, text]);
    assert.equal(decodeOne(lineRecord(level, text)).fact?.kind, 'audit');
  }
});
