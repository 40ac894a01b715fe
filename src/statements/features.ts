/** SQL text → features. */
import type { Node, RawStmt } from 'libpg-query';
import type { StatementFeatures } from '../model/statement-features.ts';
import { as, isOn, type NodeHandlers, visitor } from './ast.ts';
import { collectColumns } from './columns/columns.ts';
import { type Draft, finish, newDraft } from './draft.ts';
import { bodyHandlers, mergeEmbedded } from './extractors/bodies.ts';
import { changeHandlers } from './extractors/changes.ts';
import { fileHandlers } from './extractors/copy.ts';
import { definitionHandlers } from './extractors/definitions.ts';
import { addHosts, hostHandlers } from './extractors/hosts.ts';
import { injectionHandlers } from './extractors/injection.ts';
import { noteShape } from './extractors/query-shape.ts';
import { isRansomText, ransomHandlers } from './extractors/ransom.ts';
import { collectRelations } from './extractors/relations.ts';
import { roleHandlers } from './extractors/roles.ts';
import { settingHandlers } from './extractors/settings.ts';
import { isStacked } from './extractors/stacking.ts';
import { type Token, tokenize } from './lexing/lexer.ts';
import { fingerprintOf, normalizedOf, parseText } from './parser/parser.ts';
import { openNumbers, watchLiterals } from './shapes/literal-reads.ts';
import { type StatementText, statementText } from './statement-text.ts';
import { noteComments } from './text/comments.ts';
import { restoreMarks } from './text/redaction-marks.ts';
import { noteReplicationCommand } from './text/replication.ts';
import { noteTokens } from './text/unparsed.ts';

/** SQL in SQL in SQL is read; deeper is not. */
const MAX_EMBEDDING = 3;
/** Characters of embedded SQL that are read for one text: a body can hand the same long variable to EXECUTE many times. */
const EMBEDDED_BUDGET = 262_144;

const GROUPS: NodeHandlers<Draft>[] = [
  definitionHandlers,
  bodyHandlers,
  changeHandlers,
  fileHandlers,
  hostHandlers,
  injectionHandlers,
  ransomHandlers,
  roleHandlers,
  settingHandlers,
];
const visitAll = visitor<Draft>(GROUPS);
/** A plan is made, nothing runs. */
const visitPlanned = visitor<Draft>([hostHandlers, injectionHandlers]);

/** A rule and a function hold statements for later: their definition changes no data. */
const visitKept = visitor<Draft>(GROUPS.filter((group) => group !== changeHandlers));
const KEEPS_STATEMENTS = new Set(['RuleStmt', 'CreateFunctionStmt']);

/** What was found in a text. */
export interface Reading {
  features: StatementFeatures;
  /** Numbers of the text's open tokens that the features depend on, ascending. */
  literalsRead: number[];
}

/**
 * Features of a statement text whose secrets are blanked. Any text is accepted, SQL or not, of any length; never throws
 * once `loadParser()` is done. Equal texts give equal features.
 */
export function extractFeatures(redactedText: string): StatementFeatures {
  return readText(statementText(redactedText)).features;
}

/**
 * Features of a text, and which of its literals they depend on: texts of the same shape in which those are equal have the
 * same features.
 */
export function readText({ text, isCut }: StatementText): Reading {
  const draft = newDraft();
  if (isCut) draft.flags.add('text_cut');
  const tokens = tokenize(text);
  const { candidates, tailRedacted } = restoreMarks(text, tokens);
  noteComments(text, tokens, draft);
  let parsed: string | null = null;
  // Without a parse tree of this very text everything counts, comments too.
  let literalsRead = () => openNumbers(text);
  if (!noteReplicationCommand(text, draft)) {
    const watch = (statements: RawStmt[], candidate: string) => {
      if (candidate === text) literalsRead = watchLiterals(statements, text);
    };
    for (const candidate of candidates) parsed ??= readStatements(candidate, draft, watch);
    if (parsed === null) noteUnparsed(text, tokens, draft);
  }
  const features = finish(draft, {
    parseOk: parsed !== null,
    fingerprint: parsed === null ? null : fingerprintOf(parsed),
    normalized: parsed === null ? null : normalizedOf(parsed),
    tailRedacted,
  });
  return { features, literalsRead: literalsRead() };
}

/** Features of a text that the parser is not to be given again. */
export function readWithoutParser({ text, isCut }: StatementText): Reading {
  const draft = newDraft();
  draft.flags.add('parser_failed');
  if (isCut) draft.flags.add('text_cut');
  const tokens = tokenize(text);
  noteComments(text, tokens, draft);
  noteUnparsed(text, tokens, draft);
  const { tailRedacted } = restoreMarks(text, tokens);
  const features = finish(draft, { parseOk: false, fingerprint: null, normalized: null, tailRedacted });
  return { features, literalsRead: openNumbers(text) };
}

function noteUnparsed(text: string, tokens: readonly Token[], draft: Draft): void {
  noteTokens(text, tokens, draft);
  if (isRansomText(text)) draft.flags.add('ransom_text');
  addHosts(text, draft.hosts);
}

/** Parses a text and fills the draft. Returns what was parsed, see `parseText`; null when it does not parse. */
function readStatements(
  text: string,
  draft: Draft,
  onParsed: (statements: RawStmt[], text: string) => void = () => undefined,
  embedding = 0,
  budget = { left: EMBEDDED_BUDGET },
): string | null {
  const parsed = parseText(text);
  if (!parsed.ok) {
    if (parsed.exhausted) draft.flags.add('parser_failed');
    return null;
  }
  onParsed(parsed.statements, parsed.text);
  const kinds = parsed.statements.map((statement) => readStatement(statement, draft));
  draft.statementCount = parsed.statements.length;
  if (isStacked(kinds)) draft.flags.add('stacked');
  const embedded = draft.embedded.splice(0);
  for (const { text: sql, runs } of embedded) {
    budget.left -= sql.length;
    if (budget.left < 0) {
      draft.flags.add('parser_failed');
      break;
    }
    const inner = newDraft();
    if (embedding < MAX_EMBEDDING) readStatements(sql, inner, undefined, embedding + 1, budget);
    mergeEmbedded(inner, runs, sql, draft);
  }
  return parsed.text;
}

/** Returns the kind of the statement. */
function readStatement({ stmt }: RawStmt, draft: Draft): string {
  const [kind = ''] = Object.keys(stmt ?? {});
  if (stmt === undefined) return kind;
  draft.kinds.add(kind);
  const planned = isPlanOnly(stmt);
  const visit = planned ? visitPlanned : KEEPS_STATEMENTS.has(kind) ? visitKept : visitAll;
  visit(stmt, draft);
  collectRelations(stmt, draft, planned);
  collectColumns(stmt, draft, planned);
  noteShape(stmt, draft);
  // Only now is it known which names are relations: psql joins catalogs with its own WITH queries.
  if ([...draft.besideCatalog].some((name) => draft.relationsRead.has(name)))
    draft.flags.add('union_catalog');
  return kind;
}

function isPlanOnly(stmt: Node): boolean {
  const explain = as(stmt, 'ExplainStmt');
  if (explain === undefined) return false;
  return !(explain.options ?? []).some((option) => {
    const { defname, arg } = as(option, 'DefElem') ?? {};
    return defname === 'analyze' && isOn(arg);
  });
}
