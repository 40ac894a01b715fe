/** The proof at length: `npm run proof:alerts -- --alerts 10000 --kills 20 --seed 1`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prove } from './proof.ts';

const MAX_SHOWN = 30;

const { values } = parseArgs({
  options: {
    alerts: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'pgvigil-proof-'));
const { violations, counts } = await prove({
  alerts: Number(values.alerts),
  kills: Number(values.kills),
  seed: Number(values.seed),
  folder,
  onProgress: (text) => console.error(text),
});
for (const [what, count] of Object.entries(counts))
  console.log(`${what.padEnd(40)} ${count.toLocaleString('en').padStart(9)}`);
if (violations.length === 0) await rm(folder, { recursive: true });
else {
  console.error(`${violations.length} violations, see ${folder}:`);
  for (const violation of violations.slice(0, MAX_SHOWN)) console.error(`- ${violation}`);
  process.exitCode = 1;
}
