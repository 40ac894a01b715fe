/**
 * Runs jobs side by side, one at a time in each lane, and yields their results in the order of the jobs.
 *
 * Who stops reading early waits for the jobs under way; no further ones begin.
 *
 * @param run must not reject
 */
export async function* inLanes<Lane, Job, Result>(
  lanes: readonly Lane[],
  jobs: readonly Job[],
  run: (lane: Lane, job: Job) => Promise<Result>,
): AsyncGenerator<Result> {
  const settle: ((result: Promise<Result>) => void)[] = [];
  const results = jobs.map(() => new Promise<Result>((resolve) => settle.push(resolve)));
  let next = 0;
  const atWork = lanes.map(async (lane) => {
    while (next < jobs.length) {
      const index = next++;
      const result = run(lane, jobs[index]!);
      settle[index]!(result);
      await result;
    }
  });
  try {
    for (const result of results) yield await result;
  } finally {
    next = jobs.length;
    await Promise.all(atWork);
  }
}
