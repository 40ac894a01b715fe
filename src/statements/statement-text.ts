/** Statement texts in the form in which they are parsed and stored. */

/** Longest text that is parsed and stored, in UTF-16 code units. */
export const MAX_TEXT = 65_536;

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
  const isStorable = text.isWellFormed() && !text.includes('\0');
  return { text: isStorable ? text : text.replaceAll('\0', '').toWellFormed(), isCut };
}

/** The text in memory of its own; a slice holds on to all of what it was cut from. @param text well-formed */
export function ownCopy(text: string): string {
  return Buffer.from(text).toString();
}
