/** SQL text → features. */
import type { Node, RawStmt } from 'libpg-query';
import type { StatementFeatures } from '../model.ts';
import { as, visitor } from './ast.ts';
import { bodyHandlers, mergeEmbedded } from './bodies.ts';
import { changeHandlers } from './changes.ts';
import { noteComments } from './comments.ts';
import { fileHandlers } from './copy.ts';
import { definitionHandlers } from './definitions.ts';
import { type Draft, finish, newDraft } from './draft.ts';
import { statementHash } from './hash.ts';
import { addHosts, hostHandlers } from './hosts.ts';
import { injectionHandlers } from './injection.ts';
import { tokenize } from './lexer.ts';
import { fingerprintOf, MAX_TEXT, normalizedOf, parseText } from './parser.ts';
import { noteShape } from './query-shape.ts';
import { isRansomText, ransomHandlers } from './ransom.ts';
import { restoreMarks } from './redaction-marks.ts';
import { collectRelations } from './relations.ts';
import { noteReplicationCommand } from './replication.ts';
import { roleHandlers } from './roles.ts';
import { settingHandlers } from './settings.ts';
import { noteTokens } from './unparsed.ts';

/** SQL in SQL in SQL is read; deeper is not. */
const MAX_EMBEDDING = 3;
/** Characters of embedded SQL that are read for one text: a body can hand the same long variable to EXECUTE many times. */
const EMBEDDED_BUDGET = 262_144;

const visitAll = visitor<Draft>([
  definitionHandlers,
  bodyHandlers,
  changeHandlers,
  fileHandlers,
  hostHandlers,
  injectionHandlers,
  ransomHandlers,
  roleHandlers,
  settingHandlers,
]);
/** A plan is made, nothing runs. */
const visitPlanned = visitor<Draft>([hostHandlers, injectionHandlers]);

/** Statements that a stacked injection does not need, and that drivers add by themselves. */
const FRAME = new Set(['TransactionStmt', 'VariableSetStmt', 'DiscardStmt']);

/**
 * Features of a statement text whose secrets are blanked. Any text is accepted, SQL or not, of any length; never throws
 * once `loadParser()` is done. Equal texts give equal features.
 */
export function extractFeatures(redactedText: string): StatementFeatures {
  const text = storable(redactedText);
  const draft = newDraft();
  if (text.length < redactedText.length && redactedText.length > MAX_TEXT) draft.flags.add('text_cut');
  const tokens = tokenize(text);
  const { candidates, tailRedacted } = restoreMarks(text, tokens);
  noteComments(text, tokens, draft);
  let parsed: string | null = null;
  if (!noteReplicationCommand(text, draft)) {
    parsed =
      candidates.find((candidate) => readStatements(candidate, draft, 0, { left: EMBEDDED_BUDGET })) ?? null;
    if (parsed === null) {
      noteTokens(text, tokens, draft);
      if (isRansomText(text)) draft.flags.add('ransom_text');
      addHosts(text, draft.hosts);
    }
  }
  return finish(draft, {
    statementHash: statementHash(redactedText),
    sqlText: text,
    textLength: redactedText.length,
    parseOk: parsed !== null,
    fingerprint: parsed === null ? null : fingerprintOf(parsed),
    normalized: parsed === null ? null : normalizedOf(parsed),
    tailRedacted,
  });
}

/** At most 64 Ki code units, without NUL (it would end the text for the parser) and half surrogate pairs. */
function storable(text: string): string {
  return text
    .slice(0, MAX_TEXT)
    .replaceAll('\0', '')
    .replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Parses a text and fills the draft; false when it does not parse. */
function readStatements(text: string, draft: Draft, embedding: number, budget: { left: number }): boolean {
  const parsed = parseText(text);
  if (!parsed.ok) {
    if (parsed.exhausted) draft.flags.add('parser_failed');
    return false;
  }
  let own = 0;
  for (const statement of parsed.statements) own += readStatement(statement, draft) ? 1 : 0;
  draft.statementCount = parsed.statements.length;
  if (own > 1) draft.flags.add('stacked');
  const embedded = draft.embedded.splice(0);
  for (const { text: sql, runs } of embedded) {
    budget.left -= sql.length;
    if (budget.left < 0) break;
    const inner = newDraft();
    if (embedding < MAX_EMBEDDING) readStatements(sql, inner, embedding + 1, budget);
    mergeEmbedded(inner, runs, sql, draft);
  }
  return true;
}

/** True for a statement that is more than a frame around others. */
function readStatement({ stmt }: RawStmt, draft: Draft): boolean {
  const [kind = ''] = Object.keys(stmt ?? {});
  if (stmt === undefined) return false;
  draft.kinds.add(kind);
  const planned = isPlanOnly(stmt);
  (planned ? visitPlanned : visitAll)(stmt, draft);
  collectRelations(stmt, draft, planned);
  noteShape(stmt, draft);
  // Only now is it known which names are relations: psql joins catalogs with its own WITH queries.
  if ([...draft.besideCatalog].some((name) => draft.relationsRead.has(name)))
    draft.flags.add('union_catalog');
  return !FRAME.has(kind);
}

function isPlanOnly(stmt: Node): boolean {
  const explain = as(stmt, 'ExplainStmt');
  if (explain === undefined) return false;
  return !(explain.options ?? []).some((option) => as(option, 'DefElem')?.defname === 'analyze');
}
