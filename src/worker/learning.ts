/** What the detection loop calls to learn baselines. */
import { type BaselineSettings, Learner } from '../baselines/learner.ts';
import { DAY } from '../baselines/schedule.ts';
import { messageOf } from '../errors.ts';
import type { Store } from '../store/store.ts';

/**
 * Learns what may be learned when what lies before an event time (milliseconds) is judged. Never throws. The signal makes it
 * end early.
 */
export type Learn = (until: number, signal?: AbortSignal) => Promise<void>;

/**
 * Opens the learner. When it fails, detection goes on with what is known, and the next quarter of an hour of event time is
 * learned together with this one.
 *
 * @param now the clock, in milliseconds
 */
export async function startLearning(
  store: Store,
  settings: BaselineSettings,
  onFailure: (error: string) => void,
  now: () => number = Date.now,
): Promise<Learn> {
  const learner = await Learner.open(store, settings, now);
  return async (until, signal) => {
    try {
      await learner.learn(until, signal);
    } catch (error) {
      onFailure(messageOf(error));
    }
  };
}

/**
 * Learns beside detection, so that nobody waits for it: what is learned of a day is asked for on the next. There detection
 * waits until all of the day before is learned.
 */
export class LearningAside {
  readonly #learn: Learn;
  readonly #now: () => number;
  /** Day of which all that lies before is learned. */
  #day = Number.NaN;
  #underWay: Promise<void> | null = null;
  readonly #stop = new AbortController();

  /** @param now the clock, in milliseconds: no event takes it ahead */
  constructor(learn: Learn, now: () => number = Date.now) {
    this.#learn = learn;
    this.#now = now;
  }

  readonly learn: Learn = async (until) => {
    const day = Math.floor(Math.min(until, this.#now()) / DAY);
    if (day <= this.#day) {
      this.#underWay ??= this.#learn(until, this.#stop.signal).finally(() => {
        this.#underWay = null;
      });
      return;
    }
    await this.#underWay;
    await this.#learn(until, this.#stop.signal);
    this.#day = day;
  };

  /** Ends what is under way as soon as it can, and waits for it. To be called before the store is closed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#underWay;
  }
}
