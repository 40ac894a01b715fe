/**
 * Turns a question about PostgreSQL's catalogs into SQL of DuckDB over relations and macros of our own: `pgc_…` for relations of
 * pg_catalog, `pgi_…` for those of information_schema, `pgf_…` for functions.
 *
 * It only translates. Whether the result may run decides the guard, as for every query.
 */
import type { Node, ParseResult } from 'libpg-query';
import { deparseSync } from 'pgsql-deparser';
import { PgvigilError } from '../../errors.ts';
import { parseText } from '../../statements/parser/parser.ts';
import { SCHEMA, VERSION_TEXT } from '../settings.ts';
import type { CatalogSession } from './catalog-runner.ts';
import { castOf, columnWithoutSchema, operatorOf, systemColumn } from './expressions.ts';
import {
  constantText,
  type Fields,
  isFields,
  type Json,
  lastName,
  literal,
  parsedExpression,
  parsedNode,
  text,
} from './nodes.ts';

export interface CatalogNames {
  /** Relations as `pg_class` and `information_schema.tables`. */
  relations: ReadonlySet<string>;
  /** Functions that have a macro. */
  functions: ReadonlySet<string>;
  /** Public views. */
  views: ReadonlySet<string>;
}

/**
 * The SQL to run, or null where the text asks about something else than catalogs and the session.
 *
 * @throws PgvigilError QUERY_REFUSED for a question about catalogs and public views at once
 */
export function rewritten(sql: string, names: CatalogNames, session: CatalogSession): string | null {
  const parsed = parseText(sql);
  if (!parsed.ok || parsed.statements.length !== 1) return null;
  const statement = parsed.statements[0]!.stmt as unknown as Fields;
  if (!('SelectStmt' in statement)) return null;
  const rewriting = new Rewriting(names, session);
  const tree = rewriting.visit(statement);
  if (rewriting.views.size > 0 && rewriting.foreign.size > 0) {
    throw new PgvigilError(
      'QUERY_REFUSED',
      `not implemented: ${[...rewriting.foreign][0]} and ${[...rewriting.views][0]} in one query`,
      'Ask the catalogs and the views apart.',
    );
  }
  if (rewriting.views.size > 0 || rewriting.unknown.size > 0) return null;
  return deparseSync(tree as unknown as Node | ParseResult);
}

const TABLE_FUNCTIONS = new Set(['generate_series', 'unnest']);

class Rewriting {
  /** Public views that FROM names. */
  readonly views = new Set<string>();
  /** Catalogs that FROM names. */
  readonly foreign = new Set<string>();
  /** Everything else that FROM names. */
  readonly unknown = new Set<string>();
  readonly #names: CatalogNames;
  readonly #session: CatalogSession;
  /** Names of WITH. One that is named like a catalog would only confuse its author. */
  readonly #ctes = new Set<string>();

  constructor(names: CatalogNames, session: CatalogSession) {
    this.#names = names;
    this.#session = session;
  }

