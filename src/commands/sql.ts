import { readFile } from 'node:fs/promises';
import { packagePath } from '../paths.ts';

/** SQL of a command, from `queries/commands`. */
export async function commandSql(name: string): Promise<string> {
  return readFile(packagePath(`queries/commands/${name}.sql`), 'utf8');
}
