/** SQL of backtests, by file name in `queries/backtest`. */
import { readFileSync } from 'node:fs';
import { packagePath } from '../paths.ts';

/** Reads a file once, when the module that names it is loaded. @param name without `.sql` */
export function backtestSql(name: string): string {
  return readFileSync(packagePath(`queries/backtest/${name}.sql`), 'utf8');
}
