/** Fields of objects of OCSF, which has no null and writes times as milliseconds since 1970-01-01 UTC. Pure. */

/** An object whose fields may be absent, and are never null. */
export type Present<T> = { [Key in keyof T]?: NonNullable<T[Key]> };

/** Leaves out what is null, and lists that say nothing. */
export function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) =>
      Array.isArray(value) ? value.length > 0 : value !== null && value !== undefined,
    ),
  ) as Present<T>;
}

export function milliseconds(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}
