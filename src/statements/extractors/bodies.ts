/** SQL inside a statement: bodies of DO and functions, and SQL that is handed to a function as text. */
import type { CreateFunctionStmt, DoStmt, FuncCall, Node } from 'libpg-query';
import { as, constantText, lastName, type NodeHandlers, strings } from '../ast.ts';
import type { Draft } from '../draft.ts';
import type { Flag } from '../flags.ts';
import { type Token, tokenize } from '../lexing/lexer.ts';
import { fold, UNKNOWN } from '../plpgsql/folding.ts';
import { functionHeader } from '../plpgsql/header.ts';
import { DO_HEADER, readPlpgsql } from '../plpgsql/plpgsql.ts';
import { addSetting, weightiest } from '../setting-list.ts';
import { options } from './definitions.ts';

/** Functions that run SQL given as text, here or on another server. */
const RUNS_SQL = new Set(
  'query_to_xml query_to_xmlschema query_to_xml_and_xmlschema dblink dblink_exec dblink_open dblink_send_query ts_stat crosstab'.split(
    ' ',
  ),
);
/** Functions that keep SQL for later (pg_cron). */
const STORES_SQL = new Set(['schedule', 'schedule_in_database', 'alter_job']);
const SQL_START =
  /^\s*(?:select|with|insert|update|delete|copy|grant|revoke|create|alter|drop|truncate|do|set|call)\s/i;
