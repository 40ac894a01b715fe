/**
 * `npm run evaluate`: what pgvigil finds of recorded attacks among four weeks of ordinary work, and what it reports of that
 * work. Writes docs/evaluation.md and ends with code 1 when a target is missed.
 *
 * While a detector is written, `-- --recall` leaves out all work that is not about the time of an attack: a minute instead
 * of several, no word on false alerts, nothing learned, nothing written. `-- --out FILE` writes elsewhere.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { VERSION } from '../../src/version.ts';
import { DAYS, HOUR, START } from './calendar.ts';
import { readEvaluationLabels } from './recordings.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { placeScenarios } from './scenarios.ts';
import type { LogLine } from './server.ts';
import { SETTINGS } from './settings.ts';
import { ticksFor } from './ticks.ts';
import { judge } from './verdict.ts';
import { simulateWork } from './work/all.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: fileURLToPath(new URL('../../docs/evaluation.md', import.meta.url)) },
    recall: { type: 'boolean', default: false },
  },
});

const began = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${text}\n`);

const scenarios = placeScenarios();
const isAround = ({ time, server }: LogLine) =>
  scenarios.some((one) => one.server === server && time > one.from - HOUR && time < one.from + HOUR);
const work = simulateWork().filter((line) => !values.recall || isAround(line));
const servers = [...new Set(work.map(({ server }) => server))].sort();
const identities = new Set(
  work.flatMap(({ text }) => /^LOG: {2}connection authorized: user=(\S+)/.exec(text)?.[1] ?? []),
).size;
const lines = [...work, ...scenarios.flatMap((scenario) => scenario.lines)].sort(
  (one, other) => one.time - other.time,
);
const ticks = ticksFor(scenarios);
say(`${lines.length} records, ${scenarios.length} scenarios, ${ticks.length} looks`);

let day = 0;
const result = await run(lines, ticks, SETTINGS, (done, time) => {
  const today = Math.floor((time - START) / 86_400_000);
  if (today === day) return;
  day = today;
  say(`day ${day} of ${DAYS}, ${done} looks`);
});
if (result.rejects > 0) throw new Error(`${result.rejects} messages could not be decoded`);

const verdict = judge(scenarios, result.findings, servers);
const page = report(verdict, {
  date: new Date().toISOString().slice(0, 10),
  versions: { pgvigil: VERSION, ...readEvaluationLabels().versions },
  ...{ servers, identities, run: result },
});
process.stdout.write(page);
if (!values.recall) {
  await writeFile(values.out, page);
  say(`written to ${values.out}`);
}
if (verdict.misses.length > 0) process.exitCode = 1;
