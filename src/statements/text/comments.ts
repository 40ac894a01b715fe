/** Comments as injection uses them, told apart from those that people and libraries write. */
import type { Draft } from '../draft.ts';
import type { Token } from '../lexing/lexer.ts';

/** SQL that was meant to run, behind a comment on the same line. */
const CUT_OFF =
  /^(?:[-+#%]*['")]|(?:and|or|limit|order by|group by|having|union|offset|returning|where|from)\s)/i;
const JOINS_WORDS = new Set<Token['type']>(['word', 'number', 'string', 'quoted', 'parameter']);

export function noteComments(text: string, tokens: readonly Token[], draft: Draft): void {
  const last = tokens.at(-1);
  if (last?.type === 'comment') noteTail(text, tokens, last, draft);
  for (let i = 1; i < tokens.length - 1; i += 1) {
    const token = tokens[i]!;
    if (token.type !== 'comment' || !text.startsWith('/*', token.start)) continue;
    if (replacesSpace(tokens[i - 1]!, token, tokens[i + 1]!)) draft.flags.add('inline_comment');
  }
}

function noteTail(text: string, tokens: readonly Token[], token: Token, draft: Draft): void {
  const isLine = text.startsWith('--', token.start);
  if (isLine) draft.flags.add('trailing_comment');
  // Without a statement before it there is nothing to cut off: pg_restore sends texts of comments only.
  if (!tokens.some(({ type, text: name }) => type !== 'comment' && name !== ';')) return;
  // An open /* cuts the rest off in other database systems; here it is a syntax error.
  if (isLine ? cutsOff(text, token, tokens.at(-2)) : !token.closed) draft.flags.add('comment_tail');
}

function cutsOff(text: string, token: Token, before: Token | undefined): boolean {
  const body = text.slice(token.start, token.end).replace(/^-+/, '').trim();
  if (isRandomWord(body)) return true;
  const sameLine = !/(?:^|[\n\r])[ \t]*$/.test(text.slice(Math.max(0, token.start - 64), token.start));
  // The last line of a box of comments is empty, as pg_dump draws them.
  const endsBox = !sameLine && before?.type === 'comment' && text.startsWith('--', before.start);
  if (/^[-+#]*$/.test(body)) return !endsBox;
  return sameLine && CUT_OFF.test(body);
}

/** sqlmap ends its payloads with `-- ` and four random letters. */
function isRandomWord(body: string): boolean {
  return /^[A-Za-z]{4}$/.test(body) && /[a-z][A-Z]|[A-Z]{2}[a-z]/.test(body);
}

/** A comment with no white space on either side, between two words. */
function replacesSpace(before: Token, comment: Token, after: Token): boolean {
  return (
    before.end === comment.start &&
    after.start === comment.end &&
    (JOINS_WORDS.has(before.type) || before.text === ')') &&
    JOINS_WORDS.has(after.type)
  );
}
