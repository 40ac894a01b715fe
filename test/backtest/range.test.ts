/** The promise: people name times as they think of them, and an end is not judged itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backtestSpan } from '../../src/backtest/range.ts';

const utc = (text: string) => Date.parse(`${text}Z`);
const stored = { first: utc('2026-01-01T05:00'), last: utc('2026-03-01T12:00') };

test('without times it is the last 14 days, to the last event and with it', () => {
  assert.deepEqual(backtestSpan({}, stored), { from: utc('2026-02-15T12:00') - 1, to: stored.last });
});

test('dates, times and durations before the last event', () => {
  assert.deepEqual(backtestSpan({ from: '2026-01-10', to: '2026-01-11' }, stored), {
    from: utc('2026-01-10T00:00') - 1,
    to: utc('2026-01-11T00:00') - 1,
  });
  assert.deepEqual(backtestSpan({ from: '36h', to: '12h' }, stored), {
    from: utc('2026-02-28T00:00') - 1,
    to: utc('2026-03-01T00:00') - 1,
  });
  assert.deepEqual(
    backtestSpan({ from: '2026-01-10T08:30+01:00', to: '2026-01-10 08:00' }, stored).from,
    utc('2026-01-10T07:30') - 1,
  );
});

test('what is no time and what is empty is refused', () => {
  for (const from of ['yesterday', '2026-02-30', '', '14', '-14d', '2026-01-10T25:00'])
    assert.throws(() => backtestSpan({ from }, stored), /--from .* is no time/, from);
  assert.throws(() => backtestSpan({ to: 'x'.repeat(9_999) }, stored), /--to "x{64}" is no time/);
  for (const to of ['2026-01-10', '2026-01-09'])
    assert.throws(() => backtestSpan({ from: '2026-01-10', to }, stored), /from 2026-01-10 to .* is empty/);
});
