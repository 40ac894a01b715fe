/** A task and what has become of it. */
export interface Started<T, R> {
  task: T;
  result: Promise<R>;
}

/** Runs tasks in order, up to `limit` of them begun and not yet asked behind; their results come in the same order. */
export async function* ahead<T, R>(
  tasks: AsyncIterable<T>,
  run: (task: T) => Promise<R>,
  limit: number,
): AsyncGenerator<Started<T, R>> {
  const begun: Started<T, R>[] = [];
  let failure: { error: unknown } | null = null;
  try {
    for await (const task of tasks) {
      const result = run(task);
      // It is reported where the result is waited for.
      result.catch(() => undefined);
      begun.push({ task, result });
      if (begun.length >= limit) yield begun.shift()!;
    }
  } catch (error) {
    // What was begun before comes first.
    failure = { error };
  }
  yield* begun;
  if (failure !== null) throw failure.error;
}

/** Passes values on and says whether they are all known, looking ahead up to `limit` of them. */
export async function* withTotal<T extends { size: number }>(
  values: AsyncIterable<T>,
  limit: number,
): AsyncGenerator<{ value: T; total: number | null }> {
  const known: T[] = [];
  let total = 0;
  for await (const value of values) {
    known.push(value);
    total += value.size;
    if (known.length > limit) yield { value: known.shift()!, total: null };
  }
  for (const value of known) yield { value, total };
}
