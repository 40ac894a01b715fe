/** Text that tells something about the server or its data, cast to a number so that the error message shows it. */
import type { Node, SelectStmt } from 'libpg-query';
import { as, constantText, isConstant, lastName, strings, withoutCasts } from '../ast.ts';
import { newDraft } from '../draft.ts';
import { isNumberType } from './constant-value.ts';
import { collectRelations } from './relations.ts';

/** What an attacker wants to see in the message of a failed cast. */
const TELLS = new Set(
  'version current_database current_schema query_to_xml table_to_xml database_to_xml pg_read_file inet_server_addr'.split(
    ' ',
  ),
);
const TEXT_TYPES = new Set('text varchar bpchar char name'.split(' '));
/** They tell what they put together. */
const GLUES = new Set('string_agg array_to_string concat concat_ws'.split(' '));
/**
 * Settings that are no numbers. Others, those of extensions and of the application too (`app.tenant_id`), are cast to a
 * number as a matter of course.
 */
const SETTING_OF_TEXT =
  /^(?:server_version|server_encoding|is_superuser|session_authorization|role|search_path|cluster_name|listen_addresses|primary_conninfo|shared_preload_libraries|(?:data|log|unix_socket)_director(?:y|ies)|(?:config|hba|ident|external_pid|ssl_\w{1,20})_file|(?:archive|restore)_\w{1,20}|lc_\w{1,20})$/i;
/** Columns of catalogs that are numbers or booleans, or that hold numbers as text. */
const COLUMN_OF_NUMBERS =
  /^(?:oid|pid|setting|rel(?:tuples|pages|allvisible|natts|filenode|id)|n_\w{1,60}|\w{1,60}_(?:count|tup|scan|read|hit|fetch|returned|bytes|size|value|position|precision|scale|length)|(?:seq|idx|heap)_\w{1,60}|num\w{1,60}|\w{1,60}(?:connlimit|frozenxid|minmxid))$/i;
const GIVES_NUMBERS = new Set(
  'count sum avg length char_length round floor ceil extract date_part'.split(' '),
);
/** What no number holds: a cast of such text is meant to fail. */
const NOT_A_NUMBER = /[^\d\s.eE+-]/;

/** True for version() and its like, and for text glued together around such. */
export function tellsOfServer(node: Node | undefined): boolean {
  return tells(node, false);
}

/** True for what tells of the server, for text glued together around subqueries, and for queries that select either. */
export function discloses(node: Node | undefined): boolean {
  return tells(node, true);
}

function tells(node: Node | undefined, alsoQueries: boolean): boolean {
  const inner = withoutTextCasts(node);
  const query = alsoQueries ? subquery(inner) : undefined;
  if (query !== undefined) return readsCatalog(query) || (query.targetList ?? []).some(selectsDisclosure);
  if (as(inner, 'SQLValueFunction')?.op?.includes('USER') === true) return true;
  const call = as(inner, 'FuncCall');
  const name = lastName(call?.funcname);
  if (name === 'current_setting') return settingDiscloses(call?.args?.[0]);
  if (TELLS.has(name)) return true;
  return gluedParts(inner).some(
    (part) => (alsoQueries && subquery(withoutCasts(part)) !== undefined) || tells(part, alsoQueries),
  );
}

/** True for text that is put together from data and from what no number holds: a cast to a number is meant to fail. */
export function failsAsNumber(node: Node | undefined): boolean {
  const parts = gluedParts(withoutTextCasts(node));
  if (parts.every(isConstant)) return false;
  return parts.some((part) =>
    isConstant(part)
      ? NOT_A_NUMBER.test(constantText(part) ?? '')
      : lastName(as(part, 'FuncCall')?.funcname) === 'chr' || failsAsNumber(part),
  );
}

/** True for a subquery that selects what may be text. */
export function selectsText(node: Node | undefined): boolean {
  return valuesOf(subquery(withoutTextCasts(node))).some((value) => !isNumeric(value));
}

/** A query that stands for its value; EXISTS and IN stand for a boolean. */
function subquery(node: Node | undefined): SelectStmt | undefined {
  const link = as(node, 'SubLink');
  const isValue = link?.subLinkType === 'EXPR_SUBLINK' || link?.subLinkType === 'ARRAY_SUBLINK';
  return isValue ? as(link.subselect, 'SelectStmt') : undefined;
}

/** What `a || b` and `concat(a, b)` put together. */
function gluedParts(node: Node | undefined): readonly Node[] {
  const expression = as(node, 'A_Expr');
  if (lastName(expression?.name) === '||')
    return [expression?.lexpr, expression?.rexpr].filter((side) => side !== undefined);
  const call = as(node, 'FuncCall');
  return GLUES.has(lastName(call?.funcname)) ? (call?.args ?? []) : [];
}

/** `('x' || md5(a))::bit(32)::int` and `name::regclass::oid` show nothing. */
function withoutTextCasts(node: Node | undefined): Node | undefined {
  let inner = node;
  for (let cast = as(inner, 'TypeCast'); cast !== undefined; cast = as(inner, 'TypeCast')) {
    if (!TEXT_TYPES.has(lastName(cast.typeName?.names)) && !isNumberType(cast)) return inner;
    inner = cast.arg;
  }
  return inner;
}

/** The name of a setting is only put together to hide it. */
function settingDiscloses(name: Node | undefined): boolean {
  if (isConstant(name)) return SETTING_OF_TEXT.test(constantText(name) ?? '');
  const inner = withoutCasts(name);
  return as(inner, 'FuncCall') !== undefined || as(inner, 'A_Expr') !== undefined;
}

function selectsDisclosure(target: Node): boolean {
  const value = as(target, 'ResTarget')?.val;
  const name = lastName(as(value, 'FuncCall')?.funcname);
  return GLUES.has(name) || lastName(as(value, 'A_Expr')?.name) === '||' || discloses(value);
}

/** True for a query that takes text from a column of a system catalog. */
function readsCatalog(query: SelectStmt): boolean {
  if (settingFromCatalog(query)) return true;
  const takesText = valuesOf(query).some((value) => as(value, 'FuncCall') === undefined && !isNumeric(value));
  if (!takesText) return false;
  const reads = newDraft();
  for (const item of query.fromClause ?? []) collectRelations(item, reads);
  return reads.catalogs.size > 0;
}

function valuesOf(query: SelectStmt | undefined): (Node | undefined)[] {
  return (query?.targetList ?? []).map((target) => as(target, 'ResTarget')?.val);
}

function isNumeric(value: Node | undefined): boolean {
  const inner = withoutCasts(value);
  const expression = as(inner, 'A_Expr');
  if (expression !== undefined) return lastName(expression.name) !== '||';
  const call = as(inner, 'FuncCall');
  if (call !== undefined) return GIVES_NUMBERS.has(lastName(call.funcname));
  return isConstant(inner) || COLUMN_OF_NUMBERS.test(columnOf(inner));
}

/** `SELECT setting FROM pg_settings WHERE name = 'data_directory'`. */
function settingFromCatalog({ targetList, whereClause }: SelectStmt): boolean {
  if (columnOf(as(targetList?.[0], 'ResTarget')?.val) !== 'setting') return false;
  const equality = as(whereClause, 'A_Expr');
  return columnOf(equality?.lexpr) === 'name' && settingDiscloses(equality?.rexpr);
}

function columnOf(node: Node | undefined): string {
  return strings(as(withoutCasts(node), 'ColumnRef')?.fields).at(-1) ?? '';
}
