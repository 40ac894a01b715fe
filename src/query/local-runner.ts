/** Questions about a data folder from a command: beside a running worker or without one. */
import { readViews } from './catalog.ts';
import type { QuerySession } from './query-session.ts';
import { openReader } from './reader.ts';
import { Sandbox } from './sandbox/sandbox.ts';
import { statesOf } from './sandbox/states.ts';

/** Answers that are open at a time: one more is asked for when one was left unread. */
const PROCESSES = 3;
/** What DuckDB may use for one question; the person at the keyboard has the machine for himself. */
const MEMORY_MB = 2_048;

export function openSession(dataDir: string): QuerySession {
  const sandbox = new Sandbox({
    dataDir,
    states: statesOf(dataDir),
    processes: PROCESSES,
    memoryMb: MEMORY_MB,
  });
  return {
    run: (request, signal) => sandbox.run(request, signal),
    views: async () => {
      const reader = await openReader(dataDir);
      try {
        return await readViews(reader);
      } finally {
        await reader.close();
      }
    },
    close: () => sandbox.close(),
  };
}
