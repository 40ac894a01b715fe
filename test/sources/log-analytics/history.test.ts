/** The promise: every row that a workspace holds arrives, once, whatever the service's limits and whenever reading stops. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../../fuzz/random.ts';
import {
  countedRow,
  countedRows,
  DAY,
  historyOf,
  LATER,
  numbersOf,
  Shelf,
  serviceForTests,
  upTo,
} from './rig.ts';
import type { Fault } from './service.ts';

const fresh = serviceForTests();
const HOUR = 3_600_000;

describe('all rows arrive', () => {
  test('in order, with what was done of an honest total', async () => {
    const service = fresh();
    service.tables.set('PGSQLServerLogs', countedRows(3_000, DAY, 60_000));
    const shelf = new Shelf();
    await shelf.read(historyOf(service, { limits: { sliceRows: 200 } }));
    assert.deepEqual(numbersOf(shelf), upTo(3_000));
    const done = shelf.batches.map((batch) => batch.done);
    assert.deepEqual(
      done,
      [...done].sort((a, b) => a - b),
    );
    assert.equal(Math.round(done.at(-1)!), 300_000);
    assert.ok(shelf.batches.every(({ total, unit }) => Math.round(total!) === 300_000 && unit === 'bytes'));
    assert.ok(shelf.batches.length >= 10);
    assert.equal(service.mostAtOnce, 1);
    assert.deepEqual(shelf.events, []);
    // A token for the endpoint's own cloud, and a query about no more than its slice.
    assert.deepEqual([...new Set(service.scopes)], [`${service.endpoint}/.default`]);
    for (const { timespan, query } of service.asked.slice(1)) {
      const [start, end] = timespan.split('/');
      assert.match(query, new RegExp(`>= datetime\\(${start}\\) and TimeGenerated < datetime\\(${end}\\)`));
    }
  });

  test('without a row lost between two slices, though rows have ticks of 100 ns', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(5_000), fc.nat(9_999)), { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 30 }),
        async (times, sliceRows) => {
          const service = fresh();
          const start = DAY + 13 * HOUR - 2_500;
          service.tables.set(
            'PGSQLServerLogs',
            times.map(([ms, ticks], number) => countedRow(number, start + ms, 'PGSQLServerLogs', ticks)),
          );
          const shelf = new Shelf();
          await shelf.read(historyOf(service, { limits: { sliceRows } }));
          const numbers = numbersOf(shelf);
          assert.deepEqual(
            [...numbers].sort((a, b) => a - b),
            upTo(times.length),
          );
          const ms = numbers.map((number) => times[number]![0]);
          assert.deepEqual(
            ms,
            [...ms].sort((a, b) => a - b),
          );
        },
      ),
      { numRuns: 25 },
    ));

  test('and nothing of before since, of until or of the future', async () => {
    const service = fresh();
    service.tables.set('PGSQLServerLogs', countedRows(100, DAY, 1_000));
    const shelf = new Shelf();
    await shelf.read(historyOf(service), { since: DAY + 10_000, until: DAY + 20_000 });
    assert.deepEqual(numbersOf(shelf), upTo(20).slice(10));
    const early = new Shelf();
    await early.read(historyOf(service, { now: () => DAY + 5_000 }));
    assert.deepEqual(numbersOf(early), upTo(5));
    const empty = new Shelf();
    await empty.read(historyOf(service), { since: LATER, until: DAY });
    await empty.read(historyOf(service), { since: DAY + 20_000, until: DAY + 10_000 });
    assert.deepEqual(empty.batches, []);
  });

  test('of the servers that are asked for', async () => {
    const service = fresh();
    const ofServer = (name: string, number: number) => ({
      ...countedRow(number, DAY + number),
      _ResourceId: `/subscriptions/0/providers/microsoft.dbforpostgresql/flexibleservers/${name}`,
    });
    service.tables.set('PGSQLServerLogs', [
      ofServer('srv1', 0),
      ofServer('other-srv1', 1),
      ofServer('srv10', 2),
      ofServer('srv2', 3),
    ]);
    const shelf = new Shelf();
    await shelf.read(historyOf(service, { servers: ['SRV2', 'srv1'] }));
    assert.deepEqual(numbersOf(shelf), [0, 3]);
    // What was stored of some servers says nothing of the others.
    await shelf.read(historyOf(service));
    assert.deepEqual(numbersOf(shelf), [0, 3, 0, 1, 2, 3]);
  });

  test('also of rows of other services in AzureDiagnostics none', async () => {
    const service = fresh();
    const row = { ...countedRow(0, DAY, 'AzureDiagnostics'), Category: 'PostgreSQLLogs' };
    service.tables.set('AzureDiagnostics', [
      { ...row, ResourceProvider: 'MICROSOFT.KEYVAULT' },
      { ...row, ResourceProvider: 'Microsoft.DBforPostgreSQL', Message: 'line 7' },
    ]);
    const shelf = new Shelf();
    await shelf.read(historyOf(service));
    assert.deepEqual(numbersOf(shelf), [7]);
  });
});

describe('what the workspace lacks', () => {
  for (const warns of [false, true])
    test(`is no error${warns ? ', where the service calls the answer partial' : ''}`, async () => {
      const service = fresh();
      service.warnsOfMissing = warns;
      const shelf = new Shelf();
      await shelf.read(historyOf(service));
      assert.deepEqual(shelf.batches, []);
      service.tables.set('PGSQLPgBouncer', countedRows(3, DAY, 1, 'PGSQLPgBouncer'));
      service.tables.set('PGSQLServerLogs', []);
      await shelf.read(historyOf(service));
      assert.deepEqual(numbersOf(shelf), upTo(3));
      assert.deepEqual(shelf.events, []);
    });

  test('costs one query', async () => {
    const service = fresh();
    service.tables.set('PGSQLServerLogs', countedRows(3, DAY, 1));
    await new Shelf().read(historyOf(service));
    assert.equal(service.asked.length, 2);
    await new Shelf().read(historyOf(service, { tables: ['PGSQLPgBouncer'] }));
    assert.equal(service.asked.length, 3);
  });
});

describe('an answer that is cut is asked for again in halves', () => {
  const rows = [
    ...countedRows(40, DAY + HOUR, 1),
    ...upTo(400).map((number) => countedRow(40 + number, DAY + 2 * HOUR + number)),
    ...upTo(100).map((number) => countedRow(440 + number, DAY + 3 * HOUR + number * 30_000)),
  ];
  const limits: [string, (service: ReturnType<typeof fresh>) => void, object][] = [
    ['at the row limit', (service) => Object.assign(service, { rowLimit: 50 }), {}],
    ['at the size limit', (service) => Object.assign(service, { byteLimit: 20_000 }), {}],
    ['at the bound of our memory', () => undefined, { answerBytes: 20_000 }],
  ];
  for (const [name, set, own] of limits)
    test(name, async () => {
      const service = fresh();
      set(service);
      service.tables.set('PGSQLServerLogs', rows);
      const shelf = new Shelf();
      await shelf.read(historyOf(service, { limits: own }));
      assert.deepEqual(numbersOf(shelf), upTo(540));
      assert.deepEqual(shelf.events, []);
      // 22 halvings lead from an hour to a millisecond.
      assert.ok(service.asked.length > 10 && service.asked.length < 150, `${service.asked.length} queries`);
    });

  for (const fault of ['partial', 'too-large', 'gateway-timeout'] as const)
    test(`when it is ${fault}, and slices grow again`, async () => {
      const service = fresh();
      service.fault = (number) => (number > 1 && number < 8 ? fault : null);
      service.tables.set('PGSQLServerLogs', rows);
      const shelf = new Shelf();
      await shelf.read(historyOf(service, { limits: { sliceRows: 100 } }));
      assert.deepEqual(numbersOf(shelf), upTo(540));
      const lengths = service.asked.slice(1).map(({ timespan }) => {
        const [start, end] = timespan.split('/').map((time) => Date.parse(time)) as [number, number];
        return end - start;
      });
      assert.deepEqual(
        lengths.slice(1, 6).map((length, index) => length === Math.floor(lengths[index]! / 2)),
        [true, true, true, true, true],
      );
      assert.ok(lengths.at(-1)! > 4 * lengths[5]!, `grown from ${lengths[5]} to ${lengths.at(-1)}`);
    });

  test('down to a millisecond, which is told when it is too much for good', async () => {
    const service = fresh();
    service.rowLimit = 50;
    const burst = upTo(51).map((number) => countedRow(1_000 + number, DAY + 500));
    service.tables.set('PGSQLServerLogs', [...countedRows(10, DAY, 100), ...burst]);
    const shelf = new Shelf();
    await shelf.read(historyOf(service, { limits: { patienceMs: 100 } }));
    assert.deepEqual(
      numbersOf(shelf),
      upTo(10).filter((number) => number !== 5),
    );
    const told = shelf.events.filter(({ kind }) => kind === 'left-out');
    assert.equal(told.length, 1);
    assert.match(JSON.stringify(told), /PGSQLServerLogs in the millisecond 2026-11-24T00:00:00\.500Z/);
    // It was not taken for trouble that passes without a second look.
    assert.ok(shelf.events.some(({ kind }) => kind === 'waiting'));
  });

  test('but an outage of the service that looks like it loses nothing', async () => {
    const service = fresh();
    // 27 halvings lead from a day to a millisecond.
    service.fault = (number) => (number > 1 && number < 35 ? 'partial' : null);
    service.tables.set('PGSQLServerLogs', countedRows(10, DAY, 100));
    const shelf = new Shelf();
    await shelf.read(historyOf(service));
    assert.deepEqual(numbersOf(shelf), upTo(10));
    assert.deepEqual(
      shelf.events.filter(({ kind }) => kind === 'left-out'),
      [],
    );
  });
});

describe('reading goes on where it stopped', () => {
  const rows = upTo(300).map((number) => countedRow(number, DAY + Math.floor(number / 3) * 700_000));

  test('after any number of batches, nothing is lost, doubled or asked for again', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 }),
        async (stops) => {
          const service = fresh();
          service.tables.set('PGSQLServerLogs', rows);
          service.tables.set('AzureDiagnostics', [
            {
              ...countedRow(300, DAY + HOUR, 'AzureDiagnostics'),
              ResourceProvider: 'MICROSOFT.DBFORPOSTGRESQL',
            },
          ]);
          const shelf = new Shelf();
          const history = () => historyOf(service, { limits: { sliceRows: 20 } });
          for (const batches of stops) await shelf.read(history(), {}, batches);
          await shelf.read(history());
          assert.deepEqual(
            numbersOf(shelf).sort((a, b) => a - b),
            upTo(301),
          );
          const asked = service.asked.length;
          await shelf.read(history());
          // There are no more rows: this is known from one question.
          assert.equal(service.asked.length, asked + 1);
        },
      ),
      { numRuns: 15 },
    ));

  test('under faults of every kind, as if there had been none', () =>
    fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = new Random(seed);
        const service = fresh();
        service.tables.set('PGSQLServerLogs', rows);
        const faults: (Fault | null)[] = [
          'throttled',
          'busy',
          'gateway-timeout',
          'bad-gateway',
          'partial',
          'drop',
          'drop-midway',
          'stall-midway',
          'not-json',
          'too-large',
          null,
          null,
          null,
          null,
          null,
          null,
        ];
        service.fault = () => random.pick(faults);
        const shelf = new Shelf();
        const history = historyOf(service, { limits: { sliceRows: 60, stallMs: 30 } });
        while (!(await shelf.read(history, {}, 1 + random.below(5))));
        assert.deepEqual(numbersOf(shelf), upTo(300));
        assert.deepEqual(
          shelf.events.filter(({ kind }) => kind === 'left-out'),
          [],
        );
      }),
      { numRuns: 8 },
    ));

  test('after an abort, which ends a pause at once and is no error', async () => {
    const service = fresh();
    service.tables.set('PGSQLServerLogs', rows);
    service.retryAfter = '600';
    service.fault = (number) => (number === 4 ? 'throttled' : null);
    const shelf = new Shelf();
    const stop = new AbortController();
    const started = performance.now();
    await shelf.read(historyOf(service, { limits: { sliceRows: 60, patienceMs: 900_000 } }), {
      signal: stop.signal,
      onEvent: (event) => {
        shelf.events.push(event);
        setImmediate(() => stop.abort());
      },
    });
    assert.ok(performance.now() - started < 5_000);
    assert.deepEqual(shelf.events, [
      { kind: 'waiting', reason: 'HTTP 429: Rate limit is exceeded.', forMs: 600_000 },
    ]);
    assert.ok(shelf.stored.length > 0 && numbersOf(shelf).length < 300);
    await shelf.read(historyOf(service));
    assert.deepEqual(numbersOf(shelf), upTo(300));
  });
});
