/** SQL inside a statement: bodies of DO and functions, and SQL that is handed to a function as text. */
import type { CreateFunctionStmt, DoStmt, FuncCall, Node } from 'libpg-query';
import { as, constantText, lastName, type NodeHandlers, strings } from './ast.ts';
import { options } from './definitions.ts';
import type { Draft } from './draft.ts';
import { fold, UNKNOWN } from './folding.ts';
import { type Token, tokenize } from './lexer.ts';
import { readPlpgsql } from './plpgsql.ts';

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
const COPY_PROGRAM = /(?:to|from)\s{1,20}program\s{0,20}(?:[eu]?&?'|\$)/i;
const SHELL = /(?<![a-z_])(?:os\s?\.\s?(?:system|popen|exec\w*)|subprocess|popen|socket)(?![a-z])/i;
const REACHES_OUT =
  /^(?:dblink\w*|lo_import|lo_export|pg_read_file|pg_read_binary_file|pg_ls_dir|pg_stat_file|pg_file_write|http_\w+)$/;
const RISKY_ATTRIBUTES = ['superuser', 'createrole', 'isreplication', 'bypassrls'];

export const bodyHandlers: NodeHandlers<Draft> = {
  DoStmt(node, draft) {
    const source = constantText(optionOf(node, 'as'));
    if (source !== null) addBody(source, draft.language ?? 'plpgsql', true, draft);
  },
  CreateFunctionStmt(node, draft) {
    const [source] = strings(as(optionOf(node, 'as'), 'List')?.items);
    if (source !== undefined && draft.language !== 'c')
      addBody(source, draft.language ?? 'sql', false, draft);
  },
  FuncCall(node, draft) {
    const name = lastName(node.funcname);
    if (RUNS_SQL.has(name)) addArguments(node, true, draft);
    else if (STORES_SQL.has(name)) addArguments(node, false, draft);
  },
};

/** What the features of an embedded text mean for the statement that holds it. */
export function mergeEmbedded(inner: Draft, runs: boolean, text: string, draft: Draft): void {
  const copyProgram = inner.flags.has('copy_program') || inner.flags.has('body_copy_program');
  if (copyProgram || COPY_PROGRAM.test(text)) draft.flags.add('body_copy_program');
  if (isDangerous(inner)) draft.flags.add('body_danger');
  for (const flag of ['body_chr', 'body_decode', 'ransom_text'] as const)
    if (inner.flags.has(flag)) draft.flags.add(flag);
  if (inner.chrChain > 0) draft.chrChain += inner.chrChain;
  merge(inner.hosts, draft.hosts);
  if (!runs) return;
  merge(inner.relationsRead, draft.relationsRead);
  merge(inner.relationsWritten, draft.relationsWritten);
  merge(inner.catalogs, draft.catalogs);
  merge(inner.functions, draft.functions);
  merge(inner.rolesGranted, draft.rolesGranted);
  merge(inner.grantees, draft.grantees);
}

function optionOf(node: DoStmt | CreateFunctionStmt, name: string): Node | undefined {
  const list = 'args' in node ? node.args : (node as CreateFunctionStmt).options;
  return options(list).find(({ defname }) => defname === name)?.arg;
}

function addBody(source: string, language: string, runs: boolean, draft: Draft): void {
  noteTokens(tokenize(source), source, draft);
  if (COPY_PROGRAM.test(source)) draft.flags.add('body_copy_program');
  if (language === 'plpgsql') {
    const { statements, dynamic } = readPlpgsql(source);
    if (dynamic) draft.flags.add('dyn_exec');
    for (const text of statements) draft.embedded.push({ text, runs });
  } else if (language === 'sql') {
    draft.embedded.push({ text: source, runs });
  } else if (SHELL.test(source)) {
    draft.flags.add('body_danger');
  }
}

function addArguments({ args = [] }: FuncCall, runs: boolean, draft: Draft): void {
  for (const arg of args) {
    const text = fold(as(arg, 'NamedArgExpr')?.arg ?? arg, new Map());
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
  if (inner.kinds.has('AlterSystemStmt') || inner.setting?.name.startsWith('pgaudit.')) return true;
  if (RISKY_ATTRIBUTES.some((name) => inner.roleOptions.has(name))) return true;
  for (const role of inner.rolesGranted)
    if (/^(?:pg_|azure_pg_admin$|rds_superuser$)/.test(role)) return true;
  for (const name of inner.functions) if (REACHES_OUT.test(name)) return true;
  return false;
}

/** Names that are not known stay out. */
function merge(from: ReadonlySet<string>, into: Set<string>): void {
  for (const name of from) if (name !== UNKNOWN && !name.endsWith(`.${UNKNOWN}`)) into.add(name);
}
