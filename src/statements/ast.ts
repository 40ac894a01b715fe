/** Small readers for libpg-query's parse tree. A node is an object with one key, the name of its type. */
import type { Node, RangeVar, RoleSpec } from 'libpg-query';

type KeyOf<T> = T extends unknown ? keyof T : never;
export type NodeName = KeyOf<Node>;
export type NodeOf<K extends NodeName> = Extract<Node, Record<K, unknown>>[K];

/** The node's content if it is of this type. */
export function as<K extends NodeName>(node: Node | undefined, name: K): NodeOf<K> | undefined {
  return node === undefined
    ? undefined
    : ((node as Partial<Record<NodeName, unknown>>)[name] as NodeOf<K> | undefined);
}

/** Texts of a list of String nodes: the parts of a qualified name. */
export function strings(nodes: readonly Node[] | undefined): string[] {
  const out: string[] = [];
  for (const node of nodes ?? []) {
    const value = as(node, 'String')?.sval;
    if (value !== undefined) out.push(value);
  }
  return out;
}

/** Last part of a qualified name, lower case: `pg_catalog.Chr` → `chr`. */
export function lastName(nodes: readonly Node[] | undefined): string {
  return strings(nodes).at(-1)?.toLowerCase() ?? '';
}

/** True where `constantText` finds a text, told without looking at the value. */
export function isConstant(node: Node | undefined): boolean {
  const inner = withoutCasts(node);
  const constant = as(inner, 'A_Const');
  if (constant !== undefined)
    return (constant.sval ?? constant.ival ?? constant.fval ?? constant.boolval) !== undefined;
  return (as(inner, 'String')?.sval ?? as(inner, 'Float')?.fval ?? as(inner, 'Integer')) !== undefined;
}

/** What is cast, at the bottom of any number of casts. */
export function withoutCasts(node: Node | undefined): Node | undefined {
  let inner = node;
  for (let cast = as(inner, 'TypeCast'); cast !== undefined; cast = as(inner, 'TypeCast')) inner = cast.arg;
  return inner;
}

/** Text of a constant, casts removed: a string as it is, a number as written, `true`; null for anything else. */
export function constantText(node: Node | undefined): string | null {
  const inner = withoutCasts(node);
  const constant = as(inner, 'A_Const');
  if (constant !== undefined) {
    if (constant.sval) return constant.sval.sval ?? '';
    if (constant.ival) return String(constant.ival.ival ?? 0);
    if (constant.fval) return constant.fval.fval ?? '0';
    if (constant.boolval) return String(constant.boolval.boolval ?? false);
    return null;
  }
  return as(inner, 'String')?.sval ?? as(inner, 'Float')?.fval ?? integerText(inner);
}

function integerText(node: Node | undefined): string | null {
  const integer = as(node, 'Integer');
  return integer === undefined ? null : String(integer.ival ?? 0);
}

/** Name of a role, lower case; `public`, `current_user`, … for the special ones. */
export function roleName(role: RoleSpec | undefined): string {
  if (role === undefined) return '';
  if (role.rolename !== undefined) return role.rolename.toLowerCase();
  return (role.roletype ?? '').replace('ROLESPEC_', '').toLowerCase();
}

export function roleNames(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).map((node) => roleName(as(node, 'RoleSpec'))).filter((name) => name !== '');
}

/** `schema.table` or `table`, lower case. */
export function relationName(relation: RangeVar | undefined): string {
  if (relation === undefined) return '';
  const table = (relation.relname ?? '').toLowerCase();
  return relation.schemaname === undefined ? table : `${relation.schemaname.toLowerCase()}.${table}`;
}

/** A boolean option as DefElem holds it: absent means true. */
export function isOn(arg: Node | undefined): boolean {
  const value = as(arg, 'Boolean');
  if (value !== undefined) return value.boolval === true;
  const text = constantText(arg);
  return text === null || !/^(?:false|off|no|0)$/i.test(text);
}

/** Functions that look at nodes by type, at any depth. */
export type NodeHandlers<Context> = { [K in NodeName]?: (node: NodeOf<K>, context: Context) => void };

type AnyHandler<Context> = (node: unknown, context: Context) => void;

/**
 * A function that calls every handler for every node below a tree, parents first, in the order of the text.
 * It keeps its own stack, so that no tree is too deep for it.
 */
export function visitor<Context>(
  groups: readonly NodeHandlers<Context>[],
): (tree: unknown, context: Context) => void {
  const handlers = new Map<string, AnyHandler<Context>[]>();
  for (const group of groups)
    for (const [name, handler] of Object.entries(group))
      handlers.set(name, [...(handlers.get(name) ?? []), handler as AnyHandler<Context>]);
  return (tree, context) => {
    const pending: [name: string, value: object][] = [['', tree as object]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [name, value] = next;
      for (const handler of handlers.get(name) ?? []) handler(value, context);
      const keys = Object.keys(value);
      for (let i = keys.length - 1; i >= 0; i -= 1) {
        const inner = (value as Record<string, unknown>)[keys[i]!];
        if (typeof inner === 'object' && inner !== null) pending.push([keys[i]!, inner]);
      }
    }
  };
}
