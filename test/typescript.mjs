// TypeScript for this process and its worker threads: `node --import ./test/typescript.mjs file.ts`.
// `--import tsx` alone leaves worker threads of Node 20 without it.
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();

// Properties are tested with the same values in every run (support/seed.ts); a test that sets a seed of its own keeps it.
// Only for a test that imports the library itself: loading it takes a tenth of a second, and three of four have no use for it.
const file = process.argv[1] ?? '';
if (isMainThread && file.endsWith('.test.ts') && readFileSync(file, 'utf8').includes("from 'fast-check'")) {
  const [{ default: fc }, { SEED }] = await Promise.all([import('fast-check'), import('./support/seed.ts')]);
  fc.configureGlobal({ seed: SEED });
}
