/** Values of constants and of what can be reckoned from constants alone. */
import type { Node } from 'libpg-query';
import { as, constantText, isConstant, lastName, strings, withoutCasts } from '../ast.ts';

const MAX_DEPTH = 8;
/** Longest text that is put together. */
const MAX_TEXT = 256;
const OPERATORS = new Set(['+', '-', '*', '||']);
const NUMBERS = new Set(
  'int2 int4 int8 integer bigint numeric decimal float4 float8 bool money oid'.split(' '),
);

/** True for a type whose input must be a number. */
export function isNumberType(cast: { typeName?: { names?: Node[] } } | undefined): boolean {
  return cast !== undefined && isNumberName(lastName(cast.typeName?.names));
}

/** True for the name of such a type; its name is that of a function too: `int4(version())`. */
export function isNumberName(name: string): boolean {
  return NUMBERS.has(name);
}

/** True for a constant and for plain arithmetic over constants, told without looking at a value. */
export function isConstantExpression(node: Node | undefined): boolean {
  return isConstantBelow(node, 0);
}

function isConstantBelow(node: Node | undefined, depth: number): boolean {
  const inner = withoutCasts(node);
  if (isConstant(inner)) return true;
  const expression = as(inner, 'A_Expr');
  if (expression?.kind !== 'AEXPR_OP' || depth > MAX_DEPTH) return false;
  if (!OPERATORS.has(strings(expression.name).at(-1) ?? '')) return false;
  const { lexpr, rexpr } = expression;
  return (lexpr === undefined || isConstantBelow(lexpr, depth + 1)) && isConstantBelow(rexpr, depth + 1);
}

/** Value of what `isConstantExpression` accepts; null where it cannot be told. */
export function constantValue(node: Node | undefined): string | number | null {
  return valueBelow(node, 0);
}

function valueBelow(node: Node | undefined, depth: number): string | number | null {
  if (isConstant(node)) {
    const { text, isNumber, isCast } = literalOf(node);
    const isNumeric = isNumber || (isCast && isNumberType(as(node, 'TypeCast')) && readsAsNumber(text));
    return isNumeric ? Number(text) : text;
  }
  const expression = as(withoutCasts(node), 'A_Expr');
  if (expression === undefined || depth > MAX_DEPTH) return null;
  const left = expression.lexpr === undefined ? 0 : valueBelow(expression.lexpr, depth + 1);
  const right = valueBelow(expression.rexpr, depth + 1);
  const operator = strings(expression.name).at(-1);
  if (operator === '||') return left === null || right === null ? null : `${left}${right}`.slice(0, MAX_TEXT);
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  if (operator === '+') return left + right;
  if (operator === '-') return left - right;
  return operator === '*' ? left * right : null;
}

/** PostgreSQL gives an untyped string the type of what it is compared with: `1 = '01'`. */
export function isSameValue(left: string | number, right: string | number): boolean {
  if (typeof left === typeof right) return left === right;
  return readsAsNumber(String(left)) && readsAsNumber(String(right)) && Number(left) === Number(right);
}

function readsAsNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

export interface Literal {
  text: string;
  isNumber: boolean;
  isCast: boolean;
}

/** What `isConstant` accepts, as it is written. Reads the value. */
export function literalOf(node: Node | undefined): Literal {
  const inner = withoutCasts(node);
  const constant = as(inner, 'A_Const');
  return {
    text: constantText(inner) ?? '',
    isNumber: (constant?.ival ?? constant?.fval) !== undefined,
    isCast: inner !== node,
  };
}
