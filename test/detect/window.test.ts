/** The promise: a detector looks back as far as its front matter says, and a file that hides it is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDetector } from '../../src/detect/detector.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import { windowLength } from '../../src/detect/window.ts';
import { MINUTE } from './support.ts';

function detectorWith(line: string, condition = 'event_time > $since') {
  return parseDetector(
    '/tests/T01.sql',
    `/*---
id: T01
name: test.t01
title: A detector for tests
severity: low
attack: []
risk: 50
tactic: discovery
quiet: 1m
${line}
requires: []
parameters: { window: { type: duration, default: 10m, help: Time. }, min: { type: number, default: 1, help: Number. } }
false_positives: []
runbook: [Look.]
---*/
SELECT * FROM sign_ins WHERE ${condition}`,
  );
}

const reach = (line: string, overrides = {}) => {
  const detector = detectorWith(line);
  return windowLength(detector.window, bindParameters(detector, overrides)) / MINUTE;
};

test('a window is a duration, a parameter, or a multiple of one', () => {
  assert.equal(reach('window: 1h'), 60);
  assert.equal(reach('window: $window'), 10);
  assert.equal(reach('window: 2 * $window'), 20);
  assert.equal(reach('window: 2 * $window', { window: '1h' }), 120);
  assert.equal(reach('window: 2 * $window + 5m + $window'), 35);
  assert.equal(reach(''), 0);
});

test('anything else is refused, with the line', () => {
  for (const window of ['soon', '$window * 2', '$min', '$missing', '2'])
    assert.throws(() => detectorWith(`window: "${window}"`), /T01\.sql:10: window/, window);
});

test('a SELECT that looks back without saying how far is refused', () => {
  assert.throws(() => detectorWith('', 'event_time > $since - 2 * $window'), /no window that says how far/);
  assert.doesNotThrow(() => detectorWith('window: 2 * $window', 'event_time > $since - 2 * $window'));
});
