/** Parameters set by SET, RESET, ALTER ROLE | DATABASE | SYSTEM, set_config() and UPDATE pg_settings. */
import type { FuncCall, Node, UpdateStmt, VariableSetStmt } from 'libpg-query';
import { as, constantText, lastName, type NodeHandlers, roleName, strings } from '../ast.ts';
import type { Draft } from '../draft.ts';
import { addSetting } from '../setting-list.ts';

export const settingHandlers: NodeHandlers<Draft> = {
  VariableSetStmt(node, draft) {
    if (!draft.settingsOfFunctions.has(node)) set(node, 'session', draft);
  },
  DefElem(node, draft) {
    // CREATE FUNCTION … SET holds while the function runs. Parents come first: the node itself is still to be visited.
    const inner = node.defname === 'set' ? as(node.arg, 'VariableSetStmt') : undefined;
    if (inner === undefined) return;
    draft.settingsOfFunctions.add(inner);
    set(inner, 'local', draft);
  },
  AlterRoleSetStmt(node, draft) {
    draft.target = node.role === undefined ? 'all' : roleName(node.role);
    set(node.setstmt, 'role', draft);
  },
  AlterDatabaseSetStmt(node, draft) {
    draft.target = (node.dbname ?? '').toLowerCase();
    set(node.setstmt, 'database', draft);
  },
  AlterSystemStmt(node, draft) {
    set(node.setstmt, 'system', draft);
  },
  FuncCall(node, draft) {
    if (lastName(node.funcname) === 'set_config') setConfig(node, draft);
  },
  UpdateStmt(node, draft) {
    if (node.relation?.relname === 'pg_settings') updateSettings(node, draft);
  },
  DiscardStmt(_node, draft) {
    draft.flags.add('discard');
  },
};

function set(node: VariableSetStmt | undefined, scope: string, draft: Draft): void {
  // SET TRANSACTION and SET SESSION CHARACTERISTICS set no parameter by name.
  if (node === undefined || node.kind === 'VAR_SET_MULTI') return;
  const name = node.kind === 'VAR_RESET_ALL' ? '*' : node.name;
  addSetting(draft.settings, name ?? '', () => ({
    value: newSetting(node),
    scope: node.is_local === true ? 'local' : scope,
  }));
}

function newSetting(node: VariableSetStmt): string | null {
  switch (node.kind) {
    case 'VAR_RESET_ALL':
    case 'VAR_RESET':
      return 'RESET';
    case 'VAR_SET_DEFAULT':
      return 'DEFAULT';
    case 'VAR_SET_CURRENT':
      return 'CURRENT';
    case 'VAR_SET_VALUE':
      return (node.args ?? []).map((arg) => constantText(arg) ?? '').join(',');
    default:
      return null;
  }
}

function setConfig({ args = [] }: FuncCall, draft: Draft): void {
  const name = constantText(args[0]);
  addSetting(draft.settings, name ?? '', () => ({
    value: constantText(args[1]),
    scope: constantText(args[2]) === 'true' ? 'local' : 'session',
  }));
}

/** A rule on pg_settings turns its UPDATE into set_config(). */
function updateSettings(node: UpdateStmt, draft: Draft): void {
  const equality = as(node.whereClause, 'A_Expr');
  const column = strings(as(equality?.lexpr, 'ColumnRef')?.fields).at(-1);
  const name = column === 'name' ? constantText(equality?.rexpr) : null;
  addSetting(draft.settings, name ?? '*', () => ({ value: newValue(node.targetList), scope: 'session' }));
}

function newValue(targets: readonly Node[] | undefined): string | null {
  return constantText(as(targets?.[0], 'ResTarget')?.val);
}
