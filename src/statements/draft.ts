/** Features of one text while its nodes are visited. */
import type { VariableSetStmt } from 'libpg-query';
import type { Setting, StatementFeatures } from '../model/statement-features.ts';
import type { Flag } from './flags.ts';
import { weightiest } from './setting-list.ts';

export interface Draft {
  flags: Set<Flag>;
  kinds: Set<string>;
  relationsRead: Set<string>;
  relationsWritten: Set<string>;
  catalogs: Set<string>;
  /** Of `catalogs`, those that are changed. */
  catalogsWritten: Set<string>;
  columnsRead: Set<string>;
  columnsWritten: Set<string>;
  functions: Set<string>;
  rolesGranted: Set<string>;
  grantees: Set<string>;
  roleOptions: Set<string>;
  hosts: Set<string>;
  /** In the order of the text; see `addSetting`. */
  settings: Setting[];
  /** Nodes of settings that were read with the function that they belong to. */
  settingsOfFunctions: Set<VariableSetStmt>;
  language: string | null;
  extension: string | null;
  path: string | null;
  target: string | null;
  statementCount: number;
  dropCount: number;
  nullPads: number;
  chrChain: number;
  /** Relations, or common table expressions, that stand in a UNION with a system catalog. */
  besideCatalog: Set<string>;
  /** SQL found in bodies and arguments, to be read as statements of their own. */
  embedded: EmbeddedSql[];
}

/** SQL text inside a statement. */
export interface EmbeddedSql {
  text: string;
  /** It runs with the statement (DO, dblink), or it is only stored (CREATE FUNCTION, cron.schedule). */
  runs: boolean;
}

/** What the parser and the lexer say of the text as a whole. */
export interface TextFacts {
  parseOk: boolean;
  fingerprint: string | null;
  normalized: string | null;
  tailRedacted: boolean;
}

export function newDraft(): Draft {
  return {
    flags: new Set(),
    kinds: new Set(),
    relationsRead: new Set(),
    relationsWritten: new Set(),
    catalogs: new Set(),
    catalogsWritten: new Set(),
    columnsRead: new Set(),
    columnsWritten: new Set(),
    functions: new Set(),
    rolesGranted: new Set(),
    grantees: new Set(),
    roleOptions: new Set(),
    hosts: new Set(),
    settings: [],
    settingsOfFunctions: new Set(),
    language: null,
    extension: null,
    path: null,
    target: null,
    statementCount: 0,
    dropCount: 0,
    nullPads: 0,
    chrChain: 0,
    besideCatalog: new Set(),
    embedded: [],
  };
}

/** The finished row: lists sorted, without duplicates and empty names. */
export function finish(draft: Draft, facts: TextFacts): StatementFeatures {
  const setting = weightiest(draft.settings);
  return {
    parseOk: facts.parseOk,
    fingerprint: facts.fingerprint,
    normalized: facts.normalized,
    tailRedacted: facts.tailRedacted,
    kinds: sorted(draft.kinds),
    relationsRead: sorted(draft.relationsRead),
    relationsWritten: sorted(draft.relationsWritten),
    catalogs: sorted(draft.catalogs),
    catalogsWritten: sorted(draft.catalogsWritten),
    columnsRead: sorted(draft.columnsRead),
    columnsWritten: sorted(draft.columnsWritten),
    functions: sorted(draft.functions),
    flags: sorted(draft.flags),
    settingName: setting?.name ?? null,
    settingValue: setting?.value ?? null,
    settingScope: setting?.scope ?? null,
    settings: draft.settings,
    rolesGranted: sorted(draft.rolesGranted),
    grantees: sorted(draft.grantees),
    roleOptions: sorted(draft.roleOptions),
    hosts: sorted(draft.hosts),
    language: draft.language,
    extension: draft.extension,
    path: draft.path,
    target: draft.target,
    statementCount: draft.statementCount,
    dropCount: draft.dropCount,
    nullPads: draft.nullPads,
    chrChain: draft.chrChain,
  };
}

function sorted(values: Set<string>): string[] {
  if (values.size === 0) return [];
  values.delete('');
  return [...values].sort();
}
