import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMoment } from '../../src/model/moment.ts';

const NOW = Date.UTC(2026, 2, 1, 12);

test('dates begin at midnight UTC, times are UTC unless they say otherwise, durations count from now', () => {
  assert.equal(parseMoment('2026-12-31', NOW), Date.UTC(2026, 11, 31));
  assert.equal(parseMoment('2026-12-31 18:30', NOW), Date.UTC(2026, 11, 31, 18, 30));
  assert.equal(parseMoment('2026-12-31T18:30:05Z', NOW), Date.UTC(2026, 11, 31, 18, 30, 5));
  assert.equal(parseMoment('2026-12-31T18:30+02:00', NOW), Date.UTC(2026, 11, 31, 16, 30));
  assert.equal(parseMoment(' 30d ', NOW), NOW + 30 * 86_400_000);
});

test('days that no calendar has, and anything else, are no time', () => {
  for (const text of [
    '2026-02-30',
    '2026-13-01',
    '2026-12-31T25:00',
    '31.12.2026',
    'never',
    '',
    '30',
    '12-31',
  ])
    assert.equal(parseMoment(text, NOW), null, text);
});
