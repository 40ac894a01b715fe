/** What a condition asks about: the text of a column, or its list. */
import { constantOf, type Parameters } from './constant.ts';
import { columnName, type Placed } from './relation.ts';
import { nodes, Untranslated } from './tree.ts';

export interface TextOperand {
  column: string;
  isLower: boolean;
  /** What stands in place of null; null: nothing does. */
  fallback: string | null;
  /** Its values are words of PostgreSQL or of pgvigil, which differ in more than case. */
  isVocabulary: boolean;
}

export interface ListOperand {
  column: string;
  /** What it is intersected with; null: it stands alone. */
  shared: string[] | null;
  isVocabulary: boolean;
}

const VOCABULARY = new Set([
  'audit_type',
  'catalogs',
  'flags',
  'kinds',
  'role_options',
  'category',
  'class',
  'command',
  'level',
  'method',
  'outcome',
  'reason',
  'setting_scope',
  'source',
  'sqlstate',
  'tls_version',
]);

/** @throws Untranslated */
export function textOf({ node: expression, scope }: Placed, parameters: Parameters): TextOperand {
  if (expression.class === 'COLUMN_REF') {
    const found = scope(columnName(expression));
    if (found === undefined) throw new Untranslated(`column ${columnName(expression)} cannot be followed`);
    if ('node' in found) return textOf(found, parameters);
    const { column, type } = found;
    if (type !== 'VARCHAR')
      throw new Untranslated(`compares the ${type.endsWith('[]') ? 'list' : 'number'} ${column} as a whole`);
    return { column, isLower: false, fallback: null, isVocabulary: VOCABULARY.has(column) };
  }
  const [first, second, ...others] = nodes(expression.children).map((child) => ({ node: child, scope }));
  if (expression.class === 'FUNCTION' && expression.function_name === 'lower' && first && !second) {
    const operand = textOf(first, parameters);
    return { ...operand, isLower: true, fallback: operand.fallback?.toLowerCase() ?? null };
  }
  if (expression.type === 'OPERATOR_COALESCE' && first && second && others.length === 0) {
    const fallback = constantOf(second.node, parameters);
    const operand = textOf(first, parameters);
    if (typeof fallback === 'string') return { ...operand, fallback: operand.fallback ?? fallback };
  }
  throw new Untranslated(`asks about what ${named(expression)} makes, not about a column`);
}

/** @throws Untranslated */
export function listOf({ node: expression, scope }: Placed, parameters: Parameters): ListOperand {
  if (expression.class === 'COLUMN_REF') {
    const found = scope(columnName(expression));
    if (found === undefined) throw new Untranslated(`column ${columnName(expression)} cannot be followed`);
    if ('node' in found) return listOf(found, parameters);
    if (found.type !== 'VARCHAR[]') throw new Untranslated(`column ${found.column} is no list of texts`);
    return { column: found.column, shared: null, isVocabulary: VOCABULARY.has(found.column) };
  }
  const [first, second] = nodes(expression.children).map((child) => ({ node: child, scope }));
  if (first !== undefined && ['list_sort', 'list_distinct'].includes(String(expression.function_name)))
    return listOf(first, parameters);
  if (first !== undefined && second !== undefined && expression.function_name === 'list_intersect') {
    const list = listOf(first, parameters);
    const shared = constantOf(second.node, parameters);
    if (list.shared === null && Array.isArray(shared)) return { ...list, shared };
  }
  throw new Untranslated(`asks about what ${named(expression)} makes, not about a column`);
}

function named(expression: { [key: string]: unknown }): string {
  return String(expression.function_name ?? expression.class).toLowerCase();
}
