/** Tells padding from literal blanks in prefixes of one outline. */
import type { PrintedPrefix } from './fields.ts';

/**
 * The literal text of gap `index`, without the padding of the fields around it; their widths, as `%-8u` writes them, are
 * noted in `widths`. Of the blanks beside a field that is always padded at most `most` are literal. Null when blanks vary in a way that no padding explains.
 */
export function literalBetween(
  prints: readonly PrintedPrefix[],
  index: number,
  widths: number[],
  most: number,
): string | null {
  const text = prints[0]!.gaps[index]!.trim();
  const left = index - 1;
  const right = index < widths.length ? index : -1;
  if (text === '') {
    const blanks = prints.map(({ gaps }) => gaps[index]!.length);
    const literal = paddingOf(prints, blanks, left, right, widths, most);
    return literal === null ? null : ' '.repeat(literal);
  }
  const leading = prints.map(({ gaps }) => gaps[index]!.length - gaps[index]!.trimStart().length);
  const trailing = prints.map(({ gaps }) => gaps[index]!.length - gaps[index]!.trimEnd().length);
  const before = paddingOf(prints, leading, left, -1, widths, most);
  const after = paddingOf(prints, trailing, -1, right, widths, most);
  return before === null || after === null ? null : `${' '.repeat(before)}${text}${' '.repeat(after)}`;
}

/** How many of the blanks are literal; the rest pads the field on the left, or on the right, of them. */
function paddingOf(
  prints: readonly PrintedPrefix[],
  blanks: readonly number[],
  left: number,
  right: number,
  widths: number[],
  most: number,
): number | null {
  const least = Math.min(...blanks);
  const isConstant = blanks.every((count) => count === least);
  // Values of one length do not tell padding from literal blanks.
  if (isConstant && (least < 2 || most > 0)) return least;
  const literal = Math.min(least, most);
  for (const [field, sign] of [
    [left, -1],
    [right, 1],
  ] as const) {
    const width = field < 0 ? null : widthOf(prints, blanks, literal, field);
    if (width === null) continue;
    widths[field] = sign * width;
    return literal;
  }
  return isConstant ? least : null;
}

/** The one width that makes these blanks of the values of a field; null when there is none. */
function widthOf(
  prints: readonly PrintedPrefix[],
  blanks: readonly number[],
  literal: number,
  field: number,
): number | null {
  const lengths = prints.map(({ fields }) => fields[field]!.value.length);
  const padded = blanks.findIndex((count) => count > literal);
  const width = lengths[padded]! + blanks[padded]! - literal;
  const fits = blanks.every((count, line) => count === literal + Math.max(0, width - lengths[line]!));
  return fits ? width : null;
}
