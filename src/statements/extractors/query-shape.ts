/** Shape of the outermost query, all arms of a UNION: how much it asks for. */
import type { Node, SelectStmt } from 'libpg-query';
import { as } from '../ast.ts';
import type { Draft } from '../draft.ts';
import { armsOf } from './injection.ts';

/** Notes the shape of the query in a statement: its own, or that of COPY, CREATE TABLE AS, DECLARE, PREPARE or EXPLAIN. */
export function noteShape(statement: Node, draft: Draft): void {
  const inner =
    as(statement, 'CopyStmt')?.query ??
    as(statement, 'CreateTableAsStmt')?.query ??
    as(statement, 'DeclareCursorStmt')?.query ??
    as(statement, 'PrepareStmt')?.query ??
    as(statement, 'ExplainStmt')?.query ??
    statement;
  const query = as(inner, 'SelectStmt');
  if (query === undefined) return;
  const arms = armsOf(query);
  for (const arm of arms) {
    if ((arm.targetList ?? []).some(isStar)) draft.flags.add('select_star');
    if (readsRelation(arm) && arm.whereClause === undefined) draft.flags.add('no_where');
  }
  const unlimited = query.limitCount === undefined || as(query.limitCount, 'A_Const')?.isnull === true;
  if (unlimited && arms.some(readsRelation)) draft.flags.add('no_limit');
  if (query.limitOffset !== undefined) draft.flags.add('offset');
}

function isStar(target: Node): boolean {
  const fields = as(as(target, 'ResTarget')?.val, 'ColumnRef')?.fields ?? [];
  return fields.some((field) => as(field, 'A_Star') !== undefined);
}

function readsRelation({ fromClause = [] }: SelectStmt): boolean {
  return fromClause.some(isRelation);
}

/** A common table expression counts, as its name does in the text; a subquery does not. */
function isRelation(source: Node | undefined): boolean {
  const join = as(source, 'JoinExpr');
  if (join !== undefined) return isRelation(join.larg) || isRelation(join.rarg);
  return as(source, 'RangeVar') !== undefined || as(source, 'RangeTableSample') !== undefined;
}
