/**
 * Alerts surely arrive: four receivers that fail at random, a worker that is killed again and again, and in the end the logs of
 * the receivers held against the record of the worker.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Store } from '../../../src/store/store.ts';
import { compare, type Findings } from './comparison.ts';
import { newKeys, RECEIVERS } from './kinds.ts';
import { LIMITS } from './limits.ts';
import { Plan } from './plan.ts';
import { seeded } from './random.ts';
import { readLog } from './receiver-log.ts';
import type { ReceiversReport } from './receivers.ts';
import { readStored } from './stored.ts';

const TYPESCRIPT = new URL('../../typescript.mjs', import.meta.url).href;
const POLL_MS = 10;
/** Nothing arrived for so long: it never will. */
const STUCK_MS = 90_000;
/** A kill comes a little after its moment, so that it meets whatever is under way. */
const SPREAD_MS = 100;
/** Every so many kills, one meets a worker that has hardly begun. */
const EARLY_EVERY = 5;
const EARLY_MS = 2_500;

export interface ProofOptions {
  alerts: number;
  kills: number;
  seed: number;
  /** Empty; data and logs are left there. */
  folder: string;
  onProgress?: (text: string) => void;
}

export async function prove({
  alerts,
  kills,
  seed,
  folder,
  onProgress = () => undefined,
}: ProofOptions): Promise<Findings> {
  const started = Date.now();
  const plan = new Plan(alerts);
  const keys = RECEIVERS.map(newKeys);
  const receivers = child('receivers.ts', [folder, String(seed)], {
    VERIFYING: keys.map(({ verifying }) => verifying).join('\n'),
  });
  let worker: ChildProcess | undefined;
  try {
    const reached = { taken: 0, restarts: 0, at: Date.now() };
    const ports = await new Promise<number[]>((resolve) =>
      receivers.on('message', (report: ReceiversReport) => {
        if ('ports' in report) return resolve(report.ports);
        if (report.taken > reached.taken) reached.at = Date.now();
        Object.assign(reached, report);
      }),
    );
    await writeFile(join(folder, 'pgvigil.yaml'), JSON.stringify(configuration(folder, ports)));
    const troubles: string[] = [];
    const start = () => {
      const env = Object.fromEntries(keys.map(({ secret }, index) => [`SECRET_${index}`, secret]));
      const process = child('worker.ts', [folder, String(alerts)], env);
      process.on('message', ({ trouble }: { trouble: string }) => troubles.push(trouble));
      return process;
    };

    const random = seeded(seed);
    const killedAt: number[] = [];
    const total = plan.messages * RECEIVERS.length;
    for (let kill = 0; kill < kills; kill++) {
      worker = start();
      const due = (total * (kill + random())) / kills;
      if (kill % EARLY_EVERY === EARLY_EVERY - 1) await sleep(random() * EARLY_MS);
      else await until(worker, () => reached.taken >= Math.min(due, total - 1), reached);
      await sleep(random() * SPREAD_MS);
      if (!isRunning(worker)) break;
      await end(worker);
      killedAt.push(Date.now());
      onProgress(`${reached.taken} of ${total} taken, killed ${killedAt.length} times`);
    }
    worker = start();
    const last = worker;
    await until(last, () => !isRunning(last), reached);
    const tookMs = Date.now() - started;

    const store = await Store.open(join(folder, 'data'));
    const stored = await readStored(store).finally(() => store.close());
    const log = RECEIVERS.flatMap(({ name }) => readLog(join(folder, `${name}.ndjson`)));
    const underWay = RECEIVERS.length * LIMITS.concurrency;
    const { violations, counts } = compare({ plan, stored, log, kills: killedAt, underWay });
    for (const { fault } of log) counts[`fault: ${fault}`] = (counts[`fault: ${fault}`] ?? 0) + 1;
    return {
      violations: [
        ...(killedAt.length === kills ? [] : [`killed ${killedAt.length} times alone: it was over before`]),
        ...troubles.map((trouble) => `the worker: ${trouble}`),
        ...violations,
      ],
      counts: {
        ...counts,
        'restarts of receivers': reached.restarts,
        kills: killedAt.length,
        seconds: Math.round(tookMs / 1000),
      },
    };
  } finally {
    if (worker !== undefined) await end(worker);
    await end(receivers);
  }
}

/** As a user would write it. */
function configuration(folder: string, ports: readonly number[]) {
  return {
    data: join(folder, 'data'),
    channels: RECEIVERS.map(({ name, type }, index) => ({
      ...{ name, type, secret: { env: `SECRET_${index}` } },
      url: `http://127.0.0.1:${ports[index]}/alerts`,
      minSeverity: 'low',
      allowPrivate: ['127.0.0.1'],
    })),
  };
}

function child(script: string, parameters: string[], env: Record<string, string>): ChildProcess {
  return fork(fileURLToPath(new URL(script, import.meta.url)), parameters, {
    execArgv: ['--import', TYPESCRIPT],
    env: { ...process.env, ...env },
  });
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** @throws Error when the worker fails, or nothing more arrives */
async function until(worker: ChildProcess, reached: () => boolean, progress: { at: number }): Promise<void> {
  const began = Date.now();
  while (!reached() && isRunning(worker)) {
    if (Date.now() - Math.max(began, progress.at) > STUCK_MS) throw new Error('nothing more arrives');
    await sleep(POLL_MS);
  }
  if (worker.exitCode !== null && worker.exitCode !== 0)
    throw new Error(`the worker ended with ${worker.exitCode}`);
}

async function end(process: ChildProcess): Promise<void> {
  if (!isRunning(process)) return;
  const exit = once(process, 'exit');
  process.kill('SIGKILL');
  await exit;
}
