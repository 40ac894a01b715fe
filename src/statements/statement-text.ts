/** Statement texts in the form in which they are parsed and stored. */

/** Longest text that is parsed and stored, in UTF-16 code units. */
export const MAX_TEXT = 65_536;
const UNSTORABLE = /[\0\ud800-\udfff]/;

export interface StatementText {
  /** At most `MAX_TEXT` code units, without NUL (it would end the text for the parser) and half surrogate pairs. */
  text: string;
  /** The whole text was longer. */
  isCut: boolean;
}

/** Accepts any text. */
export function statementText(redactedText: string): StatementText {
  const isCut = redactedText.length > MAX_TEXT;
  const text = isCut ? redactedText.slice(0, MAX_TEXT) : redactedText;
  return { text: UNSTORABLE.test(text) ? text.replaceAll('\0', '').toWellFormed() : text, isCut };
}
