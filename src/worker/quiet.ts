/**
 * Detectors that found nothing: how far they looked is committed for all at once, as a commit for each would take longer than
 * the looking. After a crash in between they look again.
 */
import { type DetectorProgress, saveProgress } from '../detect/progress.ts';
import type { Store } from '../store/store.ts';

export class Quiet {
  readonly #store: Store;
  readonly #now: () => number;
  #detectors: string[] = [];
  #progress: DetectorProgress | null = null;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  add(detector: string, progress: DetectorProgress): void {
    this.#detectors.push(detector);
    this.#progress = progress;
  }

  /** Before something is known of another slice: saved after it, a detector would go back to the earlier one. */
  async saveBefore(progress: DetectorProgress): Promise<void> {
    const isSame =
      progress.lastRecordId === this.#progress?.lastRecordId &&
      progress.watermark === this.#progress.watermark;
    if (!isSame) await this.save();
  }

  async save(): Promise<void> {
    const detectors = this.#detectors;
    const progress = this.#progress;
    if (progress === null || detectors.length === 0) return;
    await this.#store.transaction((transaction) =>
      saveProgress(transaction, detectors, progress, this.#now()),
    );
    this.#detectors = [];
  }
}
