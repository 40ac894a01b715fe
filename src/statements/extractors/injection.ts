/** Structure that injection gives to a statement, told apart from what query builders and reports write. */
import type { FuncCall, Node, SelectStmt } from 'libpg-query';
import { as, constantText, isConstant, lastName, type NodeHandlers, withoutCasts } from '../ast.ts';
import { type Draft, newDraft } from '../draft.ts';
import { truthOf } from './conditions.ts';
import { constantValue, isConstantExpression, isNumberName, isNumberType } from './constant-value.ts';
import { discloses, failsAsNumber, selectsText, tellsOfServer } from './disclosure.ts';
import { collectRelations } from './relations.ts';

const SLEEPS = new Set(['pg_sleep', 'pg_sleep_for', 'pg_sleep_until']);
/** Rows of a generated series whose count is a way to make the server busy. */
const HEAVY_SERIES = 1_000_000;
export const injectionHandlers: NodeHandlers<Draft> = {
  SelectStmt(node, draft) {
    if (node.op === 'SETOP_UNION') union(node, draft);
    for (const arm of armsOf(node)) {
      if (isHeavyCount(arm)) draft.flags.add('heavy_gs');
      condition(arm.whereClause, draft);
      condition(arm.havingClause, draft);
    }
  },
  UpdateStmt(node, draft) {
    condition(node.whereClause, draft);
  },
  DeleteStmt(node, draft) {
    condition(node.whereClause, draft);
  },
  MergeStmt(node, draft) {
    if (as(node.joinCondition, 'BoolExpr') !== undefined) condition(node.joinCondition, draft);
  },
  InsertStmt(node, draft) {
    condition(node.onConflictClause?.whereClause, draft);
  },
  JoinExpr(node, draft) {
    // ON TRUE is how a lateral join is written.
    if (as(node.quals, 'BoolExpr') !== undefined) condition(node.quals, draft);
  },
  CaseWhen(node, draft) {
    if (truthOf(node.expr) !== null && isRandom(node.expr))
      draft.flags.add('tautology').add('tautology_rand');
  },
  FuncCall(node, draft) {
    const name = lastName(node.funcname);
    draft.functions.add(name);
    if (name === 'chr') draft.chrChain += 1;
    if (name === 'pg_notify') draft.flags.add('notify');
    if (SLEEPS.has(name)) draft.flags.add('sleep');
    if (isNumberName(name) && showsInError(node.args?.[0])) draft.flags.add('err_cast');
  },
  CallStmt(node, draft) {
    draft.functions.add(lastName(node.funccall?.funcname));
  },
  A_Expr(node, draft) {
    // `1 = CAST((SELECT …) AS int)`
    const { lexpr, rexpr } = node;
    const against = isConstant(lexpr) ? rexpr : isConstant(rexpr) ? lexpr : undefined;
    const cast = as(against, 'TypeCast');
    if (isNumberType(cast) && selectsText(cast?.arg)) draft.flags.add('err_cast');
  },
  TypeCast(node, draft) {
    if (isNumberType(node) && showsInError(node.arg)) draft.flags.add('err_cast');
  },
};

function showsInError(cast: Node | undefined): boolean {
  return discloses(cast) || failsAsNumber(cast);
}

/** The queries that a set operation combines, from left to right; the query itself if it is none. */
export function armsOf(query: SelectStmt): SelectStmt[] {
  const arms: SelectStmt[] = [];
  const pending = [query];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.larg === undefined || next.rarg === undefined) arms.push(next);
    else pending.push(next.rarg, next.larg);
  }
  return arms;
}

function union(node: SelectStmt, draft: Draft): void {
  draft.flags.add('union');
  const arms = armsOf(node);
  const [first, ...right] = arms;
  for (const arm of right) {
    const columns = columnsOf(arm);
    const nulls = columns.filter(isNull).length;
    draft.nullPads = Math.max(draft.nullPads, nulls);
    if (arm.fromClause !== undefined || first?.fromClause === undefined) continue;
    if ((nulls > 0 && columns.length > 1) || columns.some(tellsOfServer)) draft.flags.add('union_probe');
  }
  const sources = arms.map((arm) => {
    const reads = newDraft();
    collectRelations({ SelectStmt: arm }, reads);
    return reads;
  });
  if (!sources.some(({ catalogs }) => catalogs.size > 0)) return;
  for (const { relationsRead } of sources) for (const name of relationsRead) draft.besideCatalog.add(name);
}

