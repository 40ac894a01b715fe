/** The promise: an alert is a scenario's or a false one, and the targets are judged as the issue says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Severity } from '../../src/model/severity.ts';
import { DAY, JUDGED_FROM, MINUTE } from './calendar.ts';
import type { Finding } from './run.ts';
import type { Scenario } from './scenarios.ts';
import { judge, perWeek } from './verdict.ts';

const FROM = JUDGED_FROM + DAY;

function scenario(detectors: string[]): Scenario {
  return {
    ...{ id: 'theft', what: 'Something is stolen.', tool: 'psql', techniques: ['T1048'], detectors },
    ...{ server: 'one', from: FROM, to: FROM + MINUTE, lines: [] },
    sessions: new Set(['a.1']),
    clients: new Set(['203.0.113.9']),
  };
}

function finding(detector: string, changes: Record<string, unknown> = {}): Finding {
  const { session = 'a.1', server = 'one', at = FROM, foundAt = FROM + 30_000, client = null } = changes;
  const { severity = 'medium', alertId = `${detector} ${session} ${at}` } = changes;
  return {
    alert: {
      ...{ alertId: alertId as string, detector, title: detector, severity: severity as Severity },
      ...{ server: server as string, entity: 'x', summary: 'x', user: null, client: null },
    },
    evidence: {
      sessionId: session as string | null,
      eventTime: at as number,
      client: client as string | null,
    },
    foundAt: foundAt as number,
  };
}

test('a scenario is found by one of its detectors, and the time counts from its first line', () => {
  const { scenarios, falseAlerts, misses } = judge(
    [scenario(['X01', 'X02'])],
    [finding('R01', { foundAt: FROM + 1_000 }), finding('X02')],
    ['one'],
  );
  assert.deepEqual(scenarios[0]!.first, {
    detector: 'X02',
    severity: 'medium',
    after: 30_000,
    isExpected: true,
  });
  assert.deepEqual(
    scenarios[0]!.found.map(({ detector }) => detector),
    ['R01', 'X02'],
  );
  assert.deepEqual([falseAlerts, misses], [[], []]);
});

test('an alert of another server, or of a session of nobody, is a false one', () => {
  const { scenarios, falseAlerts, misses } = judge(
    [scenario(['X01'])],
    [finding('X01', { server: 'two' }), finding('X01', { session: 'b.1', severity: 'high' })],
    ['one', 'two'],
  );
  assert.equal(scenarios[0]!.first, null);
  assert.equal(falseAlerts.length, 2);
  assert.equal(misses.length, 2, misses.join(' '));
});

test('evidence without a session is the scenario’s when it names its client in its time', () => {
  const about = (changes: Record<string, unknown>) =>
    judge([scenario(['A15'])], [finding('A15', { session: null, ...changes })], ['one']).falseAlerts.length;
  assert.equal(about({ client: '203.0.113.9' }), 0);
  assert.equal(about({ client: '203.0.113.10' }), 1);
  assert.equal(about({ client: null }), 0);
  assert.equal(about({ client: '203.0.113.9', at: FROM - DAY / 2 }), 1);
});

test('what an alert began as does not count, and neither do the days of learning', () => {
  const same = { alertId: 'same', session: 'b.1' };
  const { falseAlerts, whileLearning } = judge(
    [],
    [
      finding('A01', { ...same, severity: 'medium' }),
      finding('A01', { ...same, severity: 'high' }),
      finding('A01', { session: 'b.2', at: JUDGED_FROM - 1 }),
    ],
    ['one'],
  );
  assert.deepEqual(
    falseAlerts.map(({ severity, count }) => [severity, count]),
    [['high', 2]],
  );
  assert.equal(whileLearning.length, 1);
});

test('one false alert of medium severity a week is allowed, two are not, low ones are', () => {
  const alerts = (count: number, severity: Severity) =>
    Array.from({ length: count }, (_, index) => finding('A01', { session: `b.${index}`, severity }));
  const misses = (findings: Finding[]) => judge([], findings, ['one']).misses.length;
  assert.equal(misses(alerts(2, 'medium')), 0);
  assert.equal(misses(alerts(3, 'medium')), 1);
  assert.equal(misses(alerts(9, 'low')), 0);
  assert.equal(misses(alerts(1, 'high')), 1);
  assert.equal(perWeek(judge([], alerts(3, 'medium'), ['one']).falseAlerts, 'low', 1), 1.5);
});
