/** Writes a result as Parquet, with a DuckDB of its own that sees nothing but these rows. */
import { type DuckDBConnection, DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import { messageOf, PgvigilError } from '../errors.ts';
import { CLOSED_SETTINGS } from '../store/database.ts';
import { type ColumnType, columnType, handedValue } from './column-type.ts';
import type { Rows } from './result.ts';
import type { Cell } from './values.ts';

/** Rows of a chunk; DuckDB takes no more. */
const CHUNK_ROWS = 2048;

/** What does not fit waits in the spill folder. */
const MEMORY = '256MB';

/** A group of rows is in memory, several times over, before it is written. */
const GROUP_BYTES = 16 * 1024 * 1024;
const GROUP_ROWS = 122_880;

/**
 * @param spillFolder exists, and is removed by the caller with what may be left in it
 * @throws PgvigilError QUERY_FAILED when a value has no place in its type, and what reading the rows throws
 */
export async function writeParquet(result: Rows, file: string, spillFolder: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', {
    ...CLOSED_SETTINGS,
    threads: '1',
    memory_limit: MEMORY,
    temp_directory: spillFolder,
  });
  try {
    const connection = await instance.connect();
    const types = result.columns.map(({ type }) => columnType(type));
    // Nothing in this statement is a text of somebody else: the types are written by DuckDB's own classes.
    const columns = types.map(({ stored }, index) => `c${index} ${stored.toString()}`);
    await connection.run(`CREATE TABLE answer (${columns.join(', ')})`);
    const groupRows = await append(connection, types, result.rows);
    await copy(connection, columnNames(result), file, groupRows);
  } finally {
    instance.closeSync();
  }
}

/** @returns how many rows a group of the file should have */
async function append(
  connection: DuckDBConnection,
  types: readonly ColumnType[],
  rows: AsyncIterable<Cell[]>,
): Promise<number> {
  const appender = await connection.createAppender('answer');
  const chunk = DuckDBDataChunk.create(types.map(({ handed }) => handed));
  const flush = (waiting: Cell[][]) => {
    chunk.reset();
    chunk.setRows(waiting.map((row) => types.map((type, index) => handedValue(type, row[index]))));
    appender.appendDataChunk(chunk);
  };
  let waiting: Cell[][] = [];
  let count = 0;
  let bytes = 0;
  for await (const row of rows) {
    count++;
    for (const cell of row) bytes += sizeOf(cell);
    waiting.push(row);
    if (waiting.length < CHUNK_ROWS) continue;
    unfit(() => flush(waiting));
    waiting = [];
  }
  unfit(() => {
    if (waiting.length > 0) flush(waiting);
    appender.flushSync();
    appender.closeSync();
  });
  const fitting = Math.floor(GROUP_BYTES / Math.max(1, bytes / Math.max(1, count)));
  return Math.min(Math.max(fitting, CHUNK_ROWS), GROUP_ROWS);
}

/** About as many bytes as a cell takes. */
function sizeOf(cell: Cell): number {
  if (typeof cell === 'string') return cell.length;
  return cell !== null && typeof cell === 'object' ? JSON.stringify(cell).length : 8;
}

function unfit(work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new PgvigilError(
      'QUERY_FAILED',
      `the rows cannot be written as Parquet: ${messageOf(error)}`,
      'Cast the column to VARCHAR, or choose another --format.',
      error,
    );
  }
}

async function copy(
  connection: DuckDBConnection,
  names: readonly string[],
  file: string,
  groupRows: number,
): Promise<void> {
  const columns = names.map((name, index) => `c${index} AS "${name.replaceAll('"', '""')}"`);
  await connection.run(
    `COPY (SELECT ${columns.join(', ')} FROM answer) TO '${file.replaceAll("'", "''")}'
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${groupRows}, USE_TMP_FILE false)`,
  );
}

/** Names that DuckDB tells apart, which it does not do by their case. */
function columnNames({ columns }: Rows): string[] {
  const taken = new Set<string>();
  return columns.map(({ name }) => {
    let unique = name;
    for (let number = 2; taken.has(unique.toLowerCase()); number++) unique = `${name}_${number}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}
