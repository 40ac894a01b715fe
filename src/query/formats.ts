/** Writes a result as people and programs read it. Rows pass through one by one; nothing is gathered. */
import type { Writable } from 'node:stream';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { printable, printableJson } from '../printable.ts';
import type { Column, Rows } from './result.ts';
import { tableText } from './table.ts';
import type { Cell } from './values.ts';

export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export interface FormatOptions {
  /** Columns of the terminal that shows the text; null when it goes to a file or another program. */
  terminalWidth: number | null;
  /** A table shows its records one below the other, also where its columns would fit. */
  expanded?: boolean;
}

/**
 * The text of a result, piece by piece.
 *
 * - `table`: aligned, for people; control characters are shown as escapes.
 * - `json`: one array of objects, a row a line. `ndjson`: an object a line. Characters that drive terminals are
 *   written as JSON escapes, which changes nothing for who reads the JSON.
 * - `csv`: RFC 4180, with a header; null is empty and an empty text is `""`; lists and objects are JSON. The data
 *   is not altered: a text that starts with `=`, `+`, `-` or `@` stays as it is, and whoever opens the file in a
 *   spreadsheet must import such columns as text. At a terminal control characters are escaped.
 */
export function formatRows(result: Rows, format: Format, options: FormatOptions): AsyncIterable<string> {
  switch (format) {
    case 'table':
      return tableText(result, options.terminalWidth, options.expanded);
    case 'json':
      return jsonText(result);
    case 'ndjson':
      return ndjsonText(result);
    case 'csv':
      return csvText(result, options.terminalWidth !== null);
  }
}

/** Writes pieces of text as fast as the output takes them and leaves it open. An output that closed ends it quietly. */
export async function writeText(pieces: AsyncIterable<string>, output: Writable): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), output, { end: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // `| head` has seen enough
  }
}

async function* jsonText({ columns, rows }: Rows): AsyncGenerator<string> {
  const names = uniqueNames(columns);
  let separator = '[\n';
  for await (const row of rows) {
    yield separator + objectText(names, row);
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

async function* ndjsonText({ columns, rows }: Rows): AsyncGenerator<string> {
  const names = uniqueNames(columns);
  for await (const row of rows) yield `${objectText(names, row)}\n`;
}

function objectText(names: readonly string[], row: readonly Cell[]): string {
  const members = names.map((name, index) => `${JSON.stringify(name)}:${JSON.stringify(row[index] ?? null)}`);
  return printableJson(`{${members.join(',')}}`);
}

/** A second column of the same name becomes `name_2`: in an object it would replace the first. */
function uniqueNames(columns: readonly Column[]): string[] {
  const taken = new Set<string>();
  return columns.map(({ name }) => {
    let unique = name;
    for (let number = 2; taken.has(unique); number++) unique = `${name}_${number}`;
    taken.add(unique);
    return unique;
  });
}

async function* csvText({ columns, rows }: Rows, terminal: boolean): AsyncGenerator<string> {
  const field = (cell: Cell) => csvField(cell, terminal);
  yield `${columns.map(({ name }) => field(name)).join(',')}\r\n`;
  for await (const row of rows) yield `${row.map(field).join(',')}\r\n`;
}

function csvField(cell: Cell, terminal: boolean): string {
  if (cell === null) return '';
  const raw = typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
  const text = terminal ? printable(raw) : raw;
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
