/** The tree that DuckDB's `json_serialize_sql` makes of a query, as far as it is read here. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Node = { [key: string]: Json };

/** Why a detector has no translation; the message is shown as it is. */
export class Untranslated extends Error {}

export function isNode(value: Json | undefined): value is Node {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export function node(value: Json | undefined): Node {
  if (!isNode(value)) throw new Untranslated('a part of the SQL is of an unknown form');
  return value;
}

export function nodes(value: Json | undefined): Node[] {
  return Array.isArray(value) ? value.map(node) : [];
}

/** The query of a serialised text that holds exactly one. */
export function queryOf(serialized: string): Node {
  const tree = node(JSON.parse(serialized) as Json);
  const statements = nodes(tree.statements);
  if (tree.error !== false || statements.length !== 1) throw new Untranslated('the SQL cannot be read');
  return node(statements[0]!.node);
}

/** Names of all functions below a node. Without recursion: the depth is the author's choice. */
export function functionsIn(root: Json): Set<string> {
  const names = new Set<string>();
  const pending: Json[] = [root];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (Array.isArray(value)) pending.push(...value);
    else if (isNode(value)) {
      if (value.class === 'FUNCTION') names.add(String(value.function_name).toLowerCase());
      pending.push(...Object.values(value));
    }
  }
  return names;
}