  /** A tree with everything in it replaced, from the leaves to the root. */
  visit(value: Json): Json {
    if (Array.isArray(value)) return value.map((element) => this.visit(element));
    if (value === null || typeof value !== 'object') return value;
    this.#rememberCtes(value);
    const visited = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.visit(inner)]));
    const [type] = Object.keys(visited);
    const fields = type === undefined ? null : visited[type];
    if (type === undefined || !isFields(fields)) return visited;
    return this.#replaced(type, fields, value) ?? visited;
  }

  #rememberCtes(fields: Fields): void {
    const list = isFields(fields.withClause) ? fields.withClause.ctes : undefined;
    if (!Array.isArray(list)) return;
    for (const cte of list) {
      const inner = isFields(cte) ? cte.CommonTableExpr : undefined;
      if (isFields(inner)) this.#ctes.add(String(inner.ctename));
    }
  }

  #replaced(type: string, fields: Fields, original: Fields): Json | null {
    switch (type) {
      case 'RangeVar':
        return this.#relation(fields);
      case 'RangeFunction':
        return this.#functionInFrom(fields);
      case 'FuncCall':
        return this.#call(fields);
      case 'SQLValueFunction':
        return this.#sessionValue(String(fields.op));
      case 'CollateClause':
        return fields.arg ?? null;
      case 'TypeCast':
        return castOf(fields);
      case 'A_Expr':
        return operatorOf(fields);
      case 'ColumnRef':
        return systemColumn(fields) ?? columnWithoutSchema(fields);
      default:
        return type === 'A_Const' ? original : null;
    }
  }

  #relation(fields: Fields): Json | null {
    const [schema, name] = [String(fields.schemaname ?? ''), String(fields.relname)];
    if (schema === '' && this.#ctes.has(name)) return null;
    if ((schema === '' || schema === SCHEMA) && this.#names.views.has(name.toLowerCase())) {
      this.views.add(name);
      return null;
    }
    const prefix =
      schema === 'information_schema' ? 'pgi_' : schema === '' || schema === 'pg_catalog' ? 'pgc_' : null;
    const stored = `${prefix}${name}`;
    if (prefix === null || !this.#names.relations.has(stored)) {
      // A catalog that we do not have is not a view of the data either: the guard says so.
      if (schema === 'pg_catalog' || schema === 'information_schema') this.foreign.add(name);
      else this.unknown.add(name);
      return null;
    }
    this.foreign.add(name);
    const { schemaname: _, catalogname: __, ...rest } = fields;
    const alias = stored === 'pgc_pg_settings' ? undefined : (fields.alias ?? { aliasname: name });
    if (alias === undefined) return this.#settings(fields);
    return { RangeVar: { ...rest, relname: stored, alias } };
  }

  /** pg_settings, with the values of this session. */
  #settings(fields: Fields): Json {
    const rows = Object.entries(this.#session.settings).map(
      ([name, value]) => `(${literal(name)}, ${literal(value)})`,
    );
    const subquery = parsedNode(
      `SELECT * FROM (SELECT name, setting, NULL::text AS unit, ''::text AS category, ''::text AS short_desc, 'user'::text AS context,
       'string'::text AS vartype, 'session'::text AS source, setting AS boot_val, setting AS reset_val
       FROM (VALUES ${rows.join(', ')}) AS s(name, setting)) AS x`,
    ) as { SelectStmt: { fromClause: Json[] } };
    const [range] = subquery.SelectStmt.fromClause as [{ RangeSubselect: Fields }];
    return {
      RangeSubselect: { ...range.RangeSubselect, alias: fields.alias ?? { aliasname: 'pg_settings' } },
    };
  }

  /** Functions in FROM: relations here, or tables of one row, or what DuckDB has, whose column is named as its table. */
  #functionInFrom(fields: Fields): Json | null {
    const [first] = (fields.functions ?? []) as [{ List?: { items: [Json] } }?];
    const called = first?.List?.items[0];
    const name = lastName(
      isFields(called) && isFields(called.FuncCall) ? called.FuncCall.funcname : undefined,
    );
    const plainName = name.replace(/^pgf_/, '');
    const alias = isFields(fields.alias) ? fields.alias : { aliasname: plainName };
    if (this.#names.relations.has(`pgc_${plainName}`)) {
      this.foreign.add(plainName);
      return { RangeVar: { relname: `pgc_${plainName}`, inh: true, relpersistence: 'p', alias } };
    }
    const named: Fields =
      'colnames' in alias ? alias : { ...alias, colnames: [{ String: { sval: alias.aliasname! } }] };
    if (TABLE_FUNCTIONS.has(name)) return { RangeFunction: { ...fields, alias: named } };
    if (called === undefined) return null;
    const select = parsedNode('SELECT 1') as { SelectStmt: Fields };
    const subquery = { SelectStmt: { ...select.SelectStmt, targetList: [{ ResTarget: { val: called } }] } };
    return { RangeSubselect: { subquery, alias: named } };
  }

  #call(fields: Fields): Json {
    const name = lastName(fields.funcname).toLowerCase();
    const args = Array.isArray(fields.args) ? fields.args : [];
    const known = this.#sessionCall(name, args);
    if (known !== null) return known;
    const { funcformat: _, ...rest } = fields;
    const target = this.#names.functions.has(name) ? `pgf_${name}` : name;
    return {
      FuncCall: { ...rest, funcformat: 'COERCE_EXPLICIT_CALL', funcname: [{ String: { sval: target } }] },
    };
  }

  /** Functions whose value the session knows. */
  #sessionCall(name: string, args: Json[]): Json | null {
    const { user, database, pid, settings } = this.#session;
    switch (name) {
      case 'version':
        return text(VERSION_TEXT);
      case 'current_database':
        return text(database);
      case 'current_schema':
        return text(SCHEMA);
      case 'current_schemas':
        return parsedExpression(`ARRAY['pg_catalog', ${literal(SCHEMA)}]`);
      case 'pg_backend_pid':
        return parsedExpression(String(pid));
      case 'current_setting': {
        const asked = constantText(args[0]);
        if (asked === null) return null;
        const key = Object.keys(settings).find((each) => each.toLowerCase() === asked.toLowerCase());
        return key === undefined ? parsedExpression('NULL::text') : text(settings[key]!);
      }
      case 'set_config':
        return args[1] ?? null;
      case 'user':
        return text(user);
      default:
        return null;
    }
  }

  /** CURRENT_USER and the like, which SQL writes without brackets. */
  #sessionValue(op: string): Json | null {
    if (/^SVFOP_(?:CURRENT_USER|SESSION_USER|USER|CURRENT_ROLE)$/.test(op)) return text(this.#session.user);
    if (op === 'SVFOP_CURRENT_CATALOG') return text(this.#session.database);
    return op === 'SVFOP_CURRENT_SCHEMA' ? text(SCHEMA) : null;
  }
}
