/**
 * Columns that a statement reads and writes, where its text names them. What PostgreSQL asks SELECT on is read, what it
 * asks INSERT or UPDATE on is written. Only `excluded` is neither: it holds what the statement itself brings.
 */
import type { IndexElem, Node, RangeVar } from 'libpg-query';
import type { Draft } from '../draft.ts';
import { copy, insert, merged, remove, update } from './changes.ts';
import { select } from './queries.ts';
import { addRelation, type Columns, nameSource, newLevel, relationColumns, resolveName } from './scope.ts';
import { columnRef, indirection, type Place, walk } from './walk.ts';

/** Columns that are kept of one text, read and written each: names are of the attacker's choosing. */
const MAX_COLUMNS = 512;

const HANDLERS: Place['handlers'] = new Map<string, (node: never, place: Place) => Columns | undefined>([
  ['SelectStmt', select],
  ['InsertStmt', insert],
  ['UpdateStmt', update],
  ['DeleteStmt', remove],
  ['MergeStmt', merged],
  ['CopyStmt', copy],
  ['ColumnRef', columnRef],
  ['A_Indirection', indirection],
  ['IndexElem', indexed],
  ['IndexStmt', aboutTable],
  ['CreatePolicyStmt', aboutTable],
  ['AlterPolicyStmt', aboutTable],
  ['RuleStmt', aboutRow],
  ['CreateTrigStmt', aboutRow],
]);

/**
 * Adds the columns that a statement names to the draft, at most 512 read and 512 written ones. `readOnly`: a plain
 * EXPLAIN changes nothing.
 *
 * - A name without qualifier is that of the only relation that could have it; with several it stays bare. A derived
 *   source that has the name takes it, and one whose columns the text does not tell (a function) leaves it bare.
 * - `*` names no column. What it hands out of a subquery is named further out: `SELECT a FROM (SELECT * FROM t) s`.
 * - A name that no source of the text could have is left out: of CREATE TABLE, a parameter, a typing error.
 */
export function collectColumns(statement: Node, draft: Draft, readOnly: boolean): void {
  const into = (set: Set<string>) => (column: string | null) => {
    if (column !== null && set.size < MAX_COLUMNS) set.add(column);
  };
  const read = into(draft.columnsRead);
  const write = readOnly ? read : into(draft.columnsWritten);
  walk(statement, { level: null, ctes: null, read, write, handlers: HANDLERS });
}

/** A column by its name alone: of an index, or of the index that ON CONFLICT asks for. */
function indexed({ name, expr }: IndexElem, place: Place): undefined {
  if (name !== undefined) place.read(resolveName(place.level, name));
  walk(expr, place);
}

/** Expressions over the rows of a table. */
function aboutTable(node: { relation?: RangeVar; table?: RangeVar }, place: Place): undefined {
  const level = newLevel(place.level);
  const relation = node.relation ?? node.table;
  if (relation !== undefined) addRelation(level, relation, relationColumns(relation, []));
  walk(node, { ...place, level });
}

/** Rules and triggers see the row as `old` and `new`. */
function aboutRow(node: { relation?: RangeVar }, place: Place): undefined {
  const level = newLevel(place.level);
  for (const name of ['old', 'new']) nameSource(level, name, relationColumns(node.relation ?? {}, []));
  walk(node, { ...place, level });
}
