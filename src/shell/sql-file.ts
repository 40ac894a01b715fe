import { readFile } from 'node:fs/promises';
import { messageOf, PgvigilError } from '../errors.ts';

/** The text of a file of SQL. @throws PgvigilError FILE_UNREADABLE */
export async function readSqlFile(path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readFile(path));
  } catch (error) {
    throw new PgvigilError(
      'FILE_UNREADABLE',
      `cannot read ${path}: ${messageOf(error)}`,
      'Name a file with SQL in it.',
      error,
    );
  }
}
