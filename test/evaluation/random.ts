import { dice } from '../../fixtures/recorder/scene.ts';

/** Random choices that are the same for the same seed. */
export class Random {
  readonly #roll: () => number;

  constructor(seed: number) {
    this.#roll = dice(seed);
  }

  /** From `low` to below `high`. */
  between(low: number, high: number): number {
    return low + this.#roll() * (high - low);
  }

  /** A whole number from `low` up to `high`. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#roll() * items.length)]!;
  }

  chance(probability: number): boolean {
    return this.#roll() < probability;
  }

  /** Time until the next of events that come `perHour` on average, milliseconds. */
  gap(perHour: number): number {
    return (-Math.log(1 - this.#roll()) * 3_600_000) / perHour;
  }
}
