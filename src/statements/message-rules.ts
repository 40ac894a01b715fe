/**
 * Wordings of errors that tell what was tried: PostgreSQL 11 to 18 (src/backend, src/pl, contrib) and the checks of
 * Flexible Server, in English.
 */
import type { Draft } from './draft.ts';
import { isUntrusted } from './extractors/definitions.ts';
import { addSetting } from './setting-list.ts';

/** A wording and what it says; `name` is the first group. Bounded repeats keep every pattern linear. */
export interface MessageRule {
  pattern: RegExp;
  note(draft: Draft, name: string): void;
}

const PRIVILEGE: MessageRule[] = [
  {
    // 11-13 "must be superuser or a member of the … role to", 14-15 "or have privileges of", 16+ "permission denied to".
    pattern:
      /^(?:must be superuser or [a-z_ ]{1,80}|permission denied )to COPY to or from an external program$/,
    note: (draft) => {
      draft.kinds.add('CopyStmt');
      draft.flags.add('copy_program');
    },
  },
  {
    pattern: /^(?:must be superuser or [a-z_ ]{1,80}|permission denied )to COPY (from|to) a file$/,
    note: (draft, direction) => {
      draft.kinds.add('CopyStmt');
      draft.flags.add('copy_file').add(direction === 'from' ? 'copy_from' : 'copy_to');
    },
  },
  {
    pattern: /^permission denied for (?:function|procedure|routine|aggregate) "?([\w.$]{1,128})/,
    note: (draft, name) => draft.functions.add(lastPart(name)),
  },
  {
    pattern: /^must be superuser to use server-side (lo_import|lo_export)\(\)/,
    note: (draft, name) => draft.functions.add(name),
  },
  {
    pattern: /^(?:permission denied for language|language) "?(\w{1,63})"?(?: does not exist)?$/,
    note: noteLanguage,
  },
  {
    pattern: /^access to library "([^"]{1,1024})" is not allowed/,
    note: (draft, path) => {
      draft.path = path;
      draft.flags.add('load_library');
    },
  },
  {
    pattern:
      /^(?:permission denied to create extension|extension) "([^"]{1,128})"(?:$| is not (?:allow-listed|available|supported))/i,
    note: (draft, name) => {
      draft.extension = name.toLowerCase();
      draft.flags.add('create_ext');
      if (isUntrusted(name)) draft.flags.add('untrusted_lang');
    },
  },
  {
    pattern: /^could not open extension control file "[^"]{0,1024}?([\w-]{1,128})\.control"/,
    note: (draft, name) => {
      draft.extension = name.toLowerCase();
      draft.flags.add('create_ext');
    },
  },
  {
    pattern: /^Only members of "azure_pg_admin" are allowed to use CREATE EXTENSION/i,
    note: (draft) => draft.flags.add('create_ext'),
  },
  {
    pattern: /^must be owner of extension "?(\w{1,63})/,
    note: (draft, name) => {
      draft.extension = name.toLowerCase();
      draft.flags.add('drop_ext');
    },
  },
  {
    pattern: /^permission denied to create event trigger|^must be superuser to create an? event trigger/i,
    note: (draft) => draft.flags.add('event_trigger'),
  },
  {
    pattern: /^must be owner of event trigger "?([^"]{1,63})/,
    note: (draft) => draft.flags.add('drop_event_trigger'),
  },
];

const SETTING: MessageRule[] = [
  {
    pattern: /^permission denied to set parameter "([^"]{1,256})"/,
    note: (draft, name) => attempted(draft, name),
  },
  {
    pattern: /^parameter "([^"]{1,256})" (?:cannot be|requires a superuser)/,
    note: (draft, name) => attempted(draft, name),
  },
  {
    pattern:
      /^must be superuser to execute ALTER SYSTEM|^permission denied to perform ALTER SYSTEM RESET ALL/i,
    note: (draft) => {
      draft.kinds.add('AlterSystemStmt');
      attempted(draft, '*');
    },
  },
  {
    // Up to 16 without the name of the role.
    pattern: /^permission denied to set session authorization(?: "([^"]{1,256})")?/,
    note: (draft, role) => attempted(draft, 'session_authorization', role || null),
  },
  {
    pattern: /^permission denied to set role "([^"]{1,256})"/,
    note: (draft, role) => attempted(draft, 'role', role),
  },
];

