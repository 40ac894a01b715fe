/**
 * The seed of every test that draws numbers. It is fixed, so that a run of CI fails for what was changed and not by
 * chance; `PGVIGIL_SEED=random` looks for what nobody has thought of, `PGVIGIL_SEED=7` runs again what was found.
 */
import { randomInt } from 'node:crypto';

const FIXED = 20_261_124;
/** What every user of the seed can take: positive, in 31 bits. */
const LIMIT = 2 ** 31 - 1;

function readSeed(value: string | undefined): number {
  if (value === undefined || value === '') return FIXED;
  if (value === 'random') return randomInt(1, LIMIT);
  if (/^\d{1,10}$/.test(value) && Number(value) > 0 && Number(value) < LIMIT) return Number(value);
  throw new Error(`PGVIGIL_SEED is ${value}: give "random", or a whole number from 1 to ${LIMIT - 1}`);
}

export const SEED = readSeed(process.env.PGVIGIL_SEED);
