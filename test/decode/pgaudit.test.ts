import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWellFormedAudit, readAudit } from '../../src/decode/pgaudit.ts';
import type { AuditEntry } from '../../src/model.ts';
import { decodeOne, lineRecord } from './build.ts';

/** A field as append_valid_csv of pgaudit writes it. */
const csv = (field: string): string => (/[,"\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);

const read = (body: string): AuditEntry => {
  const entry = readAudit(body);
  if (entry === null) throw new Error(`not an audit line: ${body}`);
  return entry;
};

test('whatever pgaudit writes is read back, with and without rows', () => {
  const field = fc.string({
    unit: fc.oneof(fc.constantFrom(',', '"', '\n', '\r', "'", '<'), fc.string({ maxLength: 1 })),
  });
  const rows = fc.option(fc.nat(), { nil: undefined });
  fc.assert(
    fc.property(field, field, fc.array(field, { maxLength: 3 }), rows, (name, statement, values, count) => {
      const parameters = values.map(csv).join(',');
      const fields = ['SESSION', '12', '3', 'READ', 'SELECT', 'TABLE', name, statement, parameters];
      const body = [...fields.map(csv), ...(count === undefined ? [] : [`${count}`])].join(',');
      const entry = read(body);
      assert.ok(isWellFormedAudit(body));
      assert.deepEqual(
        [entry.statementId, entry.substatementId, entry.objectName ?? '', entry.statement, entry.parameters],
        [12, 3, name, statement, parameters],
      );
      assert.deepEqual([entry.rows, entry.truncated], [count ?? null, false]);
    }),
    { numRuns: 500 },
  );
});

test('an audit line cut anywhere in its statement or parameters is kept and marked', () => {
  const body = 'SESSION,1,1,READ,SELECT,,,"select ""a"", b from t",<not logged>,5';
  const start = body.indexOf('"select');
  for (let end = start + 1; end < body.indexOf(',<not') - 1; end++) {
    const entry = read(body.slice(0, end));
    assert.equal(entry.truncated, true, body.slice(0, end));
    assert.ok('select "a", b from t'.startsWith(entry.statement!.replace(/"$/, '')), entry.statement!);
  }
  const parameters = read('SESSION,1,1,READ,SELECT,,,select $1,"1,""ab');
  assert.deepEqual(
    [parameters.statement, parameters.parameters, parameters.truncated],
    ['select $1', '1,"ab', true],
  );
  assert.equal(read('SESSION,1,1,READ,SELECT').truncated, true);
});

test('commas in a statement that was not quoted belong to the statement', () => {
  const cases: [string, string | null, number | null][] = [
    ['values (101, emp1, 3);,<none>', null, null],
    ['select a, b, c,<not logged>,17', null, 17],
    ['select a, b,c,1', '1', null],
    ['select "a", b,<not logged>', null, null],
  ];
  for (const [tail, parameters, rows] of cases) {
    const entry = read(`SESSION,13,1,WRITE,INSERT,,,${tail}`);
    assert.ok(tail.startsWith(entry.statement!), entry.statement!);
    assert.deepEqual([entry.parameters, entry.rows, entry.truncated], [parameters, rows, false]);
  }
});

test('markers are no statements, and unknown commands are kept', () => {
  assert.equal(read('SESSION,2,1,READ,SELECT,,,<not logged>,<not logged>').statement, null);
  const once = read('SESSION,3,1,READ,SELECT,TABLE,public.t,<previously logged>,<previously logged>');
  assert.deepEqual([once.statement, once.previouslyLogged, once.parameters], [null, true, null]);
  assert.equal(read('SESSION,1,1,MISC,???,,,merge into t,<none>').command, '???');
  assert.equal(read('SESSION,1,1,READ,SELECT,,,,"16500,pg_class",0').statement, '');
});

test('what is not a line of pgaudit is refused', () => {
  for (const body of [
    '',
    'hello',
    'SESSION',
    'SESSION,1,1,READ',
    'NOTHING,1,1,READ,SELECT,,,x,<none>',
    'SESSION,-1,1,READ,SELECT,,,x,<none>',
    'SESSION,1,x,READ,SELECT,,,x,<none>',
    'SESSION,1,1,HACK,SELECT,,,x,<none>',
  ])
    assert.equal(readAudit(body), null, body);
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

test('a statement of a megabyte is read within a second', () => {
  for (const unit of ['a,', '"', '""', ',"', '",', 'select 1;\n', "password '", '<not logged>,']) {
    const text = unit.repeat(1_000_000 / unit.length);
    for (const statement of [text, `"${text}`, csv(text)]) {
      const start = performance.now();
      readAudit(`SESSION,1,1,READ,SELECT,,,${statement},<not logged>`);
      assert.ok(performance.now() - start < 8_000, `${unit}: ${performance.now() - start} ms`);
    }
  }
});
