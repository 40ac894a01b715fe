/**
 * The promise: an audited statement is taken for failed only by its own failure, whatever is sent around it, and the work
 * for it stays bounded.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '../../src/model/fact.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { type OutcomeChanges, Outcomes } from '../../src/store/outcomes.ts';
import { audit, features, logRecord, T0 } from './support.ts';

/** Lines of a log, committed one by one; keeps the links, by names that the lines were given. */
class Log {
  readonly links: [audit: string, failure: string][] = [];
  readonly #outcomes = new Outcomes();
  readonly #names = new Map<bigint, string>();
  #id = 0n;

  #line(name: string, record: LogRecord, text: string | null): this {
    const { fact } = record;
    assert.ok(fact?.kind === 'audit' || fact?.kind === 'failure');
    const changes: OutcomeChanges = new Map();
    this.#names.set(++this.#id, name);
    const statement = text === null ? null : features(text);
    for (const link of this.#outcomes.add(this.#id, record, fact, statement, changes))
      this.links.push([this.#names.get(link.recordId)!, this.#names.get(link.errorRecordId)!]);
    this.#outcomes.committed(changes);
    return this;
  }

  /** An AUDIT line of a query, without row counts. */
  audited(
    name: string,
    at: number,
    text: string | null,
    statementId: number,
    entry: Partial<AuditEntry> = {},
    changes: Partial<LogRecord> = {},
  ): this {
    const fact = audit({ statementId, statement: text, rows: null, ...entry });
    return this.#line(name, logRecord(fact, { eventTime: T0 + at, ...changes }), text);
  }

  failed(name: string, at: number, text: string, sqlstate = '22012', changes: Partial<LogRecord> = {}): this {
    const fact = { kind: 'failure', sqlstate, message: 'no', statement: text } as const;
    return this.#line(name, logRecord(fact, { eventTime: T0 + at, ...changes }), text);
  }
}

const ONCE = { statement: null, previouslyLogged: true };
const DO = { class: 'FUNCTION', command: 'DO' };

test('a statement that fails at once, after an hour, or as the tenth of its session has failed', () => {
  const log = new Log().audited('a', 0, 'x', 1).failed('fa', 0, 'x');
  log.audited('b', 1, 'x', 2).failed('fb', 3_600_000, 'x', '57014');
  for (let id = 3; id < 10; id++) log.audited(`ok ${id}`, 3_600_000 + id, 'x', id);
  log.audited('c', 3_600_020, 'x', 10).failed('fc', 3_600_021, 'x', '23505');
  assert.deepEqual(log.links, [
    ['a', 'fa'],
    ['b', 'fb'],
    ['c', 'fc'],
  ]);
});

test('the line of another text, session or server is not that of a failure', () => {
  const log = new Log()
    .audited('text', 0, 'y', 1)
    .audited('session', 0, 'x', 1, {}, { sessionId: '69a55080.1b' })
    .audited('server', 0, 'x', 1, {}, { server: 'pg-2' })
    .audited('no session', 0, 'x', 1, {}, { sessionId: null })
    .failed('f', 1, 'x');
  assert.deepEqual(log.links, []);
});

test('no line without its text is taken by text', () => {
  const log = new Log().audited('not logged', 0, null, 1).failed('f', 1, 'x');
  assert.deepEqual(log.links, []);
});

test('a success stays one when its text is sent again and fails before pgaudit sees it', () => {
  const attempts: [string, Partial<LogRecord>?][] = [
    ['08P01'],
    ['26000'],
    ['22P03'],
    ['25P02'],
    ['42P01'],
    ['42601'],
    ['0A000'],
    ['22P02', { context: "unnamed portal parameter $1 = '...'" }],
  ];
  for (const [sqlstate, changes] of attempts) {
    const log = new Log().audited('success', 0, 'x', 1).failed('again', 1, 'x', sqlstate, changes);
    assert.deepEqual(log.links, [], sqlstate);
  }
});

test('a success stays one when something else happens before its text fails', () => {
  const audited = new Log().audited('success', 0, 'x', 1).audited('other', 1, 'y', 2).failed('again', 2, 'x');
  assert.deepEqual(audited.links, []);
  const tie = new Log().audited('success', 0, 'x', 1).audited('other', 1, 'y', 2).failed('again', 1, 'x');
  assert.deepEqual(tie.links, []);
  const failed = new Log().audited('success', 0, 'x', 1).failed('other', 1, 'y').failed('again', 2, 'x');
  assert.deepEqual(failed.links, []);
  const late = new Log().audited('success', 0, 'x', 1).failed('again', 200, 'x', '42P01', {
    context: 'PL/pgSQL function f() line 1 at PERFORM',
  });
  assert.deepEqual(late.links, []);
});

test('a line that comes at the end of a success is never that of a failure', () => {
  const rows = new Log().audited('success', 0, 'x', 1, { rows: 1 }).failed('again', 1, 'x');
  assert.deepEqual(rows.links, []);
  const ddl = new Log().audited('success', 0, 'x', 1, { class: 'DDL', command: 'DROP TABLE' });
  assert.deepEqual(ddl.failed('again', 1, 'x', '57014').links, []);
  // CREATE TABLE AS: the query is logged before, the table after.
  const both = new Log()
    .audited('query', 0, 'x', 1)
    .audited('table', 1, 'x', 1, { class: 'DDL', command: 'CREATE TABLE AS' });
  assert.deepEqual(both.failed('again', 2, 'x', '57014').links, []);
});

test('a failure takes one statement, and a statement one failure', () => {
  const log = new Log()
    .audited('success', 0, 'x', 1)
    .audited('failed', 1, 'x', 2)
    .failed('f', 2, 'x')
    .failed('again', 3, 'x');
  assert.deepEqual(log.links, [['failed', 'f']]);
});

test('DO is logged ahead of everything, so every failure of its text is its own', () => {
  const log = new Log().audited('do', 0, 'x', 1, { ...DO, rows: 0 }).failed('f', 60_000, 'x', '42501');
  assert.deepEqual(log.links, [['do', 'f']]);
});

test('all lines of the statement are taken, with and without text; what ran inside it is not', () => {
  const log = new Log()
    .audited('first', 0, 'x', 1)
    .audited('second', 0, null, 1, ONCE)
    .audited('function', 0, 'x', 1, { class: 'FUNCTION', command: 'EXECUTE', substatementId: 2 })
    .audited('inside', 0, 'y', 1, { substatementId: 3 })
    .audited('inside, again', 0, null, 1, { substatementId: 3, ...ONCE })
    .failed('f', 1, 'x')
    .failed('text of what ran inside', 2, 'y')
    .audited('not over yet', 9, 'x', 1);
  assert.deepEqual(log.links, [
    ['first', 'f'],
    ['second', 'f'],
    ['function', 'f'],
  ]);
});

test('the failure may arrive before all or some of the lines', () => {
  const before = new Log()
    .failed('f', 1, 'x')
    .audited('second', 0, null, 1, ONCE)
    .audited('first', 0, 'x', 1)
    .audited('third', 0, null, 1, ONCE)
    .audited('inside', 0, 'y', 1, { substatementId: 2 });
  assert.deepEqual(before.links, [
    ['second', 'f'],
    ['first', 'f'],
    ['third', 'f'],
  ]);
});

test('lines of later statements may arrive before the failure, and those of earlier ones after', () => {
  const log = new Log()
    .audited('third', 20, 'x', 3)
    .audited('second', 10, 'x', 2)
    .failed('f', 11, 'x')
    .audited('first', 0, 'x', 1);
  assert.deepEqual(log.links, [['second', 'f']]);
});

test('a failure that arrives first in the millisecond of a line may be older, and takes none but DO', () => {
  const query = new Log().failed('older', 0, 'x').audited('retry', 0, 'x', 1);
  assert.deepEqual(query.links, []);
  const block = new Log().failed('f', 0, 'x').audited('do', 0, 'x', 1, DO);
  assert.deepEqual(block.links, [['do', 'f']]);
  // Nor is its own failure held against a retry in one millisecond.
  query.failed('f', 1, 'x');
  assert.deepEqual(query.links, [['retry', 'f']]);
});

test('blocks that fail one right after the other are told apart in any order', () => {
  type Step = (log: Log) => Log;
  const steps: Step[] = [
    (log) => log.audited('a', 0, 'x', 1, DO),
    (log) => log.failed('fa', 1, 'x', '42501'),
    (log) => log.audited('b', 1, 'y', 2, DO),
    (log) => log.failed('fb', 1, 'y', '42501'),
    (log) => log.audited('c', 1, 'z', 3),
  ];
  const orders = (rest: Step[]): Step[][] =>
    rest.length === 0
      ? [[]]
      : rest.flatMap((one) => orders(rest.filter((other) => other !== one)).map((order) => [one, ...order]));
  const all = orders(steps);
  assert.equal(all.length, 120);
  for (const order of all) {
    const { links } = order.reduce((log, step) => step(log), new Log());
    assert.deepEqual(links.toSorted(), [
      ['a', 'fa'],
      ['b', 'fb'],
    ]);
  }
});

test('an earlier line with the text of a failure that is older than it is not taken', () => {
  const log = new Log().failed('older', 0, 'x').audited('success', 1, 'x', 1);
  assert.deepEqual(log.links, []);
});

test('what a commit would have changed is forgotten with it', () => {
  const outcomes = new Outcomes();
  const add = (id: bigint, record: LogRecord, changes: OutcomeChanges) => {
    assert.ok(record.fact?.kind === 'audit' || record.fact?.kind === 'failure');
    return outcomes.add(id, record, record.fact, features('x'), changes);
  };
  const line = logRecord(audit({ rows: null, statement: 'x' }));
  const failure = logRecord({ kind: 'failure', sqlstate: '22012', message: 'no', statement: 'x' });
  const kept: OutcomeChanges = new Map();
  add(1n, line, kept);
  outcomes.committed(kept);
  // Twice: the first of them is rolled back.
  for (let attempt = 0; attempt < 2; attempt++)
    assert.deepEqual(add(2n, failure, new Map()), [{ recordId: 1n, errorRecordId: 2n }]);
});

test('what is beyond the bounds is forgotten, and stays a row of its own', () => {
  const rows = new Log();
  for (let row = 0; row < 300; row++) rows.audited(`row ${row}`, 0, 'x', 1);
  assert.equal(rows.failed('f', 1, 'x').links.length, 256);
  const statements = new Log();
  for (let id = 1; id <= 17; id++) statements.audited(`statement ${id}`, id * 10, 'x', id);
  assert.deepEqual(statements.failed('of the first', 11, 'x').failed('of the second', 21, 'x').links, [
    ['statement 2', 'of the second'],
  ]);
});

test('statements without end, inside one and one after the other, cost a bounded amount each', () => {
  const started = performance.now();
  const log = new Log();
  for (let line = 0; line < 20_000; line++) log.audited('inside', 0, 'y', 1, { substatementId: line + 2 });
  for (let line = 0; line < 20_000; line++) log.failed('f', 1, 'x', '42601');
  for (let line = 0; line < 20_000; line++) log.audited('inside', 0, null, 1, { substatementId: 2, ...ONCE });
  for (let id = 2; id < 20_000; id++) log.audited('next', 2, 'x', id);
  log.failed('last', 2, 'x');
  assert.deepEqual(log.links, [['next', 'last']]);
  assert.ok(performance.now() - started < 20_000);
});
