/** Prints what commands have to say in the format that was asked for. */
import { type Format, formatRows, writeText } from '../query/formats.ts';
import type { Rows } from '../query/result.ts';
import type { Cell } from '../query/values.ts';

export async function printRows(out: NodeJS.WriteStream, format: Format, rows: Rows): Promise<void> {
  const terminalWidth = out.isTTY ? (out.columns ?? 80) : null;
  await writeText(formatRows(rows, format, { terminalWidth }), out);
}

/** Objects with the same keys as rows, in the order of `columns`. */
export function rowsOf(columns: readonly string[], objects: Iterable<Readonly<Record<string, Cell>>>): Rows {
  return {
    columns: columns.map((name) => ({ name, type: 'VARCHAR' })),
    rows: (async function* () {
      for (const object of objects) yield columns.map((name) => object[name] ?? null);
    })(),
  };
}
