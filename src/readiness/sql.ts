/** SQL of readiness, from `queries/readiness`. */
import { readFileSync } from 'node:fs';
import { packagePath } from '../paths.ts';

const read = (name: string) => readFileSync(packagePath(`queries/readiness/${name}.sql`), 'utf8');

export const observedSql = read('observed');
export const hasLearningSql = read('has-learning');
export const daysLeftSql = read('days-left');
