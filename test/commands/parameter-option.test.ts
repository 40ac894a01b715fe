import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ParameterTexts, parameterOption } from '../../src/commands/parameter-option.ts';

const parse = (text: string, before?: ParameterTexts) =>
  parameterOption().parseArg!(text, before as never) as ParameterTexts;

test('values are gathered by their names, whatever stands in them', () => {
  let values = parse('user=');
  values = parse("since=a=b; --'\n", values);
  values = parse('__proto__=x', values);
  assert.deepEqual(Object.entries(values), [
    ['user', ''],
    ['since', "a=b; --'\n"],
    ['__proto__', 'x'],
  ]);
});

test('what is no name and value, or given twice, is refused', () => {
  for (const text of ['', 'user', '=x', 'a b=x', '$user=x'])
    assert.throws(() => parse(text), /name and a value/);
  assert.throws(() => parse('user=b', parse('user=a')), /twice/);
});
