/** Columns and relations of a text, as the collectors find them. */
import assert from 'node:assert/strict';
import { collectColumns } from '../../../src/statements/columns/columns.ts';
import { newDraft } from '../../../src/statements/draft.ts';
import { collectRelations } from '../../../src/statements/extractors/relations.ts';
import { parseText } from '../../../src/statements/parser/parser.ts';

/** `loadParser()` must be done. `relations`: all of them, catalogs as well. */
export function columnsOf(
  sql: string,
  readOnly = false,
): { read: string[]; written: string[]; relations: string[] } {
  const draft = newDraft();
  const parsed = parseText(sql);
  assert.ok(parsed.ok, sql);
  for (const { stmt } of parsed.statements) {
    if (stmt === undefined) continue;
    collectColumns(stmt, draft, readOnly);
    collectRelations(stmt, draft, readOnly);
  }
  const relations = [...draft.relationsRead, ...draft.relationsWritten, ...draft.catalogs];
  return { read: [...draft.columnsRead].sort(), written: [...draft.columnsWritten].sort(), relations };
}
