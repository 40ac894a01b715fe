import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parameterOption } from '../../src/commands/parameter-option.ts';

test('values are gathered by their names, whatever stands in them', () => {
  let values = parameterOption('user=alice');
  values = parameterOption("since=a=b; --'\n", values);
  values = parameterOption('__proto__=x', values);
  values = parameterOption('user=', values);
  assert.deepEqual(Object.entries(values), [
    ['user', ''],
    ['since', "a=b; --'\n"],
    ['__proto__', 'x'],
  ]);
});

test('what is no name and value is refused', () => {
  for (const text of ['', 'user', '=x', 'a b=x', '$user=x'])
    assert.throws(() => parameterOption(text), /name=value/);
});
