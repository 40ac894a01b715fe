/** SQL of the address book, from `queries/enrichment`. */
import { readFileSync } from 'node:fs';
import { packagePath } from '../paths.ts';

const read = (name: string) => readFileSync(packagePath(`queries/enrichment/${name}.sql`), 'utf8');

export const newClientsSql = read('new-clients');
export const allClientsSql = read('all-clients');
