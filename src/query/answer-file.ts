/** Writes an answer into a file that appears under its name when it is whole, and not at all when it fails. */
import { createWriteStream } from 'node:fs';
import { chmod, link, lstat, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';
import { FORMATS, formatRows } from './formats.ts';
import { writeParquet } from './parquet.ts';
import type { Rows } from './result.ts';

/** Formats of files: those that are shown, and one that is not for eyes. */
export const FILE_FORMATS = [...FORMATS, 'parquet'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** The format that the end of a file's name speaks of. */
export function formatOfName(path: string): FileFormat | undefined {
  const ending = extname(path).slice(1).toLowerCase();
  return FILE_FORMATS.find((format) => format === ending);
}

export function rowCount(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'row' : 'rows'}`;
}

export interface FileOptions {
  format: FileFormat;
  /** Replaces a file that exists. */
  force: boolean;
}

export class AnswerFile {
  readonly #path: string;
  readonly #options: FileOptions;

  private constructor(path: string, options: FileOptions) {
    this.#path = path;
    this.#options = options;
  }

  /**
   * Looks whether the file may be written, before a query runs for it.
   *
   * @throws PgvigilError USAGE when it exists, FILE_UNREADABLE when its folder does not
   */
  static async at(path: string, options: FileOptions): Promise<AnswerFile> {
    const file = new AnswerFile(resolve(path), options);
    await file.#check();
    return file;
  }

  /**
   * @returns how many rows it has
   * @throws PgvigilError as `at`, QUERY_FAILED when Parquet has no place for a value, and what reading the rows throws
   */
  async write(result: Rows): Promise<number> {
    const folder = await this.#folder();
    try {
      const part = join(folder, basename(this.#path));
      const counted = countedRows(result);
      await this.#fill(counted.rows, part, folder);
      await chmod(part, 0o600);
      await this.#place(part);
      return counted.count();
    } catch (error) {
      throw isOfFile(error) ? unwritable(this.#path, error) : error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #place(part: string): Promise<void> {
    if (!this.#options.force) {
      try {
        await link(part, this.#path); // unlike a rename, this never replaces what came in the meantime
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw exists(this.#path);
        await this.#check(); // a file system without hard links
      }
    }
    await rename(part, this.#path);
  }

  async #fill(result: Rows, part: string, folder: string): Promise<void> {
    const { format } = this.#options;
    // Made here, for the owner only, whoever fills it.
    await (await open(part, 'wx', 0o600)).close();
    if (format === 'parquet') return writeParquet(result, part, folder);
    const text = formatRows(result, format, { terminalWidth: null });
    await pipeline(Readable.from(text), createWriteStream(part));
  }

  async #check(): Promise<void> {
    const found = await lstat(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw unwritable(this.#path, error);
    });
    if (found !== null && !this.#options.force) throw exists(this.#path);
    if (found?.isDirectory()) throw unwritable(this.#path, new Error('it is a folder'));
    await rm(await this.#folder(), { recursive: true });
  }

  /** Beside the file, as only there it can be renamed to it. */
  async #folder(): Promise<string> {
    try {
      return await mkdtemp(join(dirname(this.#path), '.pgvigil-'));
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }
}

function countedRows({ columns, rows }: Rows): { rows: Rows; count: () => number } {
  let count = 0;
  const passing = async function* () {
    for await (const row of rows) {
      count++;
      yield row;
    }
  };
  return { rows: { columns, rows: passing() }, count: () => count };
}

/** Of the file system, as Node or DuckDB tells it. */
function isOfFile(error: unknown): boolean {
  if (error instanceof PgvigilError || !(error instanceof Error)) return false;
  return (error as NodeJS.ErrnoException).syscall !== undefined || error.message.startsWith('IO Error');
}

function exists(path: string): PgvigilError {
  return new PgvigilError(
    'USAGE',
    `${printable(path)} exists already`,
    'Name another file, remove it, or replace it with `pgvigil query --output … --force`.',
  );
}

function unwritable(path: string, error: unknown): PgvigilError {
  return new PgvigilError(
    'FILE_UNREADABLE',
    `cannot write ${printable(path)}: ${messageOf(error)}`,
    'Name a file in a folder that you may write and that has room.',
    error,
  );
}
