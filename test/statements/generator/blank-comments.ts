/** A text without its comments, at unchanged offsets. */
import { scanSync } from 'libpg-query';

/** SQL_COMMENT and C_COMMENT in PostgreSQL 18's scanner. */
const COMMENTS: readonly number[] = [275, 276];

/** The text with blanks for each character of a comment, but for line ends. `loadModule()` must be done. */
export function blankComments(sql: string): string {
  const bytes = Buffer.from(sql);
  for (const { tokenType, start, end } of scanSync(sql).tokens)
    if (COMMENTS.includes(tokenType))
      bytes.subarray(start, end).forEach((byte, index) => {
        if (byte !== 10 && byte !== 13) bytes[start + index] = 32;
      });
  return bytes.toString();
}
