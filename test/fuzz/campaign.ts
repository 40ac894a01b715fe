/** A run of the fuzzer: message `number` of a seed is always the same, whatever ran before. */
import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readCorpus } from './corpus.ts';
import { complaintAbout } from './invariants.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

export interface Campaign {
  seed: number;
  /** Number of the first message. */
  from: number;
  count: number;
}

export interface Finding {
  number: number;
  message: Buffer;
  complaint: string;
}

export interface Outcome {
  findings: Finding[];
  /** Messages run. */
  count: number;
  /** Live heap at the end compared with an early moment, bytes. */
  heapGrowth: number;
}

/** More findings than this say nothing new. */
const ENOUGH = 20;
/** Messages after which caches are warm and the heap is measured first. */
const WARM = 5_000;

/** Message `number` of a seed. */
export function messageOf(seed: number, number: number, corpus: readonly Buffer[]): Buffer {
  const hash = createHash('sha256').update(`${seed}:${number}`).digest();
  return mutate(new Random(hash.readInt32LE()), corpus);
}

/** File name of a finding. */
export function fileNameOf(message: Uint8Array): string {
  return `${createHash('sha256').update(message).digest('hex').slice(0, 16)}.bin`;
}

/** Runs it all. `onMessage` hears each number before its message is decoded. */
export function run(
  { seed, from, count }: Campaign,
  onMessage: (number: number) => void = () => {},
): Outcome {
  const corpus = readCorpus();
  const collectGarbage = garbageCollector();
  const findings: Finding[] = [];
  let warmHeap = Number.NaN;
  let done = 0;
  while (done < count && findings.length < ENOUGH) {
    const number = from + done;
    if (done === Math.min(WARM, count >> 1)) warmHeap = liveHeap(collectGarbage);
    onMessage(number);
    const message = messageOf(seed, number, corpus);
    const complaint = complaintAbout(message, number);
    if (complaint !== null) findings.push({ number, message, complaint });
    done++;
  }
  return { findings, count: done, heapGrowth: liveHeap(collectGarbage) - warmHeap };
}

function liveHeap(collectGarbage: () => void): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
