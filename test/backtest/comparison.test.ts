/** The promise: alerts are the same when they are about one entity and no more than the quiet time lies between them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareAlerts } from '../../src/backtest/comparison.ts';
import type { Alert } from '../../src/model/alert.ts';
import { alertWith } from '../alerts/support.ts';
import { SEED } from '../support/seed.ts';

const alerts = fc
  .array(fc.record({ entity: fc.constantFrom('a', 'b'), at: fc.nat(60), length: fc.nat(12) }), {
    maxLength: 12,
  })
  .map((all) =>
    all.map(({ entity, at, length }, index) =>
      alertWith({ alertId: String(index), entity, firstSeen: at, lastSeen: at + length }),
    ),
  );

/** As the promise says it, one by one. */
function isAmong(alert: Alert, others: readonly Alert[], quiet: number): boolean {
  return others.some(
    (other) =>
      other.server === alert.server &&
      other.entity === alert.entity &&
      other.firstSeen <= alert.lastSeen + quiet &&
      other.lastSeen >= alert.firstSeen - quiet,
  );
}

test('every alert has the verdict that a look at each pair gives', () => {
  fc.assert(
    fc.property(alerts, alerts, fc.nat(6), (found, stored, quiet) => {
      assert.deepEqual(compareAlerts(found, stored, quiet), [
        ...found.map((alert) => ({ alert, verdict: isAmong(alert, stored, quiet) ? 'same' : 'new' })),
        ...stored
          .filter((alert) => !isAmong(alert, found, quiet))
          .map((alert) => ({ alert, verdict: 'gone' })),
      ]);
    }),
    { seed: SEED },
  );
});

test('the same entity on another server is another', () => {
  const [one, other] = ['pg-1', 'pg-2'].map((server) => alertWith({ server }));
  assert.deepEqual(
    compareAlerts([one!], [other!], 1_000).map(({ verdict }) => verdict),
    ['new', 'gone'],
  );
});
