/**
 * The thread in which statements are parsed: what a text does to the parser, it does here.
 *
 * Takes a list of texts, answers with what was found in each. Meanwhile `progress` tells the other side which of them is at
 * work, and since when.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { readText } from './features.ts';
import { loadParser } from './parser/parser.ts';
import { type StatementText, statementText } from './statement-text.ts';

/** Shared by both sides: [nanoseconds of the monotonic clock, 0 when idle; index of the text]. */
export type Progress = BigInt64Array<SharedArrayBuffer>;

export const READY = 'ready';

if (parentPort !== null) {
  const port = parentPort;
  const progress = workerData as Progress;
  await loadParser();
  // The first text compiles what the parser needs for any.
  readText(statementText('SELECT 1'));
  port.on('message', (texts: readonly StatementText[]) => {
    const readings = texts.map((text, index) => {
      Atomics.store(progress, 1, BigInt(index));
      Atomics.store(progress, 0, process.hrtime.bigint());
      return readText(text);
    });
    Atomics.store(progress, 0, 0n);
    port.postMessage(readings);
  });
  port.postMessage(READY);
}
