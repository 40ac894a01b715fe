/** Text patterns of the allow-list: `*` stands for any characters, everything else for itself. Pure. */

/**
 * A test for whole texts. The pieces between the stars are looked for from left to right, each at the first place
 * where it stands, so that no pattern makes the search go back: no cost that an author or an attacker could blow up.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  if (pieces.length === 1) return (text) => text === first;
  const inner = pieces.slice(1, -1).filter((piece) => piece !== '');
  return (text) => {
    if (text.length < first.length + last.length) return false;
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let from = first.length;
    for (const piece of inner) {
      const found = text.indexOf(piece, from);
      if (found < 0 || found + piece.length > end) return false;
      from = found + piece.length;
    }
    return true;
  };
}

/** The pattern says nothing: it is empty, or stars alone. */
export function matchesEverything(pattern: string): boolean {
  return /^\**$/.test(pattern);
}
