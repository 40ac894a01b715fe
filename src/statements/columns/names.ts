/** Names that PostgreSQL gives to the output columns of a query. */
import type { Node, ResTarget } from 'libpg-query';
import { as, strings } from '../ast.ts';

/** `weak` gives way to a name from further out, as that of a type does. */
interface Name {
  text: string;
  weak: boolean;
}

const NAMELESS: Name = { text: '', weak: true };
/** Expressions that are named after what they are, or not at all. */
const FIXED = new Map<string, Name>([
  ['A_ArrayExpr', { text: 'array', weak: false }],
  ['CoalesceExpr', { text: 'coalesce', weak: false }],
  ['GroupingFunc', { text: 'grouping', weak: false }],
  ['RowExpr', { text: 'row', weak: false }],
  ['A_Const', NAMELESS],
  ['BoolExpr', NAMELESS],
  ['BooleanTest', NAMELESS],
  ['NullTest', NAMELESS],
  ['ParamRef', NAMELESS],
]);

/** Name of an output column; empty where it has none (`?column?`), null where the text does not tell. */
export function outputName(target: ResTarget): string | null {
  return target.name ?? nameOf(target.val)?.text ?? null;
}

function nameOf(node: Node | undefined): Name | null {
  const [kind = ''] = Object.keys(node ?? {});
  const fixed = FIXED.get(kind);
  if (fixed !== undefined) return fixed;
  const cast = as(node, 'TypeCast');
  if (cast !== undefined) return strongOr(nameOf(cast.arg), strings(cast.typeName?.names).at(-1));
  const choice = as(node, 'CaseExpr');
  if (choice !== undefined)
    return choice.defresult === undefined ? weak('case') : strongOr(nameOf(choice.defresult), 'case');
  const indirection = as(node, 'A_Indirection');
  if (indirection !== undefined)
    return strong(strings(indirection.indirection).at(-1)) ?? nameOf(indirection.arg);
  const collate = as(node, 'CollateClause');
  if (collate !== undefined) return nameOf(collate.arg);
  const sublink = as(node, 'SubLink');
  if (sublink !== undefined) {
    if (sublink.subLinkType === 'EXISTS_SUBLINK') return strong('exists');
    if (sublink.subLinkType === 'ARRAY_SUBLINK') return strong('array');
    return sublink.subLinkType === 'EXPR_SUBLINK' ? nameOfQuery(sublink.subselect) : NAMELESS;
  }
  const expression = as(node, 'A_Expr');
  if (expression !== undefined) return expression.kind === 'AEXPR_NULLIF' ? strong('nullif') : NAMELESS;
  const extreme = as(node, 'MinMaxExpr');
  if (extreme !== undefined) return strong(extreme.op === 'IS_GREATEST' ? 'greatest' : 'least');
  return strong(strings(as(node, 'FuncCall')?.funcname ?? as(node, 'ColumnRef')?.fields).at(-1));
}

/** A subquery in an expression is named as its only column. */
function nameOfQuery(subselect: Node | undefined): Name | null {
  let query = as(subselect, 'SelectStmt');
  while (query?.larg !== undefined) query = query.larg;
  const target = as(query?.targetList?.[0], 'ResTarget');
  const name = target === undefined ? null : outputName(target);
  return name === null ? null : { text: name, weak: false };
}

function strong(text: string | undefined): Name | null {
  return text === undefined ? null : { text, weak: false };
}

function weak(text: string | undefined): Name | null {
  return text === undefined ? null : { text, weak: true };
}

function strongOr(name: Name | null, otherwise: string | undefined): Name | null {
  return name === null || !name.weak ? name : weak(otherwise);
}
