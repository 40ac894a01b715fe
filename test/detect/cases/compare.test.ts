/** A case holds only when each alert is as it says, and no other was raised. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCases } from '../../../src/detect/cases/case-file.ts';
import { differences, type RaisedAlert } from '../../../src/detect/cases/compare.ts';

const RAISED: RaisedAlert = {
  server: 'a',
  entity: 'anna@10.1.2.3',
  severity: 'medium',
  summary: '10 sign-ins as anna refused',
  count: 10,
};

const against = (alerts: object[], raised: RaisedAlert[]) => {
  const steps = [{ line: 'LOG:  x' }];
  const [one] = parseCases('x', JSON.stringify([{ case: 'x', steps, alerts }])); // JSON is YAML
  return differences(one!, raised).length;
};

test('every part that a case names has to be right', () => {
  const whole = { entity: 'anna@10.1.2.3', severity: 'medium', summary: 'as anna', count: 10 };
  assert.equal(against([whole], [RAISED]), 0);
  assert.equal(against([{}], [RAISED]), 0, 'what is not named does not matter');
  for (const wrong of [
    { server: 'b' },
    { entity: 'bert@10.1.2.3' },
    { severity: 'high' },
    { summary: 'as bert' },
    { count: 9 },
  ])
    assert.equal(against([{ ...whole, ...wrong }], [RAISED]), 2, JSON.stringify(wrong));
});

test('one alert does not do for two, and one too many is told', () => {
  assert.equal(against([{}, {}], [RAISED]), 1);
  assert.equal(against([{}], [RAISED, RAISED]), 1);
  assert.equal(against([], [RAISED]), 1);
  assert.equal(against([], []), 0);
});
