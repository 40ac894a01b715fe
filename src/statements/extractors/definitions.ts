/** Objects that a statement defines: functions, triggers, extensions, foreign servers, publications, policies. */
import type { CreateFunctionStmt, DefElem, Node, VariableSetStmt } from 'libpg-query';
import { as, constantText, isOn, type NodeHandlers, relationName, roleName, strings } from '../ast.ts';
import type { Draft } from '../draft.ts';
import { truthOf } from './conditions.ts';

/** Languages whose functions reach the operating system; only superusers may create in them. */
const UNTRUSTED = new Set(
  'c internal plpythonu plpython2u plpython3u plperlu pltclu plsh plrustu plr plluau plphpu javau'.split(' '),
);

export const definitionHandlers: NodeHandlers<Draft> = {
  CreateFunctionStmt(node, draft) {
    draft.target = strings(node.funcname).join('.').toLowerCase();
    createFunction(node, draft);
  },
  AlterFunctionStmt(node, draft) {
    draft.target = strings(node.func?.objname).join('.').toLowerCase();
    for (const { defname, arg } of options(node.actions)) {
      if (defname === 'security' && isOn(arg)) draft.flags.add('security_definer');
      if (defname === 'set') alteredSearchPath(as(arg, 'VariableSetStmt'), draft);
    }
  },
  DoStmt(node, draft) {
    draft.flags.add('do_block');
    const language = options(node.args).find(({ defname }) => defname === 'language');
    noteLanguage(constantText(language?.arg) ?? 'plpgsql', draft);
  },
  CreatePLangStmt(node, draft) {
    noteLanguage(node.plname, draft);
  },
  CreateExtensionStmt(node, draft) {
    draft.flags.add('create_ext');
    draft.extension = (node.extname ?? '').toLowerCase();
    if (UNTRUSTED.has(draft.extension)) draft.flags.add('untrusted_lang');
  },
  CreateEventTrigStmt(node, draft) {
    draft.flags.add('event_trigger');
    draft.target = (node.trigname ?? '').toLowerCase();
  },
  AlterEventTrigStmt(node, draft) {
    // ENABLE REPLICA: it fires no more, but in sessions that apply replicated changes.
    const isOff = node.tgenabled === 'D' || node.tgenabled === 'R';
    draft.flags.add(isOff ? 'drop_event_trigger' : 'event_trigger');
    draft.target = (node.trigname ?? '').toLowerCase();
  },
  CreateTrigStmt(node, draft) {
    draft.flags.add('create_trigger');
    draft.target = relationName(node.relation);
  },
  AlterPolicyStmt(node, draft) {
    if (truthOf(node.qual) === true) draft.flags.add('rls_off');
  },
  RuleStmt(node, draft) {
    draft.flags.add('create_rule');
    draft.target = relationName(node.relation);
  },
  AlterTableStmt(node, draft) {
    draft.target = relationName(node.relation);
    for (const command of node.cmds ?? []) alterTable(command, node.objtype ?? '', draft);
  },
  CreateForeignServerStmt(node, draft) {
    draft.flags.add('fdw_server');
    draft.target = (node.servername ?? '').toLowerCase();
  },
  AlterForeignServerStmt(node, draft) {
    draft.flags.add('fdw_server');
    draft.target = (node.servername ?? '').toLowerCase();
  },
  ImportForeignSchemaStmt(node, draft) {
    draft.flags.add('fdw_server');
    draft.target = (node.server_name ?? '').toLowerCase();
  },
  CreateUserMappingStmt(node, draft) {
    draft.flags.add('user_mapping');
    draft.target = roleName(node.user);
  },
  AlterUserMappingStmt(node, draft) {
    draft.flags.add('user_mapping');
    draft.target = roleName(node.user);
  },
  CreateSubscriptionStmt(node, draft) {
    draft.flags.add('subscription');
    draft.target = (node.subname ?? '').toLowerCase();
  },
  AlterSubscriptionStmt(node, draft) {
    draft.flags.add('subscription');
    draft.target = (node.subname ?? '').toLowerCase();
  },
  CreatePublicationStmt(node, draft) {
    draft.flags.add('publication');
    if (node.for_all_tables === true) draft.flags.add('pub_all_tables');
    draft.target = (node.pubname ?? '').toLowerCase();
  },
  AlterPublicationStmt(node, draft) {
    draft.flags.add('publication');
    draft.target = (node.pubname ?? '').toLowerCase();
  },
  NotifyStmt(node, draft) {
    draft.flags.add('notify');
    draft.target = (node.conditionname ?? '').toLowerCase();
  },
  LockStmt(node, draft) {
    if (node.mode === 1) draft.flags.add('lock_access_share');
  },
  DeclareCursorStmt(node, draft) {
    if (node.portalname === '_pg_dump_cursor') draft.flags.add('pg_dump_cursor');
  },
};