/** What a query selects, or the first row of VALUES. */
function columnsOf({ targetList, valuesLists }: SelectStmt): (Node | undefined)[] {
  if (valuesLists !== undefined) return as(valuesLists[0], 'List')?.items ?? [];
  return (targetList ?? []).map((target) => as(target, 'ResTarget')?.val);
}

function isNull(node: Node | undefined): boolean {
  const constant = as(node, 'A_Const') ?? as(as(node, 'TypeCast')?.arg, 'A_Const');
  return constant?.isnull === true;
}

/**
 * Looks for constant conditions. Query builders put them first (`WHERE 1=1 AND …`) or first in a parenthesis, as an
 * optional filter (`(0 = 0 OR id = 0)`); injected text follows what the program wrote.
 */
function condition(
  node: Node | undefined,
  draft: Draft,
  first = true,
  parent: 'AND' | 'OR' | null = null,
): void {
  const logic = as(node, 'BoolExpr');
  if (logic !== undefined && logic.boolop !== 'NOT_EXPR') {
    const operator = logic.boolop === 'OR_EXPR' ? 'OR' : 'AND';
    logic.args?.forEach((arg, i) => {
      // OR below AND is always written in parentheses, and so begins anew.
      const parenthesised = operator === 'OR' && parent !== 'OR';
      condition(arg, draft, i === 0 && (first || parenthesised), operator);
    });
    return;
  }
  const truth = truthOf(node);
  if (truth === null) return;
  const keyword = isConstant(node) && parent !== 'OR';
  if (first || keyword) draft.flags.add(truth ? 'where_true' : 'where_false');
  else if (truth) draft.flags.add('tautology');
  else draft.flags.add(parent === 'AND' ? 'contradiction' : 'where_false');
  if (truth && !first && isRandom(node)) draft.flags.add('tautology_rand');
}

/** Equal constants of three digits or four letters and more. */
function isRandom(node: Node | undefined): boolean {
  const left = as(node, 'A_Expr')?.lexpr;
  return isConstant(left) && /^(?:\d{3,}|[A-Za-z]{4,})$/.test(constantText(left) ?? '');
}

function isHeavyCount(node: SelectStmt): boolean {
  const sources = (node.fromClause ?? []).flatMap(seriesOf);
  if (sources.length === 0 || node.targetList?.some(isCount) !== true) return false;
  return sources.map(rowsOf).reduce((product, rows) => product * rows) >= HEAVY_SERIES;
}

/** `count(*)`, also in a cast or a comparison. */
function isCount(node: Node): boolean {
  const value = withoutCasts(as(node, 'ResTarget')?.val);
  const compared = as(value, 'A_Expr');
  return [value, compared?.lexpr, compared?.rexpr].some(
    (side) => lastName(as(withoutCasts(side), 'FuncCall')?.funcname) === 'count',
  );
}

/** The calls of generate_series in an item of FROM. */
function seriesOf(item: Node): FuncCall[] {
  const series: FuncCall[] = [];
  const pending: (Node | undefined)[] = [item];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const join = as(next, 'JoinExpr');
    if (join !== undefined) pending.push(...[join.larg, join.rarg].filter((side) => side !== undefined));
    const [list] = as(next, 'RangeFunction')?.functions ?? [];
    const call = as(as(list, 'List')?.items?.[0], 'FuncCall');
    if (call !== undefined && lastName(call.funcname) === 'generate_series') series.push(call);
  }
  return series;
}

/** Rows of a series whose bounds are constant numbers; 1 of any other. */
function rowsOf({ args = [] }: FuncCall): number {
  if (!args.every(isConstantExpression)) return 1;
  const [from, to, step = 1] = args.map(constantValue);
  if (typeof from !== 'number' || typeof to !== 'number' || typeof step !== 'number') return 1;
  return Math.max(1, Math.abs((to - from) / step) + 1);
}
