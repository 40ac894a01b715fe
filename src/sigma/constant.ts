/** Parts of a condition that no column has a say in, with parameters at their defaults. */
import type { ParameterDefinition } from '../detect/front-matter.ts';
import { isNode, type Node, node, nodes } from './tree.ts';

export type Constant = string | number | boolean | string[];
export type Parameters = Readonly<Record<string, ParameterDefinition>>;

/** The value of an expression without columns; undefined where there is one, or it is not simple. */
export function constantOf(expression: Node, parameters: Parameters): Constant | undefined {
  switch (expression.class) {
    case 'CONSTANT':
      return literal(node(expression.value));
    case 'PARAMETER':
      return parameterDefault(String(expression.identifier), parameters);
    case 'CAST':
      return castOf(expression, parameters);
    case 'FUNCTION':
      return called(expression, parameters);
    default:
      return undefined;
  }
}

function literal(value: Node): Constant | undefined {
  const type = isNode(value.type) ? value.type.id : undefined;
  if (value.is_null === true) return undefined;
  if (type === 'VARCHAR') return String(value.value);
  if (type === 'BOOLEAN' && typeof value.value === 'boolean') return value.value;
  return type === 'INTEGER' && typeof value.value === 'number' ? value.value : undefined;
}

function parameterDefault(name: string, parameters: Parameters): Constant | undefined {
  const definition = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  return definition === undefined || definition.type === 'duration' ? undefined : definition.default;
}

/** DuckDB writes `true` and `false` as casts of a letter. */
function castOf(expression: Node, parameters: Parameters): Constant | undefined {
  const value = constantOf(node(expression.child), parameters);
  if (node(expression.cast_type).id !== 'BOOLEAN') return undefined;
  if (value === 't') return true;
  return value === 'f' ? false : undefined;
}

function called(expression: Node, parameters: Parameters): Constant | undefined {
  const name = expression.function_name;
  const children = nodes(expression.children);
  const values = children.map((child) => constantOf(child, parameters));
  if (name === 'list_transform') return Array.isArray(values[0]) && values[0].length === 0 ? [] : undefined;
  if (!values.every((value) => value !== undefined)) return undefined;
  const [first] = values;
  if (name === 'list_value') return values.every((value) => typeof value === 'string') ? values : undefined;
  if (name === 'list_concat') return values.every(Array.isArray) ? values.flat() : undefined;
  if (name === 'concat' || name === '||')
    return values.every((value) => typeof value === 'string') ? values.join('') : undefined;
  if (name === 'lower') return typeof first === 'string' ? first.toLowerCase() : undefined;
  return name === 'len' && Array.isArray(first) ? first.length : undefined;
}
