/** Finds what somebody meant to type. */

const LONGEST = 64;

/**
 * The candidate that differs from `word` by the fewest single-letter changes, if by no more than a third of
 * its letters; undefined otherwise, and for words that are too long to be a slip.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  if (typed.length > LONGEST) return undefined;
  let best: string | undefined;
  let bestChanges = Math.floor(Math.max(typed.length, 3) / 3) + 1;
  for (const candidate of candidates) {
    if (candidate.length > LONGEST) continue;
    const changes = editDistance(typed, candidate.toLowerCase());
    if (changes < bestChanges) {
      best = candidate;
      bestChanges = changes;
    }
  }
  return best;
}

/** Levenshtein distance, row by row. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const substitution = previous[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[right.length]!;
}
