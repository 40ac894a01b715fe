/** Small readers for the JSON of the PL/pgSQL compiler. What is false, zero or empty is left out there. */

export type Json = Record<string, unknown>;

/** An expression or statement as the body has it. */
export interface Expression {
  text: string;
  /** A whole statement, an expression, or an assignment `variable := expression`. */
  mode: 'statement' | 'expression' | 'assignment';
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A node is an object with one key, the name of its type. */
export function nodeOf(value: unknown): { kind: string; node: Json } {
  const [entry] = Object.entries(typeof value === 'object' && value !== null ? value : {});
  const [kind, node] = entry ?? ['', {}];
  return { kind, node: (typeof node === 'object' && node !== null ? node : {}) as Json };
}

/** The nodes of a list, without the names of their types. */
export function nodesOf(value: unknown): Json[] {
  return listOf(value).map((item) => nodeOf(item).node);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

export function expressionOf(value: unknown): Expression | null {
  const { kind, node } = nodeOf(value);
  if (kind !== 'PLpgSQL_expr') return null;
  // RawParseMode of PostgreSQL: 0 statement, 2 expression, 3 to 5 assignment.
  const mode = numberOf(node.parseMode);
  return {
    text: textOf(node.query),
    mode: mode === 0 ? 'statement' : mode === 2 ? 'expression' : 'assignment',
  };
}
