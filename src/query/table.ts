/** The table format: aligned columns, or one block a record where the columns do not fit the terminal. */
import { printable } from '../printable.ts';
import type { Column, Rows } from './result.ts';
import type { Cell } from './values.ts';

/** Rows that are looked at to choose widths; later ones that are wider are cut at a terminal. */
const SAMPLE_ROWS = 200;

/** Narrowest useful column; where not all columns get it, records are shown one below the other. */
const MIN_WIDTH = 8;

/** Types that are aligned to the right. */
const NUMERIC =
  /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL.*)$/;

/** Types of which a part says something else than the whole. */
const WHOLE = new RegExp(`${NUMERIC.source}|^(BOOLEAN|UUID|DATE|TIME.*)$`);

const SEPARATOR = '  ';

interface Layout {
  columns: readonly Column[];
  widths: readonly number[];
  /** Cut what is wider than its column. */
  cut: boolean;
}

/**
 * @param terminalWidth columns of the terminal; null: nothing is cut
 * @param expanded shows records one below the other, whatever fits
 */
export async function* tableText(
  { columns, rows }: Rows,
  terminalWidth: number | null,
  expanded = false,
): AsyncGenerator<string> {
  const iterator = rows[Symbol.asyncIterator]();
  try {
    const sample: Cell[][] = [];
    while (sample.length < SAMPLE_ROWS) {
      const next = await iterator.next();
      if (next.done === true) break;
      sample.push(next.value);
    }
    const widths = columns.map(({ name }, index) =>
      Math.max(displayWidth(printable(name)), ...sample.map((row) => displayWidth(cellText(row[index]!)))),
    );
    const fitted = expanded ? null : terminalWidth === null ? widths : fit(columns, widths, terminalWidth);
    const layout = { columns, widths: fitted ?? widths, cut: terminalWidth !== null };
    if (fitted !== null) yield heading(layout);
    let count = 0;
    for await (const row of both(sample, iterator)) {
      count++;
      yield fitted === null ? recordText(columns, row, count) : rowText(layout, row);
    }
    yield `(${count} ${count === 1 ? 'row' : 'rows'})\n`;
  } finally {
    await iterator.return?.();
  }
}

async function* both(sample: Cell[][], rest: AsyncIterator<Cell[]>): AsyncGenerator<Cell[]> {
  yield* sample;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Widths that fit the terminal, taken from the widest columns; null when some would be too narrow to be of use. */
function fit(columns: readonly Column[], widths: readonly number[], terminalWidth: number): number[] | null {
  const limited = (limit: number) =>
    widths.map((width, index) => (WHOLE.test(columns[index]!.type) ? width : Math.min(width, limit)));
  const available = terminalWidth - SEPARATOR.length * (widths.length - 1);
  for (let limit = Math.max(...widths); limit > 0; limit--) {
    const fitted = limited(limit);
    if (fitted.reduce((sum, width) => sum + width, 0) > available) continue;
    const narrow = limit < MIN_WIDTH && fitted.some((width, index) => width < widths[index]!);
    return narrow ? null : fitted;
  }
  return null;
}

function heading(layout: Layout): string {
  const names = layout.columns.map(({ name }, index) => padded(printable(name), layout, index));
  const rules = layout.widths.map((width) => '-'.repeat(width));
  return `${names.join(SEPARATOR).trimEnd()}\n${rules.join(SEPARATOR)}\n`;
}

function rowText(layout: Layout, row: readonly Cell[]): string {
  const cells = row.map((cell, index) => padded(cellText(cell), layout, index));
  return `${cells.join(SEPARATOR).trimEnd()}\n`;
}

function recordText(columns: readonly Column[], row: readonly Cell[], count: number): string {
  const nameWidth = Math.max(...columns.map(({ name }) => displayWidth(printable(name))));
  const lines = columns.flatMap(({ name }, index) => {
    const cell = row[index]!;
    if (cell === null) return [];
    const label = printable(name);
    return [`${label}${' '.repeat(nameWidth - displayWidth(label))}${SEPARATOR}${cellText(cell)}\n`];
  });
  return `-- record ${count}\n${lines.join('')}`;
}

function cellText(cell: Cell): string {
  if (cell === null) return '';
  return printable(typeof cell === 'object' ? JSON.stringify(cell) : String(cell));
}

function padded(text: string, { columns, widths, cut }: Layout, index: number): string {
  const width = widths[index]!;
  const shown = cut && displayWidth(text) > width ? cutTo(text, width) : text;
  const padding = ' '.repeat(Math.max(0, width - displayWidth(shown)));
  return NUMERIC.test(columns[index]!.type) ? padding + shown : shown + padding;
}

function cutTo(text: string, width: number): string {
  let shown = '';
  let used = 1; // of the ellipsis
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) break;
    shown += character;
  }
  return `${shown}…`;
}

function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Columns that a terminal gives a character: East Asian wide characters and emoji take two, marks none. */
function characterWidth(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (/\p{M}/u.test(character)) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}
