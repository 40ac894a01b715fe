/** The detectors in force, followed as their files change: a new threshold or rule needs no restart. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RefusedDetector } from '../detect/detector.ts';
import type { ArmedDetector } from '../detect/engine.ts';
import { messageOf } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { armDetectors, type DetectionSettings } from './arming.ts';

export interface DetectorBookEvents {
  /** The files changed; these are armed and refused now. */
  onReload?: (armed: readonly ArmedDetector[], refused: readonly RefusedDetector[]) => void;
  /** The files changed and cannot be used as a whole; the detectors stay what they were. */
  onTrouble?: (error: string) => void;
}

export class DetectorBook {
  readonly #store: Store;
  readonly #settings: DetectionSettings;
  readonly #events: DetectorBookEvents;
  #armed: readonly ArmedDetector[] = [];
  #refused: readonly RefusedDetector[] = [];
  /** Names, sizes and times of the files that were read last. */
  #files = '';

  private constructor(store: Store, settings: DetectionSettings, events: DetectorBookEvents) {
    this.#store = store;
    this.#settings = settings;
    this.#events = events;
  }

  /** @throws PgvigilError CONFIG_INVALID for folders, ids and parameters that do not exist */
  static async open(
    store: Store,
    settings: DetectionSettings,
    events: DetectorBookEvents = {},
  ): Promise<DetectorBook> {
    const book = new DetectorBook(store, settings, events);
    book.#files = await book.#look();
    await book.#read();
    return book;
  }

  get armed(): readonly ArmedDetector[] {
    return this.#armed;
  }

  get refused(): readonly RefusedDetector[] {
    return this.#refused;
  }

  /** Reads the files again if one was added, changed or removed in the user's folders. Never throws. */
  async refresh(): Promise<void> {
    try {
      const files = await this.#look();
      if (files === this.#files) return;
      this.#files = files;
      await this.#read();
      this.#events.onReload?.(this.#armed, this.#refused);
    } catch (error) {
      this.#events.onTrouble?.(messageOf(error));
    }
  }

  async #read(): Promise<void> {
    const { armed, refused } = await armDetectors(this.#store, this.#settings);
    this.#armed = armed;
    this.#refused = refused;
  }

  /** What the folders hold, as a text to compare. Those of pgvigil itself change with its version only. */
  async #look(): Promise<string> {
    const seen: string[] = [];
    for (const folder of this.#settings.detectorFolders) {
      const names = await readdir(folder).catch(() => []);
      for (const name of names.filter((name) => name.endsWith('.sql')).sort()) {
        const file = await stat(join(folder, name)).catch(() => null);
        seen.push(JSON.stringify([folder, name, file?.size, file?.mtimeMs]));
      }
    }
    return seen.join('\n');
  }
}
