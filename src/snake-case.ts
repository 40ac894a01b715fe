/** `relationsRead` → `relations_read`: the name of a feature as a column. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
