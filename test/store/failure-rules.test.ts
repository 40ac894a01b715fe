/** The promise: a failure that can have come before pgaudit's line is not taken for that of a statement that pgaudit logged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Demand, demandOf, isMet, type Logged, loggedWhen } from '../../src/store/failure-rules.ts';
import { features } from './support.ts';

interface Parts {
  message?: string;
  statement?: string | null;
  context?: string | null;
  read?: Parameters<typeof features>[1];
}

function demand(sqlstate: string, parts: Parts = {}): Demand {
  const { message = 'no', statement = 'SELECT 1', context = null, read } = parts;
  return demandOf({ kind: 'failure', sqlstate, message, statement }, context, features('hash', read));
}

const IN_FUNCTION = { context: 'PL/pgSQL function f() line 1 at RETURN' };
const PORTAL = { context: "unnamed portal parameter $1 = '...'" };

test('queries and functions are logged before they run, DO and extensions first, the others once they succeeded', () => {
  const lines: [Logged, string, string, boolean][] = [
    ['before', 'READ', 'SELECT', false],
    ['before', 'WRITE', 'UPDATE', false],
    ['before', 'READ', 'COPY', false],
    ['before', 'MISC', '???', false],
    ['before', 'FUNCTION', 'EXECUTE', false],
    ['before', 'FUNCTION', 'EXECUTE', true],
    ['first', 'FUNCTION', 'DO', true],
    ['first', 'DDL', 'CREATE EXTENSION', false],
    ['after', 'READ', 'SELECT', true],
    ['after', 'MISC', '???', true],
    ['after', 'DDL', 'DROP TABLE', false],
    ['after', 'ROLE', 'GRANT', false],
    ['after', 'MISC', 'SET', false],
  ];
  for (const [logged, auditClass, command, hasRows] of lines)
    assert.equal(loggedWhen(auditClass, command, hasRows), logged, `${auditClass} ${command} ${hasRows}`);
});

test('what fails while it runs may be what pgaudit logged before', () => {
  for (const sqlstate of [
    '21000',
    '22012',
    '22P02',
    '23505',
    '40001',
    '40P01',
    '53200',
    '57014',
    'P0001',
    'XX000',
  ])
    assert.equal(demand(sqlstate), 'before', sqlstate);
  assert.equal(demand('23505', { statement: 'INSERT INTO t VALUES ($1)' }), 'before');
  assert.equal(demand('22012', { statement: 'SELECT f($1)', ...IN_FUNCTION }), 'before');
});

test('what no AUDIT line can come before is never taken for an audited statement', () => {
  const never: [string, Parts?][] = [
    ['08P01', { message: 'bind message supplies 1 parameters, but prepared statement "" requires 2' }],
    ['25P02'],
    ['25006', { message: 'cannot execute INSERT in a read-only transaction' }],
    ['26000'],
    ['34000'],
    ['22P03'],
    ['22021'],
    // Values that Bind refuses; the last two where CONTEXT is not shipped.
    ['22P02', PORTAL],
    ['23514', PORTAL],
    ['22P02', { statement: 'SELECT * FROM t WHERE id = $1' }],
    ['23514', { statement: 'SELECT $1::positive' }],
    // Nobody knows what failed.
    ['22012', { statement: null }],
  ];
  for (const [sqlstate, parts] of never)
    assert.equal(demand(sqlstate, parts), 'never', JSON.stringify([sqlstate, parts]));
  assert.equal(
    demandOf({ kind: 'failure', sqlstate: '22012', message: '', statement: 'x' }, null, null),
    'never',
  );
});

test('one of several statements in a string is not known, nor is one in a text that was cut or does not parse', () => {
  for (const read of [{ statementCount: 2 }, { flags: ['text_cut'] }, { parseOk: false }])
    assert.equal(demand('22012', { read }), 'never', JSON.stringify(read));
});

test('names, rights and features that are looked up before the AUDIT line fit those that come first only', () => {
  for (const sqlstate of ['0A000', '3F000', '54001', '42601', '42P01', '42703', '42704'])
    assert.equal(demand(sqlstate), 'first', sqlstate);
  for (const kind of ['table', 'view', 'schema', 'sequence', 'foreign table', 'functions'])
    assert.equal(demand('42501', { message: `permission denied for ${kind} t` }), 'first', kind);
});

test('rights that are checked late, and names that a function met, fit a line right before', () => {
  const late: [string, Parts][] = [
    ['42501', { message: 'permission denied for function pg_read_file' }],
    ['42501', { message: 'new row violates row-level security policy for table "t"' }],
    ['42501', { message: 'permission denied for table t', ...IN_FUNCTION }],
    ['42P01', IN_FUNCTION],
  ];
  for (const [sqlstate, parts] of late)
    assert.equal(demand(sqlstate, parts), 'at_once', JSON.stringify([sqlstate, parts]));
});

test('each demand is met by the lines that can come before such a failure', () => {
  const met = (demand: Demand, logged: Logged, elapsed = 0) => isMet(demand, logged, elapsed);
  for (const demand of ['first', 'at_once', 'before'] as const) {
    assert.equal(met(demand, 'first', 3_600_000), true, demand);
    assert.equal(met(demand, 'after'), false, demand);
  }
  for (const logged of ['first', 'before', 'after'] as const) assert.equal(met('never', logged), false);
  assert.equal(met('first', 'before'), false);
  assert.equal(met('at_once', 'before', 100), true);
  assert.equal(met('at_once', 'before', 101), false);
  assert.equal(met('before', 'before', 3_600_000), true);
});
