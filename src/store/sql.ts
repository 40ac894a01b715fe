/** SQL of the store, by file name in `queries/store`. */
import { readFileSync } from 'node:fs';
import { packagePath } from '../paths.ts';

/** Reads a file once, when the module that names it is loaded. @param name without `.sql` */
export function storeSql(name: string): string {
  return readFileSync(packagePath(`queries/store/${name}.sql`), 'utf8');
}
