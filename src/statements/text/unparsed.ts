/** What can be said of a text that does not parse: failed injection, cut text, syntax of other systems. */
import type { Draft } from '../draft.ts';
import { isStacked } from '../extractors/stacking.ts';
import { type Token, tokenize } from '../lexing/lexer.ts';
import { noteComments } from './comments.ts';

/** Statement kinds by their first words. */
const KINDS: [words: string, kind: string][] = [
  ['SELECT', 'SelectStmt'],
  ['WITH', 'SelectStmt'],
  ['VALUES', 'SelectStmt'],
  ['TABLE', 'SelectStmt'],
  ['INSERT', 'InsertStmt'],
  ['UPDATE', 'UpdateStmt'],
  ['DELETE', 'DeleteStmt'],
  ['MERGE', 'MergeStmt'],
  ['COPY', 'CopyStmt'],
  ['TRUNCATE', 'TruncateStmt'],
  ['DO', 'DoStmt'],
  ['CALL', 'CallStmt'],
  ['EXPLAIN', 'ExplainStmt'],
  ['LOAD', 'LoadStmt'],
  ['NOTIFY', 'NotifyStmt'],
  ['LOCK', 'LockStmt'],
  ['CREATE ROLE', 'CreateRoleStmt'],
  ['CREATE USER', 'CreateRoleStmt'],
  ['CREATE GROUP', 'CreateRoleStmt'],
  ['ALTER ROLE', 'AlterRoleStmt'],
  ['ALTER USER', 'AlterRoleStmt'],
  ['DROP ROLE', 'DropRoleStmt'],
  ['DROP USER', 'DropRoleStmt'],
  ['ALTER SYSTEM', 'AlterSystemStmt'],
  ['SET', 'VariableSetStmt'],
  ['RESET', 'VariableSetStmt'],
  ['BEGIN', 'TransactionStmt'],
  ['START', 'TransactionStmt'],
  ['COMMIT', 'TransactionStmt'],
  ['END', 'TransactionStmt'],
  ['ROLLBACK', 'TransactionStmt'],
  ['SAVEPOINT', 'TransactionStmt'],
  ['RELEASE', 'TransactionStmt'],
  ['SHOW', 'VariableShowStmt'],
  ['DISCARD', 'DiscardStmt'],
  ['CLOSE', 'ClosePortalStmt'],
  ['DEALLOCATE', 'DeallocateStmt'],
  ['LISTEN', 'ListenStmt'],
  ['UNLISTEN', 'UnlistenStmt'],
  ['DECLARE', 'DeclareCursorStmt'],
  ['EXECUTE', 'ExecuteStmt'],
  ['CREATE TABLE', 'CreateStmt'],
  ['CREATE FUNCTION', 'CreateFunctionStmt'],
  ['CREATE EXTENSION', 'CreateExtensionStmt'],
  ['ALTER TABLE', 'AlterTableStmt'],
  ['DROP DATABASE', 'DropdbStmt'],
  ['DROP', 'DropStmt'],
];
const ATTRIBUTES: Record<string, string> = {
  SUPERUSER: 'superuser',
  CREATEROLE: 'createrole',
  CREATEDB: 'createdb',
  REPLICATION: 'isreplication',
  BYPASSRLS: 'bypassrls',
  LOGIN: 'canlogin',
};
/** Words before a parenthesis that are not functions. */
const NO_FUNCTION = new Set(
  'SELECT FROM WHERE AND OR NOT IN VALUES AS ON USING UNION ALL ANY SOME EXISTS BY CASE WHEN THEN ELSE OVER INTO TABLE CAST SET WITH ARRAY ROW HAVING LIMIT OFFSET JOIN LATERAL FILTER KEY CHECK'.split(
    ' ',
  ),
);

/** Fills the draft from tokens alone. */
export function noteTokens(text: string, tokens: readonly Token[], draft: Draft): void {
  const code = tokens.filter(({ type }) => type !== 'comment');
  const statements = split(code);
  draft.statementCount = statements.length;
  const kinds = statements.map((statement) => kindOf(statement.map((token) => token.text)) ?? '');
  if (isStacked(kinds)) draft.flags.add('stacked');
  if (code.some(({ closed }) => !closed)) draft.flags.add('unterminated_quote');
  for (const statement of statements) noteStatement(statement, draft, text);
  noteNames(text, code, draft);
  noteInjection(text, code, draft);
  // Injected SQL behind a torn quote lies inside what now looks like a string.
  const torn = tokens.at(-1);
  if (torn?.type === 'string' && !torn.closed) noteTorn(text.slice(torn.start + 1), draft);
}

function noteTorn(text: string, draft: Draft): void {
  const tokens = tokenize(text);
  const code = tokens.filter(({ type }) => type !== 'comment');
  if (!code.some(({ text: word }) => word === 'SELECT' || word === 'OR' || word === 'AND' || word === ';'))
    return;
  noteNames(text, code, draft);
  noteInjection(text, code, draft);
  noteComments(text, tokens, draft);
}

function split(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (token.text === ';') statements.push([]);
    else statements.at(-1)!.push(token);
  }
  return statements.filter((statement) => statement.length > 0);
}

