/**
 * The process of the four receivers: `receivers.ts <folder> <seed>`, started with a channel to its parent. Each writes what it
 * got to `<folder>/<name>.ndjson`. `VERIFYING` holds what they verify with, a line each.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RECEIVERS } from './kinds.ts';
import { seeded } from './random.ts';
import { FailingReceiver } from './receiver.ts';

/** What the parent is told: the ports at first, then again and again how far it is. */
export type ReceiversReport = { ports: number[] } | { taken: number; restarts: number };

const REPORT_MS = 25;
const MIN_UP_MS = 1_000;
const MAX_UP_MS = 6_000;
const MIN_AWAY_MS = 100;
const MAX_AWAY_MS = 500;

const [folder = '', seed = ''] = process.argv.slice(2);
const verifying = (process.env.VERIFYING ?? '').split('\n');
const random = seeded(Number(seed));
const receivers = RECEIVERS.map(
  (kind, index) =>
    new FailingReceiver(
      kind,
      verifying[index] ?? '',
      join(folder, `${kind.name}.ndjson`),
      seeded(Number(seed) + index + 1),
    ),
);
const between = (least: number, most: number) => least + random() * (most - least);

process.on('disconnect', () => process.exit());
const report = (what: ReceiversReport) => void process.send?.(what);

report({ ports: await Promise.all(receivers.map((receiver) => receiver.listen())) });
setInterval(() => {
  const sum = (of: (receiver: FailingReceiver) => number) =>
    receivers.reduce((total, receiver) => total + of(receiver), 0);
  report({ taken: sum(({ taken }) => taken.size), restarts: sum(({ restarts }) => restarts) });
}, REPORT_MS);
await Promise.all(
  receivers.map(async (receiver) => {
    for (;;) {
      await sleep(between(MIN_UP_MS, MAX_UP_MS));
      await receiver.restart(between(MIN_AWAY_MS, MAX_AWAY_MS));
    }
  }),
);
