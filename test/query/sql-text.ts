/** Texts for tests of what reads SQL. */
import fc from 'fast-check';

/** Pieces of SQL that quote, comment and end, and what stands between them. */
const PIECES = [
  "'", "''", '"', '""', '$$', '$a$', '$A$', '$', '$user', '$1', '--', '/*', '*/', '\n', '\r', '\\', "\\'", "e'", "E'", "x'",
  ';', ' ', 'SELECT', '1', 'a', 'é', 'e', '.', ',', '+', '-', '/', '*', '(', ')', '\u00a0', '表',
]; // biome-ignore format: a list to be looked over

/** Hardly ever SQL. */
export const sqlText = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 24 })
  .map((pieces) => pieces.join(''));
