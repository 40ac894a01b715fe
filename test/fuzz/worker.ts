/** Runs a campaign in a thread of its own, so that a message on which the decoder hangs can be told and stopped. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Campaign, run } from './campaign.ts';

const { campaign, current } = workerData as { campaign: Campaign; current: BigInt64Array };
parentPort!.postMessage(run(campaign, (number) => Atomics.store(current, 0, BigInt(number))));
