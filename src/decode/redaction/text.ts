/** Text as it may be stored: free of secrets, of U+0000 and of lone surrogates. */
import { mayHoldSecret } from './marks.ts';
import { namesSecret, REDACTED, redact } from './redact.ts';

const UNSTORABLE = /[\0\p{Surrogate}]/gu;

/**
 * True when `cleanText` has nothing to do, neither on this text nor on any substring of it, also after `""` became `"`
 * and line break + TAB a line break: so whatever is cut out of a clean text needs no second look. About 0.4 µs for 250
 * characters. False says only that the careful way is due.
 */
export function isClean(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0') && !mayHoldSecret(text);
}

/**
 * Blanks secrets and replaces what a database column cannot hold (U+0000, surrogates without a partner) by U+FFFD.
 * Every text that leaves this room has gone through here.
 */
export function cleanText(text: string): string {
  if (isClean(text)) return text;
  // Before, because U+FFFD is a letter to SQL and U+0000 is not: what is stored must have been searched as it is stored.
  // After, because a pattern of bounded length may end between the two halves of a character.
  return storable(redact(storable(text)));
}

function storable(text: string): string {
  return text.replace(UNSTORABLE, '\ufffd');
}

/** `cleanText` for a field that may be absent. */
export function cleanField(text: string | null): string | null {
  return text === null ? null : cleanText(text);
}

/**
 * JSON of a value with every string in it cleaned; a string under a key that names a secret is blanked whole.
 * Throws RangeError when the value is nested too deeply for the stack.
 */
export function cleanJson(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (typeof inner !== 'string') return inner;
    return namesSecret(key) ? REDACTED : cleanText(inner);
  });
}
