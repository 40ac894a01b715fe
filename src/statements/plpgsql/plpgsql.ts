/**
 * SQL inside a PL/pgSQL body: static statements, queries inside expressions, and the text of EXECUTE as far as it can be
 * put together.
 *
 * PostgreSQL's own compiler reads the body (`tree.ts`). It knows where each statement ends, which variable a
 * name means, and which branch an assignment stands in. Types that it does not know it takes for records, so that
 * `%ROWTYPE` and types of the user are no hindrance. What it refuses (a variable that is not declared, a cut text, a
 * body beyond the limits) is read by its tokens (`tokens.ts`).
 */
import { tokenize } from '../lexing/lexer.ts';
import { plpgsqlTree } from '../parser/parser.ts';
import { isCompilable } from './limits.ts';
import type { BodySql } from './script.ts';
import { readByTokens } from './tokens.ts';
import { prepareBody, readTree } from './tree.ts';

/** What stands before the body of a DO statement. */
export const DO_HEADER = 'DO';

/** `header` is the statement up to its body: types of return and names of arguments decide what is allowed inside. */
export function readPlpgsql(body: string, header: string = DO_HEADER): BodySql {
  return readCompiled(body, header) ?? readByTokens(body);
}

/** Null when the compiler refuses the body, or may not see it. */
export function readCompiled(body: string, header: string = DO_HEADER): BodySql | null {
  const tokens = tokenize(body);
  if (!isCompilable(body, tokens)) return null;
  const prepared = prepareBody(body, tokens);
  const tree = plpgsqlTree(`${header} '${prepared.text.replaceAll("'", "''")}'`);
  return tree === null ? null : readTree(tree, prepared);
}