const ROLE: MessageRule[] = [
  {
    // 16+ "permission denied to grant role", before "must have admin option on role"; the last one is Azure's.
    pattern:
      /(?:must have admin option on role|permission denied to grant role|permission denied to alter restricted role) "([^"]{1,128})"/,
    note: (draft, role) => {
      draft.kinds.add('GrantRoleStmt');
      draft.rolesGranted.add(role.toLowerCase());
    },
  },
  {
    pattern: /^permission denied to revoke role/,
    note: (draft) => {
      draft.kinds.add('GrantRoleStmt');
      draft.flags.add('revoke');
    },
  },
  {
    pattern: /^must be superuser to (?:create|alter|change) (superuser|replication|bypassrls)/,
    note: (draft, attribute) => {
      draft.kinds.add('CreateRoleStmt');
      draft.roleOptions.add(attribute === 'replication' ? 'isreplication' : attribute);
    },
  },
  { pattern: /^permission denied to create role/, note: (draft) => draft.kinds.add('CreateRoleStmt') },
  { pattern: /^permission denied to alter role/, note: (draft) => draft.kinds.add('AlterRoleStmt') },
  {
    pattern: /^permission denied to drop role/,
    note: (draft) => {
      draft.kinds.add('DropRoleStmt');
      draft.flags.add('drop_role');
    },
  },
  {
    // OWNER TO: up to 15, and from 16.
    pattern: /^(?:must be member of role|must be able to SET ROLE) "([^"]{1,128})"/,
    note: (draft, role) => {
      draft.flags.add('owner_change');
      draft.grantees.add(role.toLowerCase());
    },
  },
];

const DATA: MessageRule[] = [
  {
    pattern:
      /^permission denied for (?:table|view|relation|materialized view|foreign table|sequence) "?([\w.$-]{1,128})/,
    note: noteRelation,
  },
  {
    pattern: /^permission denied for column "?[^"]{1,64}"? of relation "?([\w.$-]{1,128})/,
    note: noteRelation,
  },
  {
    pattern: /^permission denied: "([^"]{1,128})" is a system catalog/,
    note: noteRelation,
  },
  {
    pattern: /^must be owner of (?:table|view|relation|materialized view|foreign table) "?([\w.$-]{1,128})/,
    note: (draft, name) => draft.relationsWritten.add(name.toLowerCase()),
  },
  {
    pattern: /^must be owner of (?:database|schema) "?([\w.$-]{1,128})/,
    note: (draft, name) => {
      draft.target = name.toLowerCase();
    },
  },
  {
    pattern: /^(?:(?:new|target) row violates|query would be affected by) row-level security policy(?: |$)/,
    note: (draft) => draft.flags.add('rls_error'),
  },
];

const OUTSIDE: MessageRule[] = [
  {
    pattern: /^permission denied for (?:foreign server|foreign-data wrapper) /,
    note: (draft) => draft.flags.add('fdw_server'),
  },
  {
    pattern: /^must be superuser to create (?:a )?FOR ALL TABLES publication/,
    note: (draft) => draft.flags.add('publication').add('pub_all_tables'),
  },
  {
    pattern: /^(?:must be superuser|permission denied) to create subscriptions?/,
    note: (draft) => draft.flags.add('subscription'),
  },
  {
    pattern:
      /^(?:must be superuser or replication role|permission denied) to (?:use replication slots|start (?:a )?wal ?sender)/i,
    note: (draft) => draft.flags.add('replication_cmd'),
  },
  {
    // dblink refuses loop-back without a password (2F003); postgres_fdw uses the same words.
    pattern: /^password (?:or GSSAPI delegated credentials )?(?:is )?required$/,
    note: (draft) => draft.functions.add('dblink'),
  },
  {
    pattern:
      /^(?:must be|permission denied)[^"]{0,120} (?:to terminate (?:superuser )?process|whose process is being terminated)/,
    note: (draft) => draft.functions.add('pg_terminate_backend'),
  },
  {
    pattern:
      /^(?:must be|permission denied)[^"]{0,120} (?:to cancel (?:superuser )?query|whose query is being cancell?ed)/,
    note: (draft) => draft.functions.add('pg_cancel_backend'),
  },
];

const INJECTION: MessageRule[] = [
  {
    pattern: /^each UNION query must have the same number of columns|^UNION types /,
    note: (draft) => draft.flags.add('union'),
  },
  {
    pattern: /^unterminated quoted (?:string|identifier)/,
    note: (draft) => draft.flags.add('unterminated_quote'),
  },
  { pattern: /^unterminated \/\* comment/, note: (draft) => draft.flags.add('comment_tail') },
  {
    // The value that did not fit is what the attacker wanted: a version, a marker of sqlmap, or text between tildes.
    pattern: /^invalid input syntax for (?:type )?[a-z ]{2,32}: "(?:PostgreSQL \d|~|q[zxjkvbp]{3}q)/,
    note: (draft) => draft.flags.add('err_cast'),
  },
];

export const MESSAGE_RULES: readonly MessageRule[] = [
  ...PRIVILEGE,
  ...SETTING,
  ...ROLE,
  ...DATA,
  ...OUTSIDE,
  ...INJECTION,
];

function attempted(draft: Draft, name: string, value: string | null = null): void {
  addSetting(draft.settings, name, () => ({ value, scope: 'attempt' }));
}

function noteLanguage(draft: Draft, name: string): void {
  draft.language = name.toLowerCase();
  if (isUntrusted(name)) draft.flags.add('untrusted_lang');
}

function noteRelation(draft: Draft, name: string): void {
  const lower = name.toLowerCase();
  if (lastPart(lower).startsWith('pg_')) draft.catalogs.add(lastPart(lower));
  else draft.relationsRead.add(lower);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase();
}
