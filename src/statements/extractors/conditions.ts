/** Conditions whose value does not depend on data: `1=1`, `'a' LIKE '%'`, `NOT FALSE`, `id = id`. */
import type { A_Expr, Node } from 'libpg-query';
import { as, isConstant, lastName, strings } from '../ast.ts';
import { constantValue, isConstantExpression, isSameValue, literalOf } from './constant-value.ts';

/** Nested more deeply than this, nobody writes a constant condition. */
const MAX_DEPTH = 8;
/** What PostgreSQL takes for a boolean; it allows every beginning that is not ambiguous. */
const TRUE = /^\s*(?:t|tr|tru|true|y|ye|yes|on|1)\s*$/i;
const FALSE = /^\s*(?:f|fa|fal|fals|false|n|no|of|off|0)\s*$/i;

/** true or false when the condition is constant; null when it depends on data or cannot be told. */
export function truthOf(node: Node | undefined, depth = 0): boolean | null {
  if (node === undefined || depth > MAX_DEPTH) return null;
  if (isConstant(node)) return truthOfConstant(node);
  const logic = as(node, 'BoolExpr');
  if (logic !== undefined) {
    const truths = (logic.args ?? []).map((arg) => truthOf(arg, depth + 1));
    if (logic.boolop === 'NOT_EXPR') return truths[0] == null ? null : !truths[0];
    const decisive = logic.boolop === 'OR_EXPR';
    if (truths.includes(decisive)) return decisive;
    return truths.includes(null) ? null : !decisive;
  }
  const nullTest = as(node, 'NullTest');
  if (nullTest !== undefined) return truthOfNullTest(nullTest.arg, nullTest.nulltesttype === 'IS_NULL');
  const booleanTest = as(node, 'BooleanTest');
  if (booleanTest !== undefined)
    return truthOfTest(truthOf(booleanTest.arg, depth + 1), booleanTest.booltesttype ?? '');
  const cast = as(node, 'TypeCast');
  if (cast !== undefined && /^bool(?:ean)?$/.test(lastName(cast.typeName?.names)))
    return truthOf(cast.arg, depth + 1);
  const expression = as(node, 'A_Expr');
  return expression === undefined ? null : truthOfExpression(expression);
}

/** A string that stands as a condition is read as a boolean (`OR 't'`), a number only behind a cast. */
function truthOfConstant(node: Node): boolean | null {
  const { text, isNumber, isCast } = literalOf(node);
  if (isNumber && !isCast) return null;
  if (TRUE.test(text)) return true;
  return FALSE.test(text) ? false : null;
}

function truthOfNullTest(arg: Node | undefined, isNull: boolean): boolean | null {
  const constant = as(arg, 'A_Const');
  return constant === undefined ? null : (constant.isnull === true) === isNull;
}

/** `(1=1) IS TRUE`. What cannot be told may be unknown as well. */
function truthOfTest(truth: boolean | null, test: string): boolean | null {
  if (truth === null) return null;
  const asked = /UNKNOWN/.test(test) ? null : /TRUE/.test(test);
  return (truth === asked) !== /NOT/.test(test);
}

function truthOfExpression(expression: A_Expr): boolean | null {
  const { kind, lexpr, rexpr } = expression;
  const operator = strings(expression.name).at(-1) ?? '';
  switch (kind) {
    case 'AEXPR_OP':
      return compared(operator, expression);
    case 'AEXPR_DISTINCT':
      return negated(compared('=', expression));
    case 'AEXPR_NOT_DISTINCT':
      return compared('=', expression);
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return like(expression) ? !operator.startsWith('!') : null;
    case 'AEXPR_IN': {
      const found = isIn(lexpr, as(rexpr, 'List')?.items ?? []);
      return operator === '=' ? found : negated(found);
    }
    case 'AEXPR_BETWEEN':
      return isBetween(lexpr, as(rexpr, 'List')?.items ?? []);
    case 'AEXPR_NOT_BETWEEN':
      return negated(isBetween(lexpr, as(rexpr, 'List')?.items ?? []));
    default:
      return null;
  }
}

function negated(truth: boolean | null): boolean | null {
  return truth === null ? null : !truth;
}

// Values are read last: a literal that is read makes a template of its own.

function compared(operator: string, { lexpr, rexpr }: A_Expr): boolean | null {
  const column = columnName(lexpr);
  if (column !== '') return operator === '=' && column === columnName(rexpr) ? true : null;
  if (!isConstantExpression(lexpr) || !isConstantExpression(rexpr)) return null;
  const left = constantValue(lexpr);
  const right = constantValue(rexpr);
  if (left === null || right === null) return null;
  if (operator === '=') return isSameValue(left, right);
  if (operator === '<>' || operator === '!=') return !isSameValue(left, right);
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  if (operator === '<') return left < right;
  if (operator === '>') return left > right;
  if (operator === '<=') return left <= right;
  return operator === '>=' ? left >= right : null;
}

/** True for a pattern that matches for certain: the text itself, or anything. */
function like({ lexpr, rexpr }: A_Expr): boolean {
  if (!isConstantExpression(lexpr) || !isConstantExpression(rexpr)) return false;
  const pattern = constantValue(rexpr);
  return pattern === '%' || (pattern !== null && pattern === constantValue(lexpr));
}

function isIn(value: Node | undefined, list: readonly Node[]): boolean | null {
  if (!isConstantExpression(value)) return null;
  const left = constantValue(value);
  if (left === null) return null;
  let isComplete = true;
  for (const item of list) {
    const right = isConstantExpression(item) ? constantValue(item) : null;
    if (right === null) isComplete = false;
    else if (isSameValue(left, right)) return true;
  }
  return isComplete ? false : null;
}

function isBetween(value: Node | undefined, bounds: readonly Node[]): boolean | null {
  if (!isConstantExpression(value) || !bounds.every(isConstantExpression)) return null;
  const [number, low, high] = [value, ...bounds].map(constantValue);
  if (typeof number !== 'number' || typeof low !== 'number' || typeof high !== 'number') return null;
  return number >= low && number <= high;
}

function columnName(node: Node | undefined): string {
  return strings(as(node, 'ColumnRef')?.fields).join('.');
}