function noteStatement(tokens: readonly Token[], draft: Draft, text: string): void {
  const words = tokens.map((token) => token.text);
  const kind = kindOf(words);
  if (kind === null) return;
  draft.kinds.add(kind);
  const name = (i: number): string => (tokens[i] === undefined ? '' : nameAt(text, tokens, i));
  if (kind === 'CreateRoleStmt' || kind === 'AlterRoleStmt') {
    draft.target = name(2) || null;
    for (const word of words) draft.roleOptions.add(ATTRIBUTES[word] ?? '');
  } else if (kind === 'GrantRoleStmt') {
    const to = words.indexOf('TO');
    tokens.slice(1, to < 0 ? 1 : to).forEach((_token, i) => {
      if (words[i + 1] !== ',') draft.rolesGranted.add(name(i + 1));
    });
    if (to > 0) draft.grantees.add(name(to + 1));
  } else if (kind === 'CopyStmt') {
    draft.flags.add(words.includes('FROM') ? 'copy_from' : 'copy_to');
    if (words.some((word, i) => word === 'PROGRAM' && /^(?:TO|FROM)$/.test(words[i - 1]!)))
      draft.flags.add('copy_program');
  }
}

function kindOf(words: readonly string[]): string | null {
  const start = words.slice(0, 2).join(' ');
  return KINDS.find(([first]) => start === first || words[0] === first)?.[1] ?? grantKind(words);
}

function grantKind(words: readonly string[]): string | null {
  if (words[0] !== 'GRANT' && words[0] !== 'REVOKE') return null;
  return words.includes('ON') ? 'GrantStmt' : 'GrantRoleStmt';
}

/** `schema.table` that begins at a token, lower case. */
function nameAt(text: string, tokens: readonly Token[], at: number): string {
  const part = (i: number): string =>
    text.slice(tokens[i]!.start, tokens[i]!.end).replace(/^"|"$/g, '').toLowerCase();
  const type = tokens[at]!.type;
  if (type !== 'word' && type !== 'quoted') return '';
  return tokens[at + 1]?.text === '.' && tokens[at + 2] !== undefined
    ? `${part(at)}.${part(at + 2)}`
    : part(at);
}

function noteNames(text: string, code: readonly Token[], draft: Draft): void {
  for (let i = 0; i < code.length; i += 1) {
    const { text: word, type } = code[i]!;
    const before = code[i - 1]?.text ?? '';
    if (type === 'word' && code[i + 1]?.text === '(' && !NO_FUNCTION.has(word) && before !== 'INTO') {
      draft.functions.add(word.toLowerCase());
      if (word === 'CHR') draft.chrChain += 1;
      if (/^PG_SLEEP(?:_FOR|_UNTIL)?$/.test(word)) draft.flags.add('sleep');
    } else if ((type === 'word' || type === 'quoted') && /^(?:FROM|JOIN|INTO|UPDATE|COPY)$/.test(before)) {
      noteRelation(nameAt(text, code, i), before, draft);
    }
  }
}

function noteRelation(name: string, before: string, draft: Draft): void {
  if (/^(?:stdin|program|select|lateral|only|from|where|order|group|set|values)$/.test(name)) return;
  if (/^(?:pg_catalog\.|pg_)/.test(name)) draft.catalogs.add(name.replace('pg_catalog.', ''));
  else if (name.startsWith('information_schema.')) draft.catalogs.add(name);
  else if (before === 'FROM' || before === 'JOIN') draft.relationsRead.add(name);
  else draft.relationsWritten.add(name);
}

function noteInjection(text: string, code: readonly Token[], draft: Draft): void {
  let unions = 0;
  for (let i = 0; i < code.length; i += 1) {
    const word = code[i]!.text;
    const next = code[i + 1]?.text === 'ALL' ? i + 2 : i + 1;
    if (word === 'UNION' && (code[next]?.text === 'SELECT' || code[next]?.text === '(')) {
      draft.flags.add('union');
      unions += 1;
      draft.nullPads = Math.max(draft.nullPads, nullsAfter(code, next));
    }
    if ((word === 'OR' || word === 'AND') && isEqualPair(text, code, i + 1)) {
      const random = /^(?:\d{3,}|[A-Za-z]{4,})$/.test(contentOf(text, code[i + 1]!));
      if (word === 'OR' || random) draft.flags.add('tautology');
      if (random) draft.flags.add('tautology_rand');
    }
  }
  if (unions > 0 && draft.catalogs.size > 0 && draft.relationsRead.size > 0) draft.flags.add('union_catalog');
}

/** NULLs in a row behind SELECT. */
function nullsAfter(code: readonly Token[], select: number): number {
  let nulls = 0;
  for (let i = select; i < code.length && code[i]!.text !== 'UNION' && code[i]!.text !== 'FROM'; i += 1)
    if (code[i]!.text === 'NULL') nulls += 1;
  return nulls;
}

/** `1=1`, also with the quotes torn: `'1'='1`. */
function isEqualPair(text: string, code: readonly Token[], at: number): boolean {
  const [left, operator, right] = code.slice(at, at + 3);
  if (left === undefined || right === undefined || operator?.text !== '=') return false;
  const constant = (token: Token): boolean => token.type === 'number' || token.type === 'string';
  return constant(left) && constant(right) && contentOf(text, left) === contentOf(text, right);
}

function contentOf(text: string, token: Token): string {
  return text.slice(token.start, token.end).replace(/^'|'$/g, '');
}
