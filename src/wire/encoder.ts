/** Rows as the client wants them: each column as text or binary. */
import type { Column } from '../query/result.ts';
import type { Cell } from '../query/values.ts';
import { dataRow, type Field } from './backend.ts';
import { SqlError } from './sql-error.ts';
import { binaryOf, hasBinaryFormat } from './types/binary-format.ts';
import { oidOf, pgTypeOf, sizeOf } from './types/pg-type.ts';
import { textOf } from './types/text-format.ts';

export function fieldsOf(columns: readonly Column[]): Field[] {
  return columns.map(({ name, type }) => {
    const pgType = pgTypeOf(type);
    return { name, oid: oidOf(pgType), size: sizeOf(pgType), modifier: pgType.modifier };
  });
}

/**
 * The format of each column.
 *
 * @param asked one for all, one each, or none: text
 * @throws SqlError 0A000 for binary where we have none, 08P01 for a wrong number
 */
export function formatsFor(columns: readonly Column[], asked: readonly number[]): number[] {
  if (asked.length > 1 && asked.length !== columns.length) {
    throw new SqlError('08P01', `${asked.length} result formats for ${columns.length} columns`);
  }
  const formats = columns.map((_, index) => (asked.length === 1 ? asked[0]! : (asked[index] ?? 0)));
  const bad = columns.find(({ type }, index) => formats[index] === 1 && !hasBinaryFormat(pgTypeOf(type)));
  if (bad === undefined) return formats;
  throw new SqlError(
    '0A000',
    `no binary format for column "${bad.name}" of type ${bad.type}`,
    'Ask for text.',
  );
}

/** The cells of a row as text, null for null. */
export function textEncoder(columns: readonly Column[]): (cells: readonly Cell[]) => (string | null)[] {
  const types = columns.map(({ type }) => pgTypeOf(type));
  return (cells) => types.map((type, index) => textOf(cells[index] ?? null, type));
}

/** A row as a DataRow message. */
export function rowEncoder(
  columns: readonly Column[],
  formats: readonly number[],
): (cells: readonly Cell[]) => Buffer {
  const types = columns.map(({ type }) => pgTypeOf(type));
  const toText = textEncoder(columns);
  return (cells) =>
    dataRow(
      toText(cells).map((text, index) => {
        if (text === null) return null;
        return formats[index] === 1 ? binaryOf(text, types[index]!) : Buffer.from(text, 'utf8');
      }),
    );
}
