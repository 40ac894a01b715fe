/** Text of attackers, cut to what a message has room for. Pure. */

/** Controls, direction marks, line separators and halves of surrogate pairs: they hide or reorder what a person reads. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * One line of text that takes at most `maxBytes` of UTF-8 inside a JSON string, with `…` where it was cut.
 * Looks no further into the text than it keeps.
 */
export function bounded(text: string, maxBytes: number, maxCharacters = maxBytes): string {
  const room = maxBytes - Buffer.byteLength('…');
  let kept = '';
  let bytes = 0;
  let characters = 0;
  for (const character of text) {
    const safe = UNSAFE.test(character) ? ' ' : character;
    const size = safe === '"' || safe === '\\' ? 2 : Buffer.byteLength(safe);
    if (bytes + size > room || characters + 1 >= maxCharacters) return `${kept}…`;
    kept += safe;
    bytes += size;
    characters++;
  }
  return kept;
}

export function boundedOrNull(text: string | null, maxBytes: number): string | null {
  return text === null ? null : bounded(text, maxBytes);
}
