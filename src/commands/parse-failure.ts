/** Why PostgreSQL's parser refused a text, in its own words. */
import { hasSqlDetails, loadModule, parseSync } from 'libpg-query';
import { messageOf } from '../errors.ts';
import type { Statement } from '../model/statement.ts';
import { tokenize } from '../statements/lexing/lexer.ts';
import { withoutComments } from '../statements/parser/literals.ts';
import { restoreMarks } from '../statements/text/redaction-marks.ts';

/**
 * The reason in one line, e.g. `syntax error at or near "FRM" (line 1, character 10)`; it may quote the redacted text.
 * Null when there is none to tell. Only for features with `parseOk` false.
 *
 * Parses once more, in this thread: what the stream reads does not carry the words of errors, which would be kept with every
 * text that is no SQL. Here they cost a person a quarter of a second. The text is one that the parser can take: it was given
 * to it before, within its limits.
 */
export async function parseFailure({ sqlText, template }: Statement): Promise<string | null> {
  const { flags } = template.features;
  if (flags.includes('replication_cmd')) return 'a command of the replication protocol, not SQL';
  if (flags.includes('parser_failed')) return 'too deeply nested, too large or too slow to parse';
  if (sqlText === null) return null;
  await loadModule();
  const [readable = sqlText] = restoreMarks(sqlText, tokenize(sqlText)).candidates;
  const refused = withoutHarmlessComments(readable);
  try {
    parseSync(refused);
    return null;
  } catch (error) {
    const message = messageOf(error);
    const place = hasSqlDetails(error) ? error.sqlDetails?.cursorPosition : undefined;
    // Where marks were restored the positions are not those of the text that is shown.
    if (place === undefined || readable !== sqlText) return message;
    // In characters, of which a comment may hold others than its blanks; code units are as many.
    const offset = [...refused].slice(0, place).join('').length;
    return `${message} (${lineAndCharacter(sqlText.slice(0, offset))})`;
  }
}

/** The parser refuses comments that the server takes, between the words of `NOT IN` for instance: they are not the reason. */
function withoutHarmlessComments(text: string): string {
  const tokens = tokenize(text);
  const isOpen = tokens.some(({ type, closed }) => type === 'comment' && !closed);
  return isOpen ? text : withoutComments(text, tokens);
}

/** Where a text ends, counted as a person counts. */
function lineAndCharacter(before: string): string {
  const lines = before.split('\n');
  return `line ${lines.length}, character ${[...lines.at(-1)!].length + 1}`;
}
