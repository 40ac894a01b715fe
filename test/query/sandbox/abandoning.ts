/** Starts a query that goes on and on, and prints the process that runs it: for a test that kills this one. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sandbox } from '../../../src/query/sandbox/sandbox.ts';
import { statesOf } from '../../../src/query/sandbox/states.ts';

const dataDir = process.argv[2]!;
const sandbox = new Sandbox({ dataDir, states: statesOf(dataDir), processes: 1, memoryMb: 256 });
const limits = { limitRows: 0, limitBytes: 0, timeoutMs: 60_000 };
for await (const _ of (await sandbox.run({ sql: 'SELECT 1', ...limits })).rows);
void sandbox.run({ sql: 'SELECT count(*) FROM range(100000000000) a, range(1000000) b', ...limits });
await sleep(50);
console.log((await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')).trim().split(' ').at(-1));
