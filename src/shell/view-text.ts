/** What `\d` shows: the views, or one of them. */
import { closest } from '../closest.ts';
import { PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { View } from '../query/query-session.ts';
import { wrapped } from '../wrapped.ts';

/** Width of an explanation where nothing has to fit. */
const FREE_WIDTH = 100;
/** Narrowest useful column of an explanation. */
const MIN_WIDTH = 20;
/** Widest column before an explanation. */
const MAX_WIDTH = 24;
const SEPARATOR = '  ';

export function viewsText(views: readonly View[], width: number | null): string {
  return explained(
    views.map(({ name, comment }) => [name, comment]),
    width,
  );
}

export function viewText(view: View, width: number | null): string {
  const free = width ?? FREE_WIDTH;
  return [
    ...wrapped(printable(view.comment), free).map((line) => `${line}\n`),
    '\n',
    explained(
      view.columns.map(({ name, type, comment }) => [name, type, comment]),
      width,
    ),
  ].join('');
}

/** @throws PgvigilError NOT_FOUND */
export function viewOf(views: readonly View[], name: string): View {
  const wanted = name.toLowerCase();
  const found = views.find((view) => view.name === wanted);
  if (found !== undefined) return found;
  const guess = closest(
    wanted,
    views.map((view) => view.name),
  );
  throw new PgvigilError(
    'NOT_FOUND',
    `there is no view ${JSON.stringify(name)}`,
    guess === undefined ? '\\d lists the views.' : `Did you mean ${guess}? \\d lists the views.`,
  );
}

/** Rows whose last cell is broken into lines below each other, and begins below where what stands before it is long. */
export function explained(rows: readonly (readonly string[])[], width: number | null): string {
  const shown = rows.map((row) => row.map(printable));
  const last = (rows[0]?.length ?? 1) - 1;
  const widths = Array.from({ length: last }, (_, index) =>
    Math.max(...shown.map((row) => row[index]!.length).filter((length) => length <= MAX_WIDTH), 0),
  );
  const indent = widths.reduce((sum, one) => sum + one + SEPARATOR.length, 0);
  const free = Math.max(MIN_WIDTH, (width ?? indent + FREE_WIDTH) - indent);
  return shown.map((row) => explainedRow(row, widths, indent, wrapped(row[last]!, free))).join('');
}

function explainedRow(
  row: readonly string[],
  widths: readonly number[],
  indent: number,
  explanation: readonly string[],
): string {
  const start = widths.map((one, index) => row[index]!.padEnd(one) + SEPARATOR).join('');
  const below = (lines: readonly string[]) => lines.map((line) => ' '.repeat(indent) + line);
  const [first = '', ...more] = explanation;
  const lines = start.length > indent ? [start, ...below(explanation)] : [start + first, ...below(more)];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
