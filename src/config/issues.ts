/** Turns what the schema found into sentences: where, what is allowed, what was probably meant. */
import type { z } from 'zod';
import { closest } from '../closest.ts';
import { printable } from '../printable.ts';
import { allowedValue, schemaAt } from './reference.ts';

export interface Finding {
  path: readonly PropertyKey[];
  /** Follows the key in a sentence. Holds no values: they may be secrets in the wrong place. */
  problem: string;
  hint?: string;
}

const LONGEST_KEY = 64;

/** `channels[0].name`; keys are shown as text that cannot harm a terminal. */
export function keyPath(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number'
        ? `[${step}]`
        : `${index > 0 ? '.' : ''}${printable(String(step).slice(0, LONGEST_KEY))}`,
    )
    .join('');
}

/** The findings behind an issue of the schema; `input` is the whole value that was checked. */
export function findingsOf(issue: z.core.$ZodIssue, input: unknown): Finding[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue.path, key, input));
  const { path } = issue;
  if (valueAt(input, path) === undefined && issue.code !== 'custom') {
    const node = schemaAt(path, input);
    return [{ path, problem: `is missing: ${node ? allowedValue(node) : 'a value'}` }];
  }
  if (issue.code === 'custom') return [{ path, problem: issue.message }];
  if (issue.code === 'invalid_union' && issue.errors.length > 0 && issue.message !== 'Invalid input') {
    return [{ path, problem: issue.message }];
  }
  const node = schemaAt(path, input);
  return [{ path, problem: `must be ${node ? allowedValue(node) : 'another value'}` }];
}

function unknownKey(section: readonly PropertyKey[], key: string, input: unknown): Finding {
  const known = Object.keys(schemaAt(section, input)?.properties ?? {});
  const guess = closest(key, known);
  return {
    path: [...section, key],
    problem: 'is not a known key',
    hint: guess === undefined ? `Known keys there: ${known.join(', ')}.` : `Did you mean ${guess}?`,
  };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const step of path) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}
