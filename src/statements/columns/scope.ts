/** Which relation a column name stands for: the sources of a query, and the queries around it. */
import type { RangeVar } from 'libpg-query';
import { relationName } from '../ast.ts';
import { catalogName } from '../extractors/relations.ts';

/** Names that are kept of one derived source. One with more counts as a source whose names are not known. */
const MAX_NAMES = 512;

/** What the text tells of the columns of a source, or of several together. */
export interface Columns {
  /** Names that a subquery, a common table expression or an alias gives: no column of a relation is meant by them. */
  known: Set<string>;
  /** How many relations could have any other name. */
  relations: number;
  /** The first of them; with one relation, the one that has the column. */
  relation: string;
  /** There are columns whose names the text does not tell, of a function or behind `?column?`. */
  open: boolean;
}

/** One level of query: what its FROM offers. */
export interface Level {
  outer: Level | null;
  /** By alias, or by name; what has no alias by `schema\0name` as well. */
  named: Map<string, Columns>;
  /** All sources together: what a name without qualifier can mean. */
  all: Columns;
  /** Sources that are in `all`, so that a thousand references to one common table expression cost little. */
  merged: Set<Columns>;
}

/** Common table expressions that are visible at a place, the nearest first. */
export interface Ctes {
  outer: Ctes | null;
  columns: Map<string, Columns>;
}

export function newColumns(names: Iterable<string> = [], open = false): Columns {
  const columns: Columns = { known: new Set(), relations: 0, relation: '', open };
  for (const name of names) learn(columns, name);
  return columns;
}

export function newLevel(outer: Level | null): Level {
  return { outer, named: new Map(), all: newColumns(), merged: new Set() };
}

/** `app.users`, `pg_authid`, …: named as `relations` and `catalogs` name it. */
export function relationLabel(relation: RangeVar | undefined): string {
  return relation === undefined ? '' : (catalogName(relation) ?? relationName(relation));
}

/** Columns of a relation. Names that its alias gives to them tell nothing of their own. */
export function relationColumns(relation: RangeVar, renamed: readonly string[]): Columns {
  return { ...newColumns(renamed), relations: 1, relation: relationLabel(relation) };
}

/** Adds one name to what is known. */
export function learn(columns: Columns, name: string): void {
  if (columns.known.size < MAX_NAMES) columns.known.add(name);
  else if (!columns.known.has(name)) columns.open = true;
}

/** Adds what is known of one source to that of several. */
export function merge(from: Columns, into: Columns): void {
  for (const name of from.known) learn(into, name);
  if (into.relations === 0) into.relation = from.relation;
  into.relations += from.relations;
  into.open ||= from.open;
}

/** Puts a source into a level under its name, if it has one. */
export function addSource(level: Level, name: string | undefined, columns: Columns): void {
  if (name !== undefined) nameSource(level, name, columns);
  // A name could be of the first reference to a source or of the second; its names are the same.
  if (level.merged.has(columns)) level.all.relations += columns.relations;
  else merge(columns, level.all);
  level.merged.add(columns);
}

/** Lets a source be reached through its name only, as `excluded` and `old`. */
export function nameSource(level: Level, name: string, columns: Columns): void {
  // PostgreSQL refuses a name that is given twice.
  if (!level.named.has(name)) level.named.set(name, columns);
}

/** Puts a relation of FROM into a level. `columns` are those of the common table expression, if it is one. */
export function addRelation(level: Level, relation: RangeVar, columns: Columns): void {
  const { relname = '', schemaname = '', alias } = relation;
  addSource(level, alias?.aliasname ?? relname, columns);
  if (alias === undefined) nameSource(level, `${schemaname}\0${relname}`, columns);
}

/** Puts the sources of one level into another. */
export function addLevel(from: Level, into: Level): void {
  for (const [name, columns] of from.named) nameSource(into, name, columns);
  merge(from.all, into.all);
}

export function findCte(ctes: Ctes | null, relation: RangeVar): Columns | undefined {
  if (relation.schemaname !== undefined) return undefined;
  for (let at = ctes; at !== null; at = at.outer) {
    const columns = at.columns.get(relation.relname ?? '');
    if (columns !== undefined) return columns;
  }
  return undefined;
}

/** What a reference with a qualifier points to: `[alias]`, `[schema, table]` or `[database, schema, table]`. */
export function findSource(level: Level | null, qualifier: readonly string[]): Columns | undefined {
  const table = qualifier.at(-1) ?? '';
  const schema = qualifier.at(-2);
  for (let at = level; at !== null; at = at.outer) {
    const found =
      schema === undefined
        ? at.named.get(table)
        : // The search path may lead a name without schema to the same table.
          (at.named.get(`${schema}\0${table}`) ?? at.named.get(`\0${table}`));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The column that a name means among these: with its relation where there is one only; null for what is derived. */
export function columnAmong({ known, relations, relation, open }: Columns, name: string): string | null {
  if (relations === 0 || known.has(name)) return null;
  const column = name.toLowerCase();
  return relations === 1 && !open ? `${relation}.${column}` : column;
}

/** True if these could have a column of that name. */
export function couldHave({ known, relations, open }: Columns, name: string): boolean {
  return relations > 0 || open || known.has(name);
}

/**
 * The column that a name without qualifier means: of the nearest level that could have it. A source whose columns the
 * text does not tell leaves it open, and the relations further out are asked as well. Null where no relation has it, or
 * where the name is that of a source, which stands for its whole row.
 */
export function resolveName(level: Level | null, name: string): string | null {
  let certain = true;
  for (let at = level; at !== null; at = at.outer) {
    if (at.named.has(name) || at.all.known.has(name)) return null;
    const column = columnAmong(at.all, name);
    if (column !== null) return certain ? column : name.toLowerCase();
    if (at.all.open) certain = false;
  }
  return null;
}
