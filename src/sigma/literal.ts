/** Texts of others as parts of SQL: what a rule says never becomes more than a constant. */

/** A text as an SQL literal. DuckDB knows no escapes between plain quotes but the doubled quote. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A text with every character of meaning in RE2 escaped. */
export function escapedPattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
