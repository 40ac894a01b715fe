import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CapCounts, CapLedger, hourKey, hourOf } from '../../src/alerts/caps.ts';
import type { Severity } from '../../src/model/severity.ts';

const HOUR = Date.UTC(2026, 2, 1, 12);
const CAPS = { server: 5, detector: 3 };

const ledger = (counts: Partial<CapCounts> = {}) =>
  new CapLedger(
    CAPS,
    new Map([[hourKey('pg-1', HOUR), { serverLower: 0, detectorLower: 0, detectorHigh: 0, ...counts }]]),
  );

function opened(of: CapLedger, severity: Severity, times: number, server = 'pg-1', hour = HOUR): number {
  return Array.from({ length: times }, () => of.open({ server, severity }, hour)).filter(Boolean).length;
}

test('critical alerts have no cap, and use up nothing', () => {
  const full = ledger({ serverLower: 5, detectorLower: 3, detectorHigh: 3 });
  assert.equal(opened(full, 'critical', 1_000), 1_000);
  const empty = ledger();
  opened(empty, 'critical', 1_000);
  assert.equal(opened(empty, 'low', 10), 3);
});

test('a flood of low alerts leaves the room of high ones, and the other way round', () => {
  const low = ledger();
  assert.equal(opened(low, 'low', 100), 3);
  assert.equal(opened(low, 'high', 100), 3);
  const high = ledger();
  assert.equal(opened(high, 'high', 100), 3);
  assert.equal(opened(high, 'medium', 100), 3);
});

test('info, low and medium share what the detector and the server have left', () => {
  const one = ledger();
  assert.deepEqual(
    (['info', 'low', 'medium', 'low'] as const).map((severity) => opened(one, severity, 1)),
    [1, 1, 1, 0],
  );
  assert.equal(opened(ledger({ serverLower: 4 }), 'low', 10), 1);
  assert.equal(opened(ledger({ serverLower: 5 }), 'high', 10), 3, 'the server has no cap for high ones');
});

test('servers and hours do not share', () => {
  const one = ledger();
  opened(one, 'low', 10);
  assert.equal(opened(one, 'low', 10, 'pg-2'), 3);
  assert.equal(opened(one, 'low', 10, 'pg-1', HOUR + 3_600_000), 3);
  assert.equal(hourOf(HOUR + 3_599_999), HOUR);
});
