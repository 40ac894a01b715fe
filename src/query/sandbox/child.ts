/**
 * A process in which other people's SQL runs: no environment, one database that is open read-only, limited memory. It answers
 * on file descriptor 3 and ends with its parent.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { linesOf } from './lines.ts';
import { MAX_LINE_BYTES, type Request } from './protocol.ts';
import { Session } from './session.ts';

const ANSWERS = 3;
/** How often memory is looked at; DuckDB's own limit does not count everything (a long text in one function). */
const WATCH_MS = 25;
/** What the process takes besides DuckDB's memory. */
const OVERHEAD_MB = 512;

const memoryMb = Number(process.argv[2]);

/** Whoever writes goes first, and under lack of memory this process goes before the worker. */
function standBack(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not on this system: then it is only a neighbour that is less polite.
  }
}

/** DuckDB cannot be stopped inside one call of a function, and Node would wait for it: only a signal ends the process. */
function endNow(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('unreachable');
}

function say(text: string): void {
  const bytes = Buffer.from(`${text}\n`);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(ANSWERS, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') endNow(); // nobody listens any more
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const session = new Session(memoryMb);
const limitBytes = (memoryMb + OVERHEAD_MB) * 1024 * 1024;
setInterval(() => {
  if (process.memoryUsage.rss() > limitBytes) {
    const error = {
      code: 'QUERY_FAILED',
      message: `the query took more than ${memoryMb + OVERHEAD_MB} MB of memory and was stopped`,
      hint: 'Narrow it, for example with WHERE event_time > now() - INTERVAL 1 DAY.',
    };
    say(JSON.stringify({ error, last: true }));
    endNow();
  }
}, WATCH_MS);

standBack();
let last: Promise<void> = Promise.resolve();
for await (const line of linesOf(process.stdin, MAX_LINE_BYTES)) {
  const request = JSON.parse(line) as Request;
  if (request.do === 'end') session.interrupt();
  last = last.then(async () => {
    say(await session.answer(request));
    if (session.stuck) endNow();
  });
}
endNow();
