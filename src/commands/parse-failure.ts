/** Why PostgreSQL's parser refused a text, in its own words. */
import { hasSqlDetails, loadModule, parseSync } from 'libpg-query';
import { messageOf } from '../errors.ts';
import type { Statement } from '../model.ts';
import { tokenize } from '../statements/lexer.ts';
import { restoreMarks } from '../statements/redaction-marks.ts';

/**
 * The reason in one line, e.g. `syntax error at or near "FRM" (line 1, character 10)`; it may quote the redacted text.
 * Null when there is none to tell. Only for features with `parseOk` false, after `loadParser()`; parses once more.
 */
export async function parseFailure({ sqlText, template }: Statement): Promise<string | null> {
  const { flags } = template.features;
  if (flags.includes('replication_cmd')) return 'a command of the replication protocol, not SQL';
  if (flags.includes('parser_failed')) return 'too deeply nested, too large or too slow to parse';
  if (sqlText === null) return null;
  await loadModule();
  const [readable = sqlText] = restoreMarks(sqlText, tokenize(sqlText)).candidates;
  try {
    parseSync(readable);
    return null;
  } catch (error) {
    // Where marks were restored the positions are not those of the text that is shown.
    const place = hasSqlDetails(error) && readable === sqlText ? error.sqlDetails?.cursorPosition : undefined;
    return messageOf(error) + (place === undefined ? '' : ` (${lineAndCharacter(sqlText, place)})`);
  }
}

/** @param position in characters (code points), from 0 */
function lineAndCharacter(text: string, position: number): string {
  const before = [...text].slice(0, position).join('').split('\n');
  return `line ${before.length}, character ${[...before.at(-1)!].length + 1}`;
}
