/** Texts of Sigma with their wildcards: `*`, `?` and the backslash that takes their meaning away. */
import { escapedPattern, literal } from './literal.ts';

export type Placement = 'whole' | 'contains' | 'startswith' | 'endswith';
type Part = string | { wildcard: '*' | '?' };

/**
 * SQL that tells whether a text fits, without heed of case.
 *
 * @param expression SQL of the text
 */
export function matchText(expression: string, value: string, placement: Placement): string {
  const parts = partsOf(value);
  const plain = parts.filter((part) => typeof part === 'string').join('');
  if (parts.every((part) => typeof part === 'string')) {
    const [text, wanted] = [`lower(${expression})`, `lower(${literal(plain)})`];
    if (placement === 'whole') return `${text} = ${wanted}`;
    const name = { contains: 'contains', startswith: 'starts_with', endswith: 'ends_with' }[placement];
    return `${name}(${text}, ${wanted})`;
  }
  // RE2 takes time in proportion to the text, LIKE with many wildcards does not.
  const pattern = parts
    .map((part) => (typeof part === 'string' ? escapedPattern(part) : part.wildcard === '*' ? '.*' : '.'))
    .join('');
  const begin = placement === 'contains' || placement === 'endswith' ? '' : '^';
  const end = placement === 'contains' || placement === 'startswith' ? '' : '$';
  return `regexp_matches(${expression}, ${literal(`(?is)${begin}${pattern}${end}`)})`;
}

/** A backslash in front of a wildcard or a backslash takes its meaning away; elsewhere it stands for itself. */
function partsOf(value: string): Part[] {
  const parts: Part[] = [];
  for (const [token] of value.matchAll(/\\[\\*?]|[*?]|[^\\*?]+|\\/g)) {
    if (token === '*' || token === '?') parts.push({ wildcard: token });
    else parts.push(token.length === 2 && /^\\[\\*?]$/.test(token) ? token.slice(1) : token);
  }
  return parts;
}
