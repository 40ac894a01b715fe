/** What the detection loop calls to learn baselines. */
import { type BaselineSettings, Learner } from '../baselines/learner.ts';
import { messageOf } from '../errors.ts';
import type { Store } from '../store/store.ts';

/**
 * Opens the learner. What it returns never throws: detection goes on with what is known, and the next hour of event time is
 * learned together with this one.
 *
 * @param now the clock, in milliseconds
 */
export async function startLearning(
  store: Store,
  settings: BaselineSettings,
  onFailure: (error: string) => void,
  now: () => number = Date.now,
): Promise<(until: number) => Promise<void>> {
  const learner = await Learner.open(store, settings, now);
  return async (until) => {
    try {
      await learner.learn(until);
    } catch (error) {
      onFailure(messageOf(error));
    }
  };
}
