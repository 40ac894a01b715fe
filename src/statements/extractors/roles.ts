/** Roles, membership, rights and owners. */
import type { AlterRoleStmt, CreateRoleStmt, DefElem, GrantStmt, Node } from 'libpg-query';
import { as, isOn, lastName, type NodeHandlers, relationName, roleName, roleNames, strings } from '../ast.ts';
import type { Draft } from '../draft.ts';

/** Role attributes as the parser names them; `canlogin` is LOGIN, `isreplication` is REPLICATION. */
const ATTRIBUTES = new Set([
  'superuser',
  'createrole',
  'createdb',
  'isreplication',
  'bypassrls',
  'canlogin',
  'inherit',
]);

export const roleHandlers: NodeHandlers<Draft> = {
  CreateRoleStmt(node, draft) {
    draft.target = (node.role ?? '').toLowerCase();
    roleOptions(node, draft.target, draft);
    const nologin = node.options?.some((option) => as(option, 'DefElem')?.defname === 'canlogin');
    if (node.stmt_type === 'ROLESTMT_USER' && !nologin) draft.roleOptions.add('canlogin');
  },
  AlterRoleStmt(node, draft) {
    draft.target = roleName(node.role);
    // ALTER GROUP … DROP USER has action -1.
    if (node.action === -1) draft.flags.add('revoke');
    else roleOptions(node, draft.target, draft);
  },
  DropRoleStmt(node, draft) {
    draft.flags.add('drop_role');
    draft.target = roleNames(node.roles)[0] ?? null;
  },
  GrantRoleStmt(node, draft) {
    if (node.is_grant !== true) {
      draft.flags.add('revoke');
      return;
    }
    for (const role of node.granted_roles ?? [])
      draft.rolesGranted.add((as(role, 'AccessPriv')?.priv_name ?? '').toLowerCase());
    addAll(draft.grantees, roleNames(node.grantee_roles));
    for (const option of node.opt ?? []) {
      const { defname, arg } = as(option, 'DefElem') ?? {};
      if (defname === 'admin' && isOn(arg)) draft.flags.add('admin_option');
    }
  },
  GrantStmt(node, draft) {
    grant(node, draft);
  },
  AlterDefaultPrivilegesStmt(node, draft) {
    draft.flags.add('default_privs');
    if (node.action !== undefined) grant(node.action, draft);
  },
  AlterOwnerStmt(node, draft) {
    draft.flags.add('owner_change');
    draft.target = objectName(node.object) || relationName(node.relation) || null;
    draft.grantees.add(roleName(node.newowner));
  },
  ReassignOwnedStmt(node, draft) {
    draft.flags.add('owner_change');
    draft.target = roleNames(node.roles)[0] ?? null;
    draft.grantees.add(roleName(node.newrole));
  },
};

function roleOptions(node: CreateRoleStmt | AlterRoleStmt, role: string, draft: Draft): void {
  for (const option of node.options ?? []) {
    const element = as(option, 'DefElem');
    const name = element?.defname ?? '';
    if (ATTRIBUTES.has(name) && isOn(element?.arg)) draft.roleOptions.add(name);
    // PASSWORD NULL has no argument.
    if (name === 'password' && element?.arg !== undefined) draft.flags.add('sets_password');
    if (element !== undefined) membership(element, role, draft);
  }
}

/** `IN ROLE a` makes the new role a member of a; `ROLE b` and `ADMIN b` make b a member of the new role. */
function membership({ defname, arg }: DefElem, role: string, draft: Draft): void {
  const named = roleNames(as(arg, 'List')?.items);
  if (defname === 'addroleto') {
    addAll(draft.rolesGranted, named);
    draft.grantees.add(role);
  } else if (defname === 'rolemembers' || defname === 'adminmembers') {
    draft.rolesGranted.add(role);
    addAll(draft.grantees, named);
    if (defname === 'adminmembers') draft.flags.add('admin_option');
  }
}

function grant(node: GrantStmt, draft: Draft): void {
  const [first] = node.objects ?? [];
  draft.target ??= objectName(first) || null;
  if (node.is_grant !== true) {
    draft.flags.add('revoke');
    return;
  }
  if (isAll(node.privileges)) draft.flags.add('priv_all');
  if (node.targtype === 'ACL_TARGET_ALL_IN_SCHEMA') draft.flags.add('all_in_schema');
  if (node.grant_option === true) draft.flags.add('with_grant');
  if (node.objtype === 'OBJECT_PARAMETER_ACL') draft.flags.add('grant_parameter');
  // A role can be called "PUBLIC", but not "public".
  if (node.grantees?.some((grantee) => as(grantee, 'RoleSpec')?.roletype === 'ROLESPEC_PUBLIC'))
    draft.flags.add('to_public');
  addAll(draft.grantees, roleNames(node.grantees));
}

/** `GRANT ALL (column)` holds a privilege without a name. */
function isAll(privileges: readonly Node[] | undefined): boolean {
  return privileges?.some((privilege) => as(privilege, 'AccessPriv')?.priv_name === undefined) ?? true;
}

/** Name of the object in GRANT and ALTER … OWNER, lower case. */
function objectName(object: Node | undefined): string {
  const relation = as(object, 'RangeVar');
  if (relation !== undefined) return relationName(relation);
  const text = as(object, 'String')?.sval ?? strings(as(object, 'List')?.items).join('.');
  return text !== '' ? text.toLowerCase() : lastName(as(object, 'ObjectWithArgs')?.objname);
}

function addAll(set: Set<string>, names: readonly string[]): void {
  for (const name of names) set.add(name);
}
