/** The configuration schema in words: for the documentation and for messages about wrong values. */
import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The part of JSON Schema that the configuration uses, and `allowed`: words in place of a derived type. */
export interface SchemaNode {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  required?: string[];
  allowed?: string;
}

const root = z.toJSONSchema(configSchema, { io: 'input' }) as SchemaNode;

/** The schema of the value at a path such as ['channels', 0, 'name']; undefined where there is none. */
export function schemaAt(path: readonly PropertyKey[]): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((node, step) => node && childOf(node, step), root);
}

function childOf(node: SchemaNode, step: PropertyKey): SchemaNode | undefined {
  if (typeof step === 'number') return node.items;
  const properties: Record<string, SchemaNode> = node.properties ?? {};
  if (Object.hasOwn(properties, step)) return properties[String(step)];
  if (typeof node.additionalProperties === 'object') return node.additionalProperties;
  for (const branch of node.anyOf ?? []) {
    const child = childOf(branch, step);
    if (child !== undefined) return child;
  }
  return undefined;
}

/** What a value may be, in words that follow "must be": `a whole number from 1 to 100000`. */
export function allowedValue(node: SchemaNode): string {
  if (node.allowed !== undefined) return node.allowed;
  if (node.enum !== undefined) return `one of ${node.enum.join(', ')}`;
  if (node.type === 'integer') return `a whole number from ${node.minimum} to ${node.maximum}`;
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
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const key = prefix + name;
    if (child.type === 'object' && child.properties !== undefined) return keysOf(child, `${key}.`);
    const listed = child.items?.properties === undefined ? [] : keysOf(child.items, `${key}[].`);
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

/** One row per key of the configuration file, in the order of the schema. */
export const CONFIG_REFERENCE: readonly ConfigKey[] = keysOf(root, '');
