/** The promise: a parameter on the command line means what it means in the configuration, and comes before it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsOf } from '../../src/backtest/settings.ts';
import type { Detector } from '../../src/detect/detector.ts';
import { bindParameters } from '../../src/detect/parameters.ts';

const detector = {
  id: 'Z01',
  file: 'z01.sql',
  parameters: {
    limit: { type: 'number', default: 10, min: 2, max: 99, help: 'How many.' },
    window: { type: 'duration', default: '10m', help: 'How long.' },
    readers: { type: 'strings', default: ['hr'], help: 'Who may.' },
    name: { type: 'string', default: 'x', help: 'Whose.' },
  },
} as unknown as Detector;

test('each type, over the configuration, the last one of a name', () => {
  const given = ['limit=12', 'limit=1.5e1', 'window=2h', 'readers=a, b', 'name=a=b'];
  const { values, changed } = settingsOf(detector, { limit: 3, name: 'y' }, given);
  const expected = { limit: 15, window: '2h', readers: ['a', 'b'], name: 'a=b' };
  assert.deepEqual(changed, expected);
  assert.deepEqual(values, bindParameters(detector, expected));
  assert.deepEqual(settingsOf(detector, { limit: 3 }, []).changed, { limit: 3 });
});

test('a list may be empty, or JSON where names hold commas', () => {
  const readers = (text: string) => settingsOf(detector, {}, [`readers=${text}`]).changed.readers;
  assert.deepEqual(readers(''), []);
  assert.deepEqual(readers('["a,b"," c"]'), ['a,b', ' c']);
});

test('what cannot be is refused with the reason and what there is', () => {
  const refused = (text: string, pattern: RegExp) =>
    assert.throws(
      () => settingsOf(detector, {}, [text]),
      (error: Error & { code?: string; hint?: string }) =>
        error.code === 'USAGE' && pattern.test(`${error.message} | ${error.hint}`),
      text,
    );
  refused('limit', /there is no name=value \| Parameters of Z01: limit, window, readers, name/);
  refused('limits=3', /Z01 has no such parameter \| Parameters of Z01: limit/);
  refused('toString=3', /Z01 has no such parameter/);
  refused('limit=', /^--set limit=: must be a number \| limit: How many\./);
  refused('limit=1', /must lie between 2 and 99/);
  refused('window=soon', /must be a duration/);
  refused('readers=[1]', /must be a list of texts/);
  refused('readers=[', /must be a list of texts/);
});
