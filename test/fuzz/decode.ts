/**
 * Decodes damaged messages and checks what must hold for any bytes: `npm run fuzz -- --count 1000000 --seed 7`.
 * The message of each finding goes to fixtures/fuzz, where `regressions.test.ts` runs it from then on.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Campaign, type Finding, fileNameOf, messageOf, type Outcome } from './campaign.ts';
import { readCorpus } from './corpus.ts';

const FOLDER = fileURLToPath(new URL('../../fixtures/fuzz/', import.meta.url));
/** A message on which the decoder stands still for so long hangs, milliseconds. */
const HANGS = 30_000;
/** Live heap may grow by so much between warm and end, bytes. */
const HEAP_GROWTH = 32e6;

/** On Node 20 a thread does not inherit the loader of TypeScript. */
const START_WORKER = `
  import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => {
    register();
    return import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)});
  })`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
});
const campaign: Campaign = {
  seed: Number(values.seed),
  from: Number(values.from),
  count: Number(values.count),
};

/** What the thread found, or the number of the message on which it hangs. */
async function watch(): Promise<Outcome | number> {
  const current = new BigInt64Array(new SharedArrayBuffer(8));
  const worker = new Worker(START_WORKER, { eval: true, workerData: { campaign, current } });
  return await new Promise((resolve, reject) => {
    let last = { number: -1n, since: performance.now() };
    const clock = setInterval(() => {
      const number = Atomics.load(current, 0);
      if (number !== last.number) last = { number, since: performance.now() };
      else if (performance.now() - last.since > HANGS) {
        clearInterval(clock);
        resolve(worker.terminate().then(() => Number(number)));
      }
    }, 1_000);
    worker.once('message', (outcome: Outcome) => {
      clearInterval(clock);
      resolve(outcome);
    });
    worker.once('error', (error) => {
      clearInterval(clock);
      reject(error);
    });
  });
}

function report({ number, message, complaint }: Finding): void {
  const file = `${FOLDER}${fileNameOf(message)}`;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, message);
  console.log(`message ${number}, ${message.length} bytes: ${complaint}`);
  console.log(`  kept as ${file}`);
  console.log(`  again: npm run fuzz -- --seed ${campaign.seed} --from ${number} --count 1`);
}

const start = performance.now();
const outcome = await watch();
const seconds = ((performance.now() - start) / 1000).toFixed(0);
if (typeof outcome === 'number') {
  report({ number: outcome, message: messageOf(campaign.seed, outcome, readCorpus()), complaint: 'hangs' });
  process.exitCode = 1;
} else {
  for (const finding of outcome.findings) report(finding);
  const megabytes = (outcome.heapGrowth / 1e6).toFixed(1);
  // Not a number where enough was found before the heap was measured.
  const leaks = outcome.heapGrowth > HEAP_GROWTH;
  console.log(
    `${outcome.count} messages of seed ${campaign.seed} in ${seconds} s: ${outcome.findings.length} findings`,
  );
  console.log(`live heap grew by ${megabytes} MB: ${leaks ? 'too much' : 'bounded'}`);
  if (leaks || outcome.findings.length > 0) process.exitCode = 1;
}
