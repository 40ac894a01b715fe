/**
 * What a tick of all detectors costs over a long history: `npm run bench:detect -- --activities 10000000 --detectors`, or
 * with `--check` to end with code 1 above the target.
 *
 * The history is that of `history.ts`. Then 2 s worth
 * of new activities arrive and every detector looks once, several times over; for a short history and for a long one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Engine, newest } from '../../src/detect/engine.ts';
import { Store } from '../../src/store/store.ts';
import { armDetectors } from '../../src/worker/arming.ts';
import { Detection } from '../../src/worker/detection.ts';
import { History, PER_SECOND } from './history.ts';

const NEW = 2 * PER_SECOND;
const START = Date.UTC(2026, 10, 1);
const TICKS = 3;
const TARGET_MS = 2_000;

const { values } = parseArgs({
  options: {
    activities: { type: 'string', default: '1000000' },
    check: { type: 'boolean', default: false },
    detectors: { type: 'boolean', default: false },
  },
});

/** Milliseconds of every tick, and of each detector in one more. */
async function ticks(
  store: Store,
  history: History,
  from: number,
): Promise<{ ticks: number[]; each: Map<string, number> }> {
  const { armed, refused } = await armDetectors(store, { detectorFolders: [], modes: {}, parameters: {} });
  if (refused.length > 0) throw refused[0]!.error;
  const options = { store, timeoutMs: 120_000, now: Date.now };
  const detection = new Detection({
    ...{ ...options, detectors: armed, latenessMs: 0 },
    onFailure: (detector, error) => {
      throw new Error(`${detector.id}: ${error}`);
    },
  });
  const times: number[] = [];
  for (let tick = 0; tick <= TICKS; tick += 1) {
    await history.fill(from + tick * NEW, from + (tick + 1) * NEW);
    const started = performance.now();
    await detection.finish();
    // The first looks at all that there is.
    if (tick > 0) times.push(performance.now() - started);
  }
  await history.fill(from + (TICKS + 1) * NEW, from + (TICKS + 2) * NEW);
  const front = (await newest(store))!;
  const each = new Map<string, number>();
  for await (const judgement of new Engine(options).judge(armed, front.eventTime, front.recordId))
    if (judgement.outcome === 'judged') each.set(judgement.detector.id, judgement.durationMs);
  return { ticks: times, each };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

const folder = await mkdtemp(join(tmpdir(), 'pgvigil-bench-'));
const store = await Store.open(folder);
try {
  const history = new History(store, START);
  await history.fillTemplates();
  await history.fillBaselines();
  let filled = 0;
  let longest = 0;
  for (const activities of [Number(values.activities) / 10, Number(values.activities)]) {
    for (; filled < activities; filled += 500_000)
      await history.fill(filled, Math.min(filled + 500_000, activities));
    filled = activities;
    const { ticks: times, each } = await ticks(store, history, filled);
    filled += (TICKS + 2) * NEW;
    longest = median(times);
    console.log(
      `${activities.toLocaleString('en')} activities stored: a tick with ${NEW.toLocaleString('en')} new ones takes ${Math.round(median(times))} ms (${times.map((ms) => Math.round(ms)).join(', ')})`,
    );
    if (values.detectors)
      for (const [id, ms] of [...each].sort((a, b) => b[1] - a[1]))
        console.log(`  ${id} ${Math.round(ms)} ms`);
  }
  if (values.check && longest > TARGET_MS) {
    console.error(`above the target of ${TARGET_MS} ms`);
    process.exitCode = 1;
  }
} finally {
  await store.close();
  await rm(folder, { recursive: true });
}
