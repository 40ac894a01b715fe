/** The configuration schema in words: for the documentation and for messages about wrong values. */
import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The part of JSON Schema that the configuration uses, and `allowed`: words in place of a derived type. */
export interface SchemaNode {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  /** Sections that their key `type` tells apart. */
  oneOf?: SchemaNode[];
  required?: string[];
  allowed?: string;
}

const root = z.toJSONSchema(configSchema, { io: 'input' }) as SchemaNode;

/**
 * The schema of the value at a path such as ['channels', 0, 'name']; undefined where there is none.
 *
 * @param input the whole value, which tells what a section is whose `type` decides over its keys
 */
export function schemaAt(path: readonly PropertyKey[], input?: unknown): SchemaNode | undefined {
  let node: SchemaNode | undefined = branchOf(root, input);
  let value = input;
  for (const step of path) {
    if (node === undefined) return undefined;
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[step];
    const child = childOf(node, step);
    node = child && branchOf(child, value);
  }
  return node;
}

function branchOf(node: SchemaNode, value: unknown): SchemaNode {
  const type = (value as { type?: unknown } | null | undefined)?.type;
  return node.oneOf?.find(({ properties }) => properties?.type?.const === type) ?? node;
}

function childOf(node: SchemaNode, step: PropertyKey): SchemaNode | undefined {
  if (typeof step === 'number') return node.items;
  const properties: Record<string, SchemaNode> = node.properties ?? {};
  if (Object.hasOwn(properties, step)) return properties[String(step)];
  if (typeof node.additionalProperties === 'object') return node.additionalProperties;
  if (step === 'type' && node.oneOf !== undefined) return { enum: typesOf(node.oneOf) };
  for (const branch of node.anyOf ?? node.oneOf ?? []) {
    const child = childOf(branch, step);
    if (child !== undefined) return child;
  }
  return undefined;
}

function typesOf(branches: readonly SchemaNode[]): unknown[] {
  return branches.map(({ properties }) => properties?.type?.const);
}

/** What a value may be, in words that follow "must be": `a whole number from 1 to 100000`. */
export function allowedValue(node: SchemaNode): string {
  if (node.allowed !== undefined) return node.allowed;
  if (node.const !== undefined) return String(node.const);
  if (node.enum !== undefined) return `one of ${node.enum.join(', ')}`;
  if (node.type === 'integer') return `a whole number from ${node.minimum} to ${node.maximum}`;
  if (node.oneOf !== undefined) return 'a section of keys';
  if (node.type === 'array') return 'a list';
  if (node.type === 'object') return 'a section of keys';
  return 'text';
}

export interface ConfigKey {
  /** Dotted, `[]` for the entries of a list: `channels[].name`. */
  key: string;
  /** What it may hold. */
  type: string;
  /** JSON of the default; `required`, or empty for what may be left out. */
  default: string;
  meaning: string;
}

function keysOf(node: SchemaNode, prefix: string): ConfigKey[] {
  if (node.oneOf !== undefined) return keysOfBranches(node.oneOf, prefix);
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const key = prefix + name;
    if (child.type === 'object' && child.properties !== undefined) return keysOf(child, `${key}.`);
    const listed = child.items === undefined ? [] : keysOf(child.items, `${key}[].`);
    return [
      {
        key,
        type: allowedValue(child),
        default:
          child.default !== undefined
            ? JSON.stringify(child.default)
            : node.required?.includes(name)
              ? 'required'
              : '',
        meaning: child.description ?? '',
      },
      ...listed,
    ];
  });
}

/** Keys that all branches have, then those that some have, with the types that have them. */
function keysOfBranches(branches: readonly SchemaNode[], prefix: string): ConfigKey[] {
  const types = typesOf(branches);
  const rows = new Map<string, { row: ConfigKey; types: unknown[] }>();
  for (const [index, branch] of branches.entries()) {
    for (const row of keysOf(branch, prefix)) {
      const isType = row.key === `${prefix}type`;
      const same = isType ? { ...row, type: `one of ${types.join(', ')}` } : row;
      const known = rows.get(JSON.stringify(same)) ?? { row: same, types: [] };
      known.types.push(types[index]);
      rows.set(JSON.stringify(same), known);
    }
  }
  const isCommon = (of: readonly unknown[]) => of.length === branches.length;
  const all = [...rows.values()];
  return [
    ...all.filter((one) => isCommon(one.types)).map(({ row }) => row),
    ...all
      .filter((one) => !isCommon(one.types))
      .map(({ row, types: of }) => ({ ...row, meaning: `With type ${of.join(', ')}: ${row.meaning}` })),
  ];
}

/** One row per key of the configuration file, in the order of the schema. */
export const CONFIG_REFERENCE: readonly ConfigKey[] = keysOf(root, '');