/** The DefElem nodes of an option list. */
export function options(nodes: readonly Node[] | undefined): DefElem[] {
  return (nodes ?? []).map((node) => as(node, 'DefElem')).filter((element) => element !== undefined);
}

function createFunction(node: CreateFunctionStmt, draft: Draft): void {
  let definer = false;
  let pinned = false;
  for (const { defname, arg } of options(node.options)) {
    if (defname === 'language') noteLanguage(constantText(arg) ?? '', draft);
    if (defname === 'security') definer = isOn(arg);
    const setting = defname === 'set' ? as(arg, 'VariableSetStmt') : undefined;
    // TO DEFAULT pins nothing.
    if (setting?.name?.toLowerCase() !== 'search_path' || setting.kind === 'VAR_SET_DEFAULT') continue;
    pinned = true;
    if (isUnsafe(setting)) draft.flags.add('search_path_unsafe');
  }
  if (definer) draft.flags.add('security_definer');
  if (definer && !pinned) draft.flags.add('no_search_path');
  const source = options(node.options).find(({ defname }) => defname === 'as');
  if (draft.language === 'c') draft.path = strings(as(source?.arg, 'List')?.items)[0] ?? null;
}

function alteredSearchPath(setting: VariableSetStmt | undefined, draft: Draft): void {
  if (setting?.kind !== 'VAR_RESET_ALL' && setting?.name?.toLowerCase() !== 'search_path') return;
  if (setting.kind !== 'VAR_SET_VALUE' || isUnsafe(setting)) draft.flags.add('search_path_unsafe');
}

/**
 * Anybody may create objects in `public` (before PG 15) and in a schema of his own name. FROM CURRENT takes the path of the
 * session, which has both unless it was changed.
 */
function isUnsafe(setting: VariableSetStmt): boolean {
  if (setting.kind === 'VAR_SET_CURRENT') return true;
  return (setting.args ?? []).some((arg) => /^(?:public|"?\$user"?)$/i.test(constantText(arg)?.trim() ?? ''));
}

function noteLanguage(language: string | undefined, draft: Draft): void {
  draft.language = (language ?? '').toLowerCase();
  if (UNTRUSTED.has(draft.language)) draft.flags.add('untrusted_lang');
}

function alterTable(node: Node, objectType: string, draft: Draft): void {
  const command = as(node, 'AlterTableCmd');
  switch (command?.subtype) {
    case 'AT_DisableRowSecurity':
    case 'AT_NoForceRowSecurity':
      draft.flags.add('rls_off');
      break;
    case 'AT_ChangeOwner':
      draft.flags.add('owner_change');
      draft.grantees.add(roleName(command.newowner));
      break;
    case 'AT_DisableTrig':
    case 'AT_DisableTrigAll':
    case 'AT_DisableTrigUser':
    // Fires no more, but in sessions that apply replicated changes.
    case 'AT_EnableReplicaTrig':
      draft.flags.add('trigger_off');
      break;
    case 'AT_DropColumn':
      // ALTER TYPE … DROP ATTRIBUTE is the same command.
      if (objectType !== 'OBJECT_TYPE') draft.flags.add('drop_column');
      break;
  }
}

/** True for a language that only superusers may use because it reaches the operating system. */
export function isUntrusted(language: string): boolean {
  return UNTRUSTED.has(language.toLowerCase());
}
