/** The promise: what the labels say is in the records, and every attack lies in the days that are judged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ATTACKS } from '../../fixtures/evaluation/attacks/program.ts';
import { decodeMessage } from '../../src/decode/message.ts';
import { compilePrefix } from '../../src/decode/prefix/prefix.ts';
import { END, JUDGED_FROM } from './calendar.ts';
import { bySession, readAttacks, readDemoLabels, readEvaluationLabels, readWork } from './recordings.ts';
import { placeScenarios } from './scenarios.ts';
import { messagesOf } from './stream.ts';

const scenarios = placeScenarios();

test('every label refers to events of the recording, and every scene has its label', () => {
  const { attacks, work } = readEvaluationLabels();
  const recorded = bySession(readAttacks());
  for (const { id, sessions } of attacks)
    for (const session of sessions) assert.ok(recorded.has(session), `${id}: ${session}`);
  const ordinary = bySession(readWork());
  for (const { name, sessions } of work)
    for (const session of sessions) assert.ok(ordinary.has(session), `${name}: ${session}`);
  assert.deepEqual(attacks.map(({ id }) => id).sort(), ATTACKS.map(({ name }) => name).sort());
});

test('what a label expects is what its scene says', () => {
  const labels = new Map(readEvaluationLabels().attacks.map((label) => [label.id, label]));
  for (const { name, detectors, techniques, home, tool, minutes = null } of ATTACKS) {
    const label = labels.get(name)!;
    assert.deepEqual(
      {
        detectors: label.detectors,
        techniques: label.techniques,
        home: label.home,
        tool: label.tool,
        minutes: label.minutes,
      },
      { detectors, techniques, home, tool, minutes },
    );
  }
});

test('every attack lies in the days that are judged, and none has a session of another', () => {
  assert.equal(scenarios.length, ATTACKS.length + readDemoLabels().attacks.length);
  const owners = new Map<string, string>();
  for (const { id, server, from, to, lines, sessions, techniques, detectors } of scenarios) {
    assert.ok(from >= JUDGED_FROM && to < END, id);
    assert.ok(lines.length > 0 && techniques.length > 0 && detectors.length > 0, id);
    for (const session of sessions) {
      assert.equal(owners.get(`${server} ${session}`), undefined, `${id}: ${session}`);
      owners.set(`${server} ${session}`, id);
    }
  }
});

test('a moved record still says one time and one session', () => {
  const options = { prefixes: [compilePrefix('%t-%c-')], prefixesOf: () => undefined };
  for (const { id, lines } of scenarios) {
    const wanted = new Map(lines.map(({ session, time }) => [session, time]));
    for (const { body } of messagesOf(lines, 1)) {
      const { records, rejects } = decodeMessage(body, options);
      assert.deepEqual(rejects, [], id);
      for (const { sessionId } of records) assert.ok(wanted.has(sessionId!), `${id}: ${sessionId}`);
    }
    for (const { session, time } of lines)
      assert.ok(Number.parseInt(session, 16) * 1_000 <= time, `${id}: ${session} begins after its line`);
  }
});

test('the same places each time', () => {
  const again = placeScenarios();
  assert.deepEqual(
    again.map(({ id, from, to }) => ({ id, from, to })),
    scenarios.map(({ id, from, to }) => ({ id, from, to })),
  );
});
