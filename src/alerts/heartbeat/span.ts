/** Times and spans as people read them. Pure. */

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** `2 h 10 min`: the two largest units, without one that is 0. */
export function spanText(milliseconds: number): string {
  let seconds = Math.max(0, Math.round(milliseconds / 1000));
  const largest = UNITS.findIndex(([, length]) => seconds >= length);
  if (largest < 0) return '0 s';
  const parts: string[] = [];
  for (const [unit, length] of UNITS.slice(largest, largest + 2)) {
    const count = Math.floor(seconds / length);
    if (count > 0) parts.push(`${count.toLocaleString('en')} ${unit}`);
    seconds -= count * length;
  }
  return parts.join(' ');
}

/** `2026-03-01 12:00:00 UTC`. */
export function stampText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
