/** Structure that injection gives to a statement, told apart from what query builders and reports write. */
import type { Node, SelectStmt } from 'libpg-query';
import { as, constantText, lastName, type NodeHandlers } from './ast.ts';
import { truthOf } from './conditions.ts';
import { type Draft, newDraft } from './draft.ts';
import { collectRelations } from './relations.ts';

const SLEEPS = new Set(['pg_sleep', 'pg_sleep_for', 'pg_sleep_until']);
/** Rows of a generated series whose count is a way to make the server busy. */
const HEAVY_SERIES = 1_000_000;
const NUMBERS = new Set(
  'int2 int4 int8 integer bigint numeric decimal float4 float8 bool money oid'.split(' '),
);
/** What an attacker wants to see in the message of a failed cast. */
const DISCLOSES = new Set(
  'version current_database current_schema current_setting string_agg array_to_string concat concat_ws chr query_to_xml table_to_xml database_to_xml pg_read_file inet_server_addr'.split(
    ' ',
  ),
);

export const injectionHandlers: NodeHandlers<Draft> = {
  SelectStmt(node, draft) {
    if (node.op === 'SETOP_UNION') union(node, draft);
    if (isHeavyCount(node)) draft.flags.add('heavy_gs');
    for (const arm of armsOf(node)) {
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
  JoinExpr(node, draft) {
    // ON TRUE is how a lateral join is written.
    if (truthOf(node.quals) === null) condition(node.quals, draft);
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
  },
  CallStmt(node, draft) {
    draft.functions.add(lastName(node.funccall?.funcname));
  },
  A_Expr(node, draft) {
    // `1 = CAST((SELECT …) AS int)`
    const [left, right] = [node.lexpr, node.rexpr];
    const against = constantText(left) === null ? left : right;
    const compared = constantText(left) !== null || constantText(right) !== null;
    const cast = as(against, 'TypeCast');
    if (compared && isNumberType(cast) && as(cast?.arg, 'SubLink') !== undefined) draft.flags.add('err_cast');
  },
  TypeCast(node, draft) {
    if (isNumberType(node) && discloses(node.arg)) draft.flags.add('err_cast');
  },
};

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
  const [, ...right] = armsOf(node);
  for (const arm of right) {
    const columns = (arm.targetList ?? []).map((target) => as(target, 'ResTarget')?.val);
    const nulls = columns.filter(isNull).length;
    draft.nullPads = Math.max(draft.nullPads, nulls);
    if (nulls > 0 && columns.length > 1 && arm.fromClause === undefined) draft.flags.add('union_probe');
  }
  const sources = armsOf(node).map(({ fromClause }) => {
    const reads = newDraft();
    for (const item of fromClause ?? []) collectRelations(item, reads);
    return reads;
  });
  if (!sources.some(({ catalogs }) => catalogs.size > 0)) return;
  for (const { relationsRead } of sources) for (const name of relationsRead) draft.besideCatalog.add(name);
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
  const keyword = constantText(node) !== null && parent !== 'OR';
  if (first || keyword) draft.flags.add(truth ? 'where_true' : 'where_false');
  else if (truth) draft.flags.add('tautology');
  else draft.flags.add(parent === 'AND' ? 'contradiction' : 'where_false');
  if (truth && !first && isRandom(node)) draft.flags.add('tautology_rand');
}

/** Equal constants of three digits or four letters and more. */
function isRandom(node: Node | undefined): boolean {
  const text = constantText(as(node, 'A_Expr')?.lexpr);
  return text !== null && /^(?:\d{3,}|[A-Za-z]{4,})$/.test(text);
}

function isHeavyCount(node: SelectStmt): boolean {
  const counts = node.targetList?.some(
    (target) => lastName(as(as(target, 'ResTarget')?.val, 'FuncCall')?.funcname) === 'count',
  );
  if (counts !== true) return false;
  return (node.fromClause ?? []).some((item) => {
    const [list] = as(item, 'RangeFunction')?.functions ?? [];
    const call = as(as(list, 'List')?.items?.[0], 'FuncCall');
    const bounds = (call?.args ?? []).map((arg) => Number(constantText(arg)));
    return lastName(call?.funcname) === 'generate_series' && bounds.some((bound) => bound >= HEAVY_SERIES);
  });
}

function isNumberType(cast: { typeName?: { names?: Node[] } } | undefined): boolean {
  return cast !== undefined && NUMBERS.has(lastName(cast.typeName?.names));
}

/** True for version() and its like, for text glued together around such, and for queries that select them. */
function discloses(node: Node | undefined): boolean {
  const query = as(as(node, 'SubLink')?.subselect, 'SelectStmt');
  if (query !== undefined) return readsCatalog(query) || (query.targetList ?? []).some(selectsDisclosure);
  const cast = as(node, 'TypeCast');
  if (cast !== undefined) return discloses(cast.arg);
  if (as(node, 'SQLValueFunction')?.op?.includes('USER') === true) return true;
  if (DISCLOSES.has(lastName(as(node, 'FuncCall')?.funcname))) return true;
  const expression = as(node, 'A_Expr');
  if (lastName(expression?.name) !== '||') return false;
  return [expression?.lexpr, expression?.rexpr].some((side) => discloses(side) || isSubquery(side));
}

function selectsDisclosure(target: Node): boolean {
  const value = as(target, 'ResTarget')?.val;
  return discloses(value) || lastName(as(value, 'A_Expr')?.name) === '||';
}

function isSubquery(node: Node | undefined): boolean {
  return as(as(node, 'TypeCast')?.arg ?? node, 'SubLink') !== undefined;
}

function readsCatalog(query: SelectStmt): boolean {
  const reads = newDraft();
  for (const item of query.fromClause ?? []) collectRelations(item, reads);
  const counted = query.targetList?.some(
    (target) => as(as(target, 'ResTarget')?.val, 'FuncCall') !== undefined,
  );
  return reads.catalogs.size > 0 && counted !== true;
}
