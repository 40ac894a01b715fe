/** Comments as injection uses them, told apart from those that people and libraries write. */
import type { Draft } from './draft.ts';
import type { Token } from './lexer.ts';

/** SQL that was meant to run, behind a comment on the same line. */
const CUT_OFF =
  /^(?:[-+#%]*['")]|(?:and|or|limit|order by|group by|having|union|offset|returning|where|from)\s)/i;
const JOINS_WORDS = new Set<Token['type']>(['word', 'number', 'string', 'quoted', 'parameter']);

export function noteComments(text: string, tokens: readonly Token[], draft: Draft): void {
  const last = tokens.at(-1);
  if (last?.type === 'comment') noteTail(text, last, draft);
  for (let i = 1; i < tokens.length - 1; i += 1) {
    const token = tokens[i]!;
    if (token.type !== 'comment' || !text.startsWith('/*', token.start)) continue;
    if (replacesSpace(tokens[i - 1]!, token, tokens[i + 1]!)) draft.flags.add('inline_comment');
  }
}

function noteTail(text: string, token: Token, draft: Draft): void {
  if (!text.startsWith('--', token.start)) {
    // An open /* cuts the rest off in other database systems; here it is a syntax error.
    if (!token.closed) draft.flags.add('comment_tail');
    return;
  }
  draft.flags.add('trailing_comment');
  const body = text.slice(token.start, token.end).replace(/^-+/, '').trim();
  const sameLine = !/(?:^|[\n\r])[ \t]*$/.test(text.slice(Math.max(0, token.start - 64), token.start));
  if (/^[-+#]*$/.test(body) || isRandomWord(body) || (sameLine && CUT_OFF.test(body)))
    draft.flags.add('comment_tail');
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
