/** Reads the file of a Sigma rule. Whoever wrote it is unknown: sizes are bounded, and nothing in it is taken on trust. */
import { isMap, isScalar, isSeq, parseAllDocuments, Scalar, type YAMLMap } from 'yaml';
import { z } from 'zod';
import { issuesIn } from '../schema-issues.ts';
import { refusal } from './sigma-error.ts';

/** Longest file that is read, in UTF-16 units; rules have a few thousand. */
export const MAX_RULE_LENGTH = 65_536;
const MAX_VALUES = 1_000;
const MAX_VALUE_LENGTH = 1_000;
const MAX_NAME_LENGTH = 100;
const MAX_SELECTIONS = 100;
const MAX_CONDITION_LENGTH = 2_000;
const HINT =
  'See https://sigmahq.io/docs/basics/rules.html for the form, and docs/writing-detectors.md for what fits.';

/** A value with its text as the file has it: `00000` stays what it is. */
export type RuleValue = { text: string } | { boolean: boolean } | { number: string } | null;

/** Question to a field, or to the whole text of an event where `field` is null. */
export interface RuleItem {
  field: string | null;
  modifiers: string[];
  values: RuleValue[];
}

/** One of the groups holds, and in it every item. */
export type Selection = readonly (readonly RuleItem[])[];

export interface Rule {
  title: string;
  id: string | null;
  author: string | null;
  references: string[];
  product: string | null;
  service: string | null;
  tags: string[];
  falsePositives: string[];
  level: string;
  /** One of them holds. */
  conditions: string[];
  selections: ReadonlyMap<string, Selection>;
}

const text = z.string().max(2_000);
const texts = z.union([text, z.array(text).max(100)]).nullish();
const header = z.object({
  title: z.string().min(1).max(256),
  id: z.string().max(100).nullish(),
  author: text.nullish(),
  references: texts,
  logsource: z.object({ product: text.nullish(), service: text.nullish() }),
  tags: texts,
  falsepositives: texts,
  level: z.enum(['informational', 'low', 'medium', 'high', 'critical']).nullish(),
});

/** @throws PgvigilError DETECTOR_INVALID saying what the rule has that is not understood */
export function parseRule(file: string): Rule {
  if (file.length > MAX_RULE_LENGTH) throw refusal(`it is longer than ${MAX_RULE_LENGTH} characters`, HINT);
  const root = documentOf(file);
  const parsed = header.safeParse(root.toJSON());
  if (!parsed.success) throw refusal(issuesIn(parsed.error), HINT);
  const { title, id, author, references, logsource, tags, falsepositives, level } = parsed.data;
  const detection = root.get('detection');
  if (!isMap(detection)) throw refusal('there is no detection', HINT);
  return {
    title,
    id: id ?? null,
    author: author ?? null,
    references: listed(references),
    product: logsource.product ?? null,
    service: logsource.service ?? null,
    tags: listed(tags),
    falsePositives: listed(falsepositives),
    level: level ?? 'medium',
    conditions: conditionsOf(detection),
    selections: selectionsOf(detection),
  };
}

function documentOf(file: string): YAMLMap {
  try {
    // Strict: a key that stands twice is an error. Without aliases a short file stays short.
    const documents = parseAllDocuments(file, { logLevel: 'silent' });
    if (!Array.isArray(documents) || documents.length !== 1)
      throw new Error('the file holds not one document');
    const [document] = documents;
    if (document?.errors[0] !== undefined) throw document.errors[0];
    document?.toJS({ maxAliasCount: 0 });
    if (isMap(document?.contents)) return document.contents as YAMLMap;
  } catch (error) {
    throw refusal(`it is no YAML that can be read: ${String((error as Error).message).split('\n')[0]}`, HINT);
  }
  throw refusal('it is no map of keys and values', HINT);
}

function conditionsOf(detection: YAMLMap): string[] {
  const condition = detection.get('condition', true) as unknown;
  const items = isSeq(condition) ? condition.items : [condition];
  const conditions = items.map((item) => (isScalar(item) ? item.value : undefined));
  if (conditions.length === 0 || conditions.length > 20)
    throw refusal('condition: one to twenty are expected', HINT);
  return conditions.map((one) => {
    if (typeof one === 'string' && one.length <= MAX_CONDITION_LENGTH) return one;
    throw refusal(`condition: a text of at most ${MAX_CONDITION_LENGTH} characters is expected`, HINT);
  });
}

function selectionsOf(detection: YAMLMap): Map<string, Selection> {
  const selections = new Map<string, Selection>();
  let values = 0;
  for (const { key, value } of detection.items) {
    const name = nameOf(key);
    if (name === 'condition') continue;
    if (name === 'timeframe') throw refusal('timeframe: rules that count are not taken over', HINT);
    const selection = selectionOf(name, value);
    values += selection.flat().reduce((sum, item) => sum + item.values.length, 0);
    if (values > MAX_VALUES) throw refusal(`detection has more than ${MAX_VALUES} values`, HINT);
    selections.set(name, selection);
  }
  if (selections.size === 0 || selections.size > MAX_SELECTIONS)
    throw refusal(`detection: 1 to ${MAX_SELECTIONS} selections are expected`, HINT);
  return selections;
}

function selectionOf(name: string, value: unknown): Selection {
  if (isMap(value)) return [itemsOf(name, value)];
  if (!isSeq(value)) return [[{ field: null, modifiers: [], values: [readValue(name, value)] }]];
  if (value.items.length === 0) throw refusal(`${name} is empty`, HINT);
  return value.items.map((item) =>
    isMap(item) ? itemsOf(name, item) : [{ field: null, modifiers: [], values: [readValue(name, item)] }],
  );
}

function itemsOf(name: string, map: YAMLMap): RuleItem[] {
  if (map.items.length === 0) throw refusal(`${name} is empty`, HINT);
  return map.items.map(({ key, value }) => {
    const [field = '', ...modifiers] = nameOf(key).split('|');
    const values = isSeq(value) ? value.items.map((item) => readValue(name, item)) : [readValue(name, value)];
    if (values.length === 0) throw refusal(`${name}.${field} has no values`, HINT);
    return { field: field === '' ? null : field, modifiers, values };
  });
}

function nameOf(key: unknown): string {
  const name = isScalar(key) ? key.value : undefined;
  if (typeof name === 'string' && name.length <= MAX_NAME_LENGTH) return name;
  throw refusal(`detection: names are texts of at most ${MAX_NAME_LENGTH} characters`, HINT);
}

function readValue(name: string, scalar: unknown): RuleValue {
  if (scalar === null) return null;
  if (!isScalar(scalar)) throw refusal(`${name}: a value is a map or a list`, HINT);
  const { value } = scalar;
  if (value === null) return null;
  if (typeof value === 'boolean') return { boolean: value };
  const isPlain = scalar.type === Scalar.PLAIN;
  const written = typeof value === 'string' ? value : (scalar.source ?? String(value));
  if (written.length > MAX_VALUE_LENGTH)
    throw refusal(`${name}: a value is longer than ${MAX_VALUE_LENGTH} characters`, HINT);
  if (written.includes('\0')) throw refusal(`${name}: a value holds a NUL character`, HINT);
  return isPlain && typeof value === 'number' ? { number: written } : { text: written };
}

function listed(value: string | string[] | null | undefined): string[] {
  return value === null || value === undefined ? [] : [value].flat();
}