/** In a body that could not be read to its end. Prose such as `'resumed from program'` has no COPY before it. */
const COPY_PROGRAM = /(?<![a-z0-9_])copy\s[\s\S]{1,1000}?(?:to|from)\s{1,20}program\s{0,20}(?:[eu]?&?'|\$)/i;
const SHELL = /(?<![a-z_])(?:os\s?\.\s?(?:system|popen|exec\w*)|subprocess|popen|socket)(?![a-z])/i;
const REACHES_OUT =
  /^(?:dblink\w*|lo_import|lo_export|pg_read_file|pg_read_binary_file|pg_ls_dir|pg_stat_file|pg_file_write|http_\w+)$/;
const RISKY_ATTRIBUTES = ['superuser', 'createrole', 'isreplication', 'bypassrls'];

/** What a text inside can mean for the statement around it, whether it runs now or later. */
const ALWAYS: readonly Flag[] = ['body_chr', 'body_decode', 'ransom_text', 'parser_failed'];
/**
 * What SQL that runs inside does is done by the statement around it. Handed over are effects: rights, code, data changed or
 * destroyed, ways out. How a text is built is not (SELECT *, UNION, tautologies, several statements, sleep), nor what it
 * sends to the client, which the server refuses inside of a body.
 */
const EFFECTS = (
  'copy_file ' +
  'admin_option revoke priv_all all_in_schema with_grant to_public grant_parameter default_privs sets_password drop_role ' +
  'owner_change ' +
  'security_definer no_search_path search_path_unsafe untrusted_lang load_library create_ext drop_ext event_trigger ' +
  'drop_event_trigger create_trigger drop_trigger trigger_off create_rule rls_off dyn_exec ' +
  'insert update delete merge dml_no_where insert_select ctas create_table unlogged temp truncate drop_data drop_db ' +
  'drop_owned drop_column ransom_name ' +
  'fdw_server user_mapping subscription publication pub_all_tables notify'
).split(' ') as Flag[];

export const bodyHandlers: NodeHandlers<Draft> = {
  DoStmt(node, draft) {
    const source = constantText(optionOf(node, 'as'));
    if (source !== null) addBody(source, draft.language ?? 'plpgsql', DO_HEADER, true, draft);
  },
  CreateFunctionStmt(node, draft) {
    const [source] = strings(as(optionOf(node, 'as'), 'List')?.items);
    if (source !== undefined && draft.language !== 'c')
      addBody(source, draft.language ?? 'sql', functionHeader(node), false, draft);
  },
  FuncCall(node, draft) {
    const name = lastName(node.funcname);
    if (RUNS_SQL.has(name)) addArguments(node, true, draft);
    else if (STORES_SQL.has(name)) addArguments(node, false, draft);
  },
};

/**
 * What the features of an embedded text mean for the statement that holds it.
 *
 * pgaudit logs most statements of a DO block once more, each in a row of its own. That row is the one that counts, so
 * kinds and numbers (statements, dropped objects) stay those of the outer statement; a sum over rows counts nothing
 * twice. The rest is handed over because a block that fails, or that turns the audit off, leaves only itself.
 */
export function mergeEmbedded(inner: Draft, runs: boolean, text: string, draft: Draft): void {
  const copyProgram = inner.flags.has('copy_program') || inner.flags.has('body_copy_program');
  if (copyProgram || runs) mergePath(inner, copyProgram, draft);
  if (copyProgram || COPY_PROGRAM.test(text)) draft.flags.add('body_copy_program');
  if (isDangerous(inner)) draft.flags.add('body_danger');
  mergeFlags(ALWAYS, inner, draft);
  // A stored function may well write line breaks as chr(10).
  if (runs || draft.language === null) draft.chrChain += inner.chrChain;
  merge(inner.hosts, draft.hosts);
  if (!runs) return;
  mergeNamed(inner, draft);
  mergeFlags(EFFECTS, inner, draft);
  merge(inner.relationsRead, draft.relationsRead);
  merge(inner.relationsWritten, draft.relationsWritten);
  merge(inner.catalogs, draft.catalogs);
  merge(inner.catalogsWritten, draft.catalogsWritten);
  merge(inner.columnsRead, draft.columnsRead);
  merge(inner.columnsWritten, draft.columnsWritten);
  merge(inner.functions, draft.functions);
  merge(inner.rolesGranted, draft.rolesGranted);
  merge(inner.grantees, draft.grantees);
  merge(inner.roleOptions, draft.roleOptions);
}

/** One column, several paths: that of a program matters most, then the first. */
function mergePath(inner: Draft, isProgram: boolean, draft: Draft): void {
  if (inner.path === null || inner.path === UNKNOWN) return;
  const hasProgram = draft.flags.has('copy_program') || draft.flags.has('body_copy_program');
  if (draft.path === null || (isProgram && !hasProgram)) draft.path = inner.path;
}

/** Settings and extension, and the role or database that a role option or a parameter is about. */
function mergeNamed(inner: Draft, draft: Draft): void {
  const dropsAudit = inner.extension === 'pgaudit' && inner.flags.has('drop_ext');
  if (inner.extension !== UNKNOWN && (draft.extension === null || dropsAudit))
    draft.extension = inner.extension;
  const firstOptions = inner.roleOptions.size > 0 && draft.roleOptions.size === 0;
  const before = weightiest(draft.settings);
  for (const { name, value, scope } of inner.settings)
    if (name !== UNKNOWN)
      addSetting(draft.settings, name, () => ({ value: value === UNKNOWN ? null : value, scope }));
  const taken = weightiest(draft.settings) !== before;
  if ((firstOptions || taken) && inner.target !== UNKNOWN) draft.target ??= inner.target;
}

function mergeFlags(flags: readonly Flag[], inner: Draft, draft: Draft): void {
  for (const flag of flags) if (inner.flags.has(flag)) draft.flags.add(flag);
}

function optionOf(node: DoStmt | CreateFunctionStmt, name: string): Node | undefined {
  const list = 'args' in node ? node.args : (node as CreateFunctionStmt).options;
  return options(list).find(({ defname }) => defname === name)?.arg;
}

function addBody(source: string, language: string, header: string, runs: boolean, draft: Draft): void {
  noteTokens(tokenize(source), source, draft);
  if (COPY_PROGRAM.test(source)) draft.flags.add('body_copy_program');
  if (language === 'plpgsql') {
    const { statements, dynamic, complete } = readPlpgsql(source, header);
    if (dynamic) draft.flags.add('dyn_exec');
    if (!complete) draft.flags.add('parser_failed');
    for (const text of statements) draft.embedded.push({ text, runs });
  } else if (language === 'sql') {
    draft.embedded.push({ text: source, runs });
  } else if (SHELL.test(source)) {
    draft.flags.add('body_danger');
  }
}

function addArguments({ args = [] }: FuncCall, runs: boolean, draft: Draft): void {
  for (const arg of args) {
    const text = fold(as(arg, 'NamedArgExpr')?.arg ?? arg);
    if (text !== UNKNOWN && SQL_START.test(text)) draft.embedded.push({ text, runs });
  }
}

/** Text built from codes of printable characters; chr(10) in a report is no such thing. */
function noteTokens(tokens: readonly Token[], source: string, draft: Draft): void {
  for (let i = 0; i < tokens.length; i += 1) {
    const { text } = tokens[i]!;
    if (tokens[i + 1]?.text !== '(') continue;
    if (text === 'DECODE' || text === 'CONVERT_FROM') draft.flags.add('body_decode');
    if (text !== 'CHR') continue;
    const code = tokens[i + 2];
    const printable = code?.type === 'number' && Number(source.slice(code.start, code.end)) > 32;
    const joined = tokens[i - 1]?.text === '||' || tokens[i + 4]?.text === '||';
    if (printable && joined) draft.flags.add('body_chr');
  }
}

function isDangerous(inner: Draft): boolean {
  for (const flag of [
    'copy_file',
    'load_library',
    'untrusted_lang',
    'body_danger',
    'grant_parameter',
  ] as const)
    if (inner.flags.has(flag)) return true;
  if (inner.kinds.has('AlterSystemStmt') || inner.settings.some(({ name }) => name.startsWith('pgaudit.')))
    return true;
  if (RISKY_ATTRIBUTES.some((name) => inner.roleOptions.has(name))) return true;
  for (const role of inner.rolesGranted)
    if (/^(?:pg_|azure_pg_admin$|rds_superuser$)/.test(role)) return true;
  for (const name of inner.functions) if (REACHES_OUT.test(name)) return true;
  return false;
}

/** Names that are not known stay out. */
function merge(from: ReadonlySet<string>, into: Set<string>): void {
  for (const name of from) if (!name.split('.').includes(UNKNOWN)) into.add(name);
}
