/** Holds an event of OCSF against the facts of the schema in fixtures/ocsf. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

interface Attribute {
  type: string;
  requirement: 'required' | 'recommended' | 'optional';
  array?: boolean;
  deprecated?: boolean;
  sibling?: string;
  enum?: Record<string, string>;
}

interface ObjectFacts {
  attributes: Record<string, Attribute>;
  constraints?: { at_least_one?: string[]; just_one?: string[] };
}

interface Facts {
  class: ObjectFacts;
  objects: Record<string, ObjectFacts>;
  types: Record<string, { type: string; max_len?: number }>;
}

const FACTS = JSON.parse(
  readFileSync(new URL('../../../fixtures/ocsf/detection-finding.json', import.meta.url), 'utf8'),
) as Facts;

/** Value of an enumeration whose caption is the source's own word. */
const OTHER = 99;

/** Everything by which an event is not a Detection Finding, each with its path; none for a valid one. */
export function findingProblems(event: unknown): string[] {
  const problems = objectProblems('', event, FACTS.class);
  if (problems.length > 0) return problems;
  const { class_uid, activity_id, type_uid } = event as Record<string, number>;
  // "Type ID" is calculated: class_uid * 100 + activity_id.
  return type_uid === class_uid! * 100 + activity_id! ? [] : ['.type_uid is not of this class and activity'];
}

function objectProblems(
  path: string,
  value: unknown,
  { attributes, constraints = {} }: ObjectFacts,
): string[] {
  if (!isObject(value)) return [`${path} is not an object`];
  const has = (name: string) => Object.hasOwn(value, name);
  const { at_least_one: some = [], just_one: one = [] } = constraints;
  const problems = [
    ...Object.entries(attributes)
      .filter(([name, { requirement }]) => requirement === 'required' && !has(name))
      .map(([name]) => `${path}.${name} is missing`),
    ...(some.length > 0 && !some.some(has) ? [`${path} has none of ${some.join(', ')}`] : []),
    ...(one.length > 0 && one.filter(has).length !== 1
      ? [`${path} has not just one of ${one.join(', ')}`]
      : []),
  ];
  for (const [name, field] of Object.entries(value)) {
    const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    problems.push(
      ...(attribute === undefined
        ? [`${path}.${name} is not known`]
        : [
            ...attributeProblems(`${path}.${name}`, field, attribute),
            ...siblingProblems(`${path}.${name}`, field, value, attribute),
          ]),
    );
  }
  return problems;
}

function attributeProblems(path: string, value: unknown, attribute: Attribute): string[] {
  if (attribute.deprecated) return [`${path} is deprecated`];
  if (!attribute.array) return valueProblems(path, value, attribute);
  if (!Array.isArray(value)) return [`${path} is not a list`];
  return value.flatMap((one, index) => valueProblems(`${path}[${index}]`, one, attribute));
}

function valueProblems(path: string, value: unknown, { type, enum: values }: Attribute): string[] {
  if (values !== undefined && !Object.hasOwn(values, String(value))) return [`${path} is none of its values`];
  // The generic object, which has no attributes of its own and may hold anything.
  if (type === 'object') return isObject(value) ? [] : [`${path} is not an object`];
  const known = FACTS.types[type];
  if (known !== undefined) {
    const isTooLong = typeof value === 'string' && value.length > (known.max_len ?? Number.POSITIVE_INFINITY);
    return isOfType(value, known.type) && !isTooLong && (type !== 'ip_t' || isIP(String(value)) !== 0)
      ? []
      : [`${path} is not of type ${type}`];
  }
  const facts = FACTS.objects[type];
  return facts === undefined ? [`${path}: nothing is known of ${type}`] : objectProblems(path, value, facts);
}

/** The sibling of an enumeration says the same in a word: that of the schema, or for Other any. */
function siblingProblems(
  path: string,
  value: unknown,
  parent: Record<string, unknown>,
  { sibling, enum: values }: Attribute,
): string[] {
  if (sibling === undefined || values === undefined) return [];
  const caption = parent[sibling];
  if (value === OTHER)
    return typeof caption === 'string' ? [] : [`${path} is Other, and ${sibling} is missing`];
  const isRight = caption === undefined || caption === values[String(value)];
  return isRight ? [] : [`${path} and ${sibling} do not say the same`];
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'string_t') return typeof value === 'string';
  if (type === 'boolean_t') return typeof value === 'boolean';
  if (type === 'integer_t' || type === 'long_t') return Number.isSafeInteger(value);
  if (type === 'float_t') return Number.isFinite(value);
  return type === 'json_t' && value !== null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
