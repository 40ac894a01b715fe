/**
 * Makes text that an attacker wrote safe to show: a user name may hold line breaks, terminal commands or marks
 * that turn the direction of writing.
 */

/** Control (Cc), format (Cf: direction, zero width, tags), line and paragraph separators, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT_FORMS: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text with every character that does not simply show itself written as an escape, e.g. `\n` or `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT_FORMS[character] ?? unicodeEscape(character));
}

/** JSON text with the same characters escaped: it stays the same JSON, on one line. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, unicodeEscape);
}

function unicodeEscape(character: string): string {
  let escaped = '';
  for (let unit = 0; unit < character.length; unit++) {
    escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
