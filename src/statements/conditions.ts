/** Conditions whose value does not depend on data: `1=1`, `'a' LIKE '%'`, `NOT FALSE`, `id = id`. */
import type { A_Expr, Node } from 'libpg-query';
import { as, constantText, strings } from './ast.ts';

/** Nested more deeply than this, nobody writes a constant condition. */
const MAX_DEPTH = 8;

/** true or false when the condition is constant; null when it depends on data or cannot be told. */
export function truthOf(node: Node | undefined, depth = 0): boolean | null {
  if (node === undefined || depth > MAX_DEPTH) return null;
  const constant = as(node, 'A_Const') ?? as(as(node, 'TypeCast')?.arg, 'A_Const');
  if (constant !== undefined) return truthOfText(constantText(node), as(node, 'TypeCast') !== undefined);
  const logic = as(node, 'BoolExpr');
  if (logic !== undefined) {
    const truths = (logic.args ?? []).map((arg) => truthOf(arg, depth + 1));
    if (logic.boolop === 'NOT_EXPR') return truths[0] === null ? null : !truths[0];
    const decisive = logic.boolop === 'OR_EXPR';
    if (truths.includes(decisive)) return decisive;
    return truths.includes(null) ? null : !decisive;
  }
  const nullTest = as(node, 'NullTest');
  if (nullTest !== undefined) return truthOfNullTest(nullTest.arg, nullTest.nulltesttype === 'IS_NULL');
  const expression = as(node, 'A_Expr');
  return expression === undefined ? null : truthOfExpression(expression);
}

function truthOfText(text: string | null, cast: boolean): boolean | null {
  if (text === 'true' || (cast && /^(?:t|yes|on|1)$/i.test(text ?? ''))) return true;
  return text === 'false' ? false : null;
}

function truthOfNullTest(arg: Node | undefined, isNull: boolean): boolean | null {
  const constant = as(arg, 'A_Const');
  return constant === undefined ? null : (constant.isnull === true) === isNull;
}

function truthOfExpression(expression: A_Expr): boolean | null {
  const { kind, lexpr, rexpr } = expression;
  const left = constantValue(lexpr);
  switch (kind) {
    case 'AEXPR_OP':
      return compared(strings(expression.name).at(-1) ?? '', expression);
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return left !== null && (constantValue(rexpr) === left || constantValue(rexpr) === '%')
        ? strings(expression.name)[0]?.startsWith('!') !== true
        : null;
    case 'AEXPR_IN': {
      const list = (as(rexpr, 'List')?.items ?? []).map((item) => constantValue(item));
      if (left === null || !list.includes(left)) return null;
      return strings(expression.name)[0] === '=';
    }
    case 'AEXPR_BETWEEN': {
      const bounds = (as(rexpr, 'List')?.items ?? []).map((item) => constantValue(item));
      if (typeof left !== 'number' || bounds.some((bound) => typeof bound !== 'number')) return null;
      return left >= (bounds[0] as number) && left <= (bounds[1] as number);
    }
    default:
      return null;
  }
}

function compared(operator: string, { lexpr, rexpr }: A_Expr): boolean | null {
  const column = columnName(lexpr);
  if (column !== '' && column === columnName(rexpr)) return operator === '=' ? true : null;
  const left = constantValue(lexpr);
  const right = constantValue(rexpr);
  if (left === null || right === null) return null;
  if (operator === '=') return typeof left === typeof right ? left === right : String(left) === String(right);
  if (operator === '<>' || operator === '!=') return String(left) !== String(right);
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  if (operator === '<') return left < right;
  if (operator === '>') return left > right;
  if (operator === '<=') return left <= right;
  return operator === '>=' ? left >= right : null;
}

function columnName(node: Node | undefined): string {
  return strings(as(node, 'ColumnRef')?.fields).join('.');
}

/** Value of a constant or of plain arithmetic over constants. */
function constantValue(node: Node | undefined, depth = 0): string | number | null {
  const text = constantText(node);
  if (text !== null) return isNumber(node) ? Number(text) : text;
  const expression = as(node, 'A_Expr');
  if (expression?.kind !== 'AEXPR_OP' || depth > MAX_DEPTH) return null;
  const left = expression.lexpr === undefined ? 0 : constantValue(expression.lexpr, depth + 1);
  const right = constantValue(expression.rexpr, depth + 1);
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  switch (strings(expression.name).at(-1)) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      return null;
  }
}

function isNumber(node: Node | undefined): boolean {
  const constant = as(node, 'A_Const');
  return constant?.ival !== undefined || constant?.fval !== undefined;
}
