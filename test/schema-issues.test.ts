/** The promise: an error says what is wrong with all of a file, in words of the file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { issuesIn } from '../src/schema-issues.ts';

const file = z.strictObject({
  id: z.string(),
  risk: z.int().max(100),
  runbook: z.array(z.string()).min(1),
  parameters: z.record(z.string(), z.strictObject({ help: z.string() })),
});

function issues(value: unknown, schema: z.ZodType = file): string {
  const checked = schema.safeParse(value);
  assert.ok(!checked.success);
  return issuesIn(checked.error);
}

test('what is missing is called missing, wherever it is', () => {
  assert.equal(
    issues({ id: 'Z01', risk: 5, parameters: { z: {} } }),
    'runbook: is missing; parameters.z.help: is missing',
  );
});

test('what is wrong is told with its place, and the whole with none', () => {
  assert.match(issues({ id: 'Z01', risk: 500, runbook: ['ask'], parameters: {} }), /^risk: Too big/);
  assert.match(issues([]), /^Invalid input: expected object/);
  assert.match(issues({ id: 'Z01', risk: 5, runbook: ['ask'], parameters: {}, kwiet: 1 }), /kwiet/);
});

test('many are counted', () => {
  assert.match(issues([1, 2, 3, 4, 5, 6, 7], z.array(z.string())), /^0: .*; 4: .*; and 2 more$/);
});
