/** One question of a rule to a field as SQL. */
import { literal } from './literal.ts';
import { matchText, type Placement } from './pattern.ts';
import type { RuleItem, RuleValue } from './rule.ts';
import { refusal } from './sigma-error.ts';

export interface Matcher {
  sql: string;
  /** Regular expressions of the rule, which RE2 has still to accept. */
  expressions: string[];
}

const KNOWN = ['contains', 'startswith', 'endswith', 'all', 're', 'i', 'm', 's', 'exists'];
const HINT = `Modifiers that are taken over: ${KNOWN.join(', ')} (i, m, s behind re).`;

/** @throws PgvigilError DETECTOR_INVALID for what does not fit the column */
export function matchColumn(column: string, type: string, item: RuleItem): Matcher {
  const { modifiers, values } = item;
  const unknown = modifiers.find((modifier) => !KNOWN.includes(modifier));
  if (unknown !== undefined) throw refusal(`${item.field}|${unknown}: the modifier is not taken over`, HINT);
  if (modifiers.includes('exists')) return exists(column, item);
  const expressions: string[] = [];
  const nulls = values.filter((value) => value === null).map(() => `${column} IS NULL`);
  if (nulls.length > 0 && modifiers.length > 0) return wrong(item, 'null takes no modifier');
  const parts = values
    .filter((value) => value !== null)
    .map((value) => {
      switch (type) {
        case 'BOOLEAN':
          return `${column} = ${booleanOf(value, item)}`;
        case 'VARCHAR':
          return textMatch(column, value, item, expressions);
        case 'VARCHAR[]':
          return textMatch('item', value, item, expressions);
        case 'BIGINT':
        case 'INTEGER':
          return `${column} = ${numberOf(value, item)}`;
        default:
          return wrong(item, `the column ${column} cannot be matched`);
      }
    });
  const word = modifiers.includes('all') ? 'AND' : 'OR';
  const filled = type === 'VARCHAR[]' ? ofElements(column, parts, word) : parts;
  return { sql: joined([...new Set([...filled, ...nulls])], word), expressions };
}

/** An element fits one of several, or there is one for each. */
function ofElements(column: string, parts: readonly string[], word: 'AND' | 'OR'): string[] {
  const wanted = word === 'AND' || parts.length === 0 ? parts : [joined(parts, 'OR')];
  return wanted.map((part) => `len(list_filter(${column}, lambda item: ${part})) > 0`);
}

export function joined(parts: readonly string[], word: 'AND' | 'OR'): string {
  return parts.length === 1 ? parts[0]! : `(${parts.join(` ${word} `)})`;
}

function exists(column: string, item: RuleItem): Matcher {
  const [value] = item.values;
  if (item.modifiers.length > 1 || item.values.length !== 1 || !value || !('boolean' in value))
    return wrong(item, 'exists takes one value, true or false');
  return { sql: `${column} IS ${value.boolean ? 'NOT ' : ''}NULL`, expressions: [] };
}

function textMatch(
  expression: string,
  value: RuleValue & object,
  item: RuleItem,
  expressions: string[],
): string {
  const text = 'text' in value ? value.text : 'number' in value ? value.number : String(value.boolean);
  const [first, ...others] = item.modifiers.filter((modifier) => modifier !== 'all');
  if (first === 're') {
    if (others.some((flag) => !'ims'.includes(flag))) return wrong(item, 're takes i, m and s only');
    const flags = [...new Set(others)].sort().join('');
    const pattern = flags === '' ? text : `(?${flags})${text}`;
    expressions.push(pattern);
    return `regexp_matches(${expression}, ${literal(pattern)})`;
  }
  if (others.length > 0 || 'ims'.includes(first ?? '-'))
    return wrong(item, `the modifiers ${item.modifiers.join(', ')} do not go together`);
  return matchText(expression, text, (first ?? 'whole') as Placement);
}

function booleanOf(value: RuleValue & object, item: RuleItem): string {
  const text = 'boolean' in value ? String(value.boolean) : 'text' in value ? value.text.toLowerCase() : '';
  if (item.modifiers.length === 0 && (text === 'true' || text === 'false')) return text;
  return wrong(item, 'the column is true or false');
}

function numberOf(value: RuleValue & object, item: RuleItem): string {
  const text = 'number' in value ? value.number : 'text' in value ? value.text : '';
  if (item.modifiers.every((modifier) => modifier === 'all') && /^-?[0-9]{1,18}$/.test(text)) return text;
  return wrong(item, 'the column is a whole number');
}

function wrong(item: RuleItem, reason: string): never {
  throw refusal(`${[item.field ?? '', ...item.modifiers].join('|')}: ${reason}`, HINT);
}
