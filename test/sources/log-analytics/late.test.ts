/** The promise: rows that arrive late are read by a later run, and what is settled is never read again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Position } from '../../../src/model/position.ts';
import {
  AGAIN_AFTER_MS,
  LATENESS_MS,
  partitionOf,
  positionAt,
  stretchOf,
} from '../../../src/sources/log-analytics/coverage.ts';
import { DAY_MS, daysOf } from '../../../src/sources/log-analytics/span.ts';
import { countedRow, DAY, historyOf, numbersOf, Shelf, serviceForTests, upTo } from './rig.ts';

const fresh = serviceForTests();
const HOUR = 3_600_000;

describe('a later run', () => {
  test('picks up what arrived late, and asks for no day that is settled', async () => {
    const service = fresh();
    const since = DAY - 59 * DAY_MS;
    // A row every six hours for 60 days, the last 18:00 of today.
    const rows = upTo(60 * 4).map((number) => countedRow(number, since + number * 6 * HOUR));
    const late = rows.slice(-8).filter((_, index) => index % 2 === 0);
    service.tables.set(
      'PGSQLServerLogs',
      rows.filter((row) => !late.includes(row)),
    );
    const shelf = new Shelf();
    const began = DAY + 20 * HOUR;
    await shelf.read(historyOf(service, { now: () => began }), { since });
    assert.equal(shelf.rows.length, 60 * 4 - 4);

    service.tables.set('PGSQLServerLogs', rows);
    service.asked.length = 0;
    const later = began + 2 * HOUR;
    await shelf.read(historyOf(service, { now: () => later }), { since });
    assert.deepEqual(
      [...new Set(numbersOf(shelf))].sort((a, b) => a - b),
      upTo(60 * 4),
    );
    // Each row of the last two days twice at most: the store leaves out the copies.
    assert.ok(shelf.rows.length <= 60 * 4 - 4 + 8);
    for (const { timespan } of service.asked.slice(1))
      assert.ok(Date.parse(timespan.split('/')[0]!) >= began - LATENESS_MS, timespan);

    // A month later there is one reading of what was young, and after that none.
    const month = later + 30 * DAY_MS;
    await shelf.read(historyOf(service, { now: () => month }), { since });
    const settled = shelf.rows.length;
    await shelf.read(historyOf(service, { now: () => month + DAY_MS }), { since });
    assert.equal(shelf.rows.length, settled);
  });

  test('soon after goes on with the new rows only', async () => {
    const service = fresh();
    service.tables.set(
      'PGSQLServerLogs',
      upTo(80).map((number) => countedRow(number, DAY + number * 600_000)),
    );
    const shelf = new Shelf();
    for (let minutes = 10 * 60; minutes < 10 * 60 + 30; minutes += 10)
      await shelf.read(historyOf(service, { now: () => DAY + minutes * 60_000 }));
    assert.deepEqual(numbersOf(shelf), upTo(62));
    await shelf.read(historyOf(service, { now: () => DAY + 10 * HOUR + AGAIN_AFTER_MS - 60_000 }));
    assert.deepEqual(numbersOf(shelf), upTo(63));
  });
});

/** What a sequence of runs, each of which may stop in the middle, leaves unread. */
interface Run {
  /** Hours since the run before. */
  wait: number;
  /** Hours before now that are asked for, and up to how long ago. */
  back: number;
  until: number;
  /** Share of the day that is read before the run is killed. */
  share: number;
}

test('whatever is asked for and wherever it stops, what is taken for stored was read', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          wait: fc.double({ min: 0, max: 80, noNaN: true }),
          back: fc.double({ min: 1, max: 100, noNaN: true }),
          until: fc.double({ min: 0, max: 30, noNaN: true }),
          share: fc.constantFrom(0, 0.1, 0.5, 0.9, 1),
        }),
        { minLength: 1, maxLength: 12 },
      ),
      (runs: Run[]) => {
        const positions = new Map<string, Position>();
        // When each hour of the day was read last, and when a part of it was.
        const read: { start: number; end: number; at: number }[] = [];
        let now = DAY + 5 * HOUR;
        for (const { wait, back, until, share } of runs) {
          now = Math.floor(now + wait * HOUR);
          const asked = { start: Math.floor(now - back * HOUR), end: Math.floor(now - until * HOUR) };
          for (const day of daysOf(asked)) {
            if (day.day !== DAY) continue;
            const stretch = stretchOf(day, 'T', (partition) => positions.get(partition), now);
            const start = stretch?.start ?? day.end;
            assert.ok(start >= day.start, 'nothing of before since');
            // What is not read now was read: when it was old enough, or less than half an hour ago.
            for (let at = day.start; at < start; at += 60_000)
              assert.ok(
                read.some(
                  (one) =>
                    one.start <= at &&
                    at < one.end &&
                    (one.at - at > LATENESS_MS - 60_000 || now - one.at < AGAIN_AFTER_MS),
                ),
                `${new Date(at).toISOString()} was never read when it was settled`,
              );
            if (stretch === null || share === 0) continue;
            const end = stretch.start + Math.max(1, Math.floor((stretch.end - stretch.start) * share));
            const partition = partitionOf('T', stretch);
            const position = { source: 's', partition, ...positionAt(stretch, end) };
            const last = positions.get(partition);
            assert.ok(last === undefined || position.sequenceNumber > last.sequenceNumber, 'moves forward');
            positions.set(partition, position);
            read.push({ start: stretch.start, end, at: now });
          }
        }
      },
    ),
    { numRuns: 3_000 },
  ));

test('a position that cannot be read has the day read again', () => {
  const wanted = { day: DAY, start: DAY + 1, end: DAY + 100 };
  const position = { source: 's', partition: 'T/2026-11-24', sequenceNumber: 50, offset: 'something else' };
  const stretch = stretchOf(wanted, 'T', (name) => (name === position.partition ? position : undefined), DAY);
  assert.equal(stretch?.start, DAY + 1);
  assert.equal(stretch?.generation, 1);
});
