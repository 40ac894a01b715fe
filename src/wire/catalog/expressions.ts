/** Expressions of PostgreSQL that DuckDB writes differently. Each is null where there is nothing to change. */
import {
  call,
  constantText,
  type Fields,
  isFields,
  type Json,
  lastName,
  parsedExpression,
  text,
} from './nodes.ts';

/** Types that are text here, and numbers. */
const TYPES: Readonly<Record<string, string>> = {
  name: 'text',
  char: 'text',
  bpchar: 'text',
  cstring: 'text',
  information_schema_catalog_name: 'text',
  sql_identifier: 'text',
  character_data: 'text',
  oid: 'int4',
  xid: 'int8',
  cardinal_number: 'int4',
  regproc: 'text',
  aclitem: 'text',
};

const KEPT_TYPES = new Set(
  'bool int2 int4 int8 float4 float8 text varchar date timestamp timestamptz numeric interval'.split(' '),
);

const LIKES: Readonly<Record<string, string>> = {
  'AEXPR_LIKE ~~': 'like_escape',
  'AEXPR_LIKE !~~': 'not_like_escape',
  'AEXPR_ILIKE ~~*': 'ilike_escape',
  'AEXPR_ILIKE !~~*': 'not_ilike_escape',
};

/** A cast to a type of PostgreSQL that DuckDB has under another name, or not at all. */
export function castOf(fields: Fields): Json | null {
  const typeName = fields.typeName as Fields;
  const name = lastName(typeName.names).toLowerCase();
  const arg = fields.arg ?? null;
  if (name === 'regclass' || name === 'regtype') {
    const isName = constantText(arg) !== null;
    return call(isName ? `pgf_to_${name}` : `pgf_${name}_text`, [arg]);
  }
  const list = /^\{([^{}"\\]*)\}$/.exec(constantText(arg) ?? '');
  // An array of plain words, as DuckDB writes a list.
  if (list !== null && 'arrayBounds' in typeName)
    return { TypeCast: { ...fields, arg: text(`[${list[1]}]`) } };
  const target = TYPES[name] ?? (KEPT_TYPES.has(name) ? name : null);
  if (target === null) return null;
  // A type that is written without its schema is deparsed as DuckDB reads it.
  const { typmods, ...rest } = typeName;
  const kept: Fields = target === name && typmods !== undefined ? { typmods } : {};
  return { TypeCast: { ...fields, typeName: { ...rest, ...kept, names: [{ String: { sval: target } }] } } };
}

/** `OPERATOR(pg_catalog.~)` and its kind; regular expressions match anywhere in PostgreSQL, and all of a text in DuckDB. */
export function operatorOf(fields: Fields): Json | null {
  const names = fields.name;
  if (!Array.isArray(names)) return null;
  const operator = lastName(names);
  const { lexpr = null, rexpr = null } = fields;
  if (fields.kind === 'AEXPR_OP' && /^!?~\*?$/.test(operator) && lexpr !== null) {
    const matches = call('regexp_matches', [lexpr, rexpr, ...(operator.endsWith('*') ? [text('i')] : [])]);
    return operator.startsWith('!') ? { BoolExpr: { boolop: 'NOT_EXPR', args: [matches] } } : matches;
  }
  const like = LIKES[`${fields.kind} ${operator}`];
  // PostgreSQL's patterns have `\\` to escape with, DuckDB's have none unless it is named.
  if (like !== undefined && !isEscaped(rexpr)) return call(like, [lexpr, rexpr, text('\\')]);
  return names.length > 1 ? { A_Expr: { ...fields, name: [{ String: { sval: operator } }] } } : null;
}

/**
 * Columns that every relation of PostgreSQL has. Only relations have descriptions here, and no two OIDs are the same: that of
 * pg_class serves all.
 */
export function systemColumn(fields: Fields): Json | null {
  const name = lastName(fields.fields);
  if (name === 'tableoid') return parsedExpression('1259');
  return name === 'xmin' ? parsedExpression('1') : null;
}

/** `pg_catalog.pg_class.oid` is `pg_class.oid`. */
export function columnWithoutSchema(fields: Fields): Json | null {
  const parts = fields.fields;
  if (!Array.isArray(parts) || parts.length < 3) return null;
  return { ColumnRef: { ...fields, fields: parts.slice(1) } };
}

/** The pattern has an ESCAPE of its own: like_escape(pattern, character). */
function isEscaped(pattern: Json): boolean {
  return (
    isFields(pattern) && isFields(pattern.FuncCall) && lastName(pattern.FuncCall.funcname) === 'like_escape'
  );
}
