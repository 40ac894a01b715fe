const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration such as `90s`, `10m`, `4h`, `1d`; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^([0-9]{1,6})([smhd])$/.exec(text.trim());
  if (match === null) return null;
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** `1 h`, `90 s`: the largest unit that says it in whole numbers. */
export function durationText(milliseconds: number): string {
  const [unit, length] = Object.entries(UNITS).findLast(([, one]) => milliseconds % one === 0) ?? [
    's',
    UNITS.s,
  ];
  return `${(milliseconds / length).toLocaleString('en')} ${unit}`;
}
