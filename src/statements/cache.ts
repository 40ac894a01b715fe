/** Features of texts seen before. Audit logs repeat themselves. */
import { LRUCache } from 'lru-cache';
import type { StatementFeatures } from '../model.ts';
import { extractFeatures } from './features.ts';

export interface CacheLimits {
  maxEntries: number;
  /** Estimate of the memory held, in bytes. */
  maxBytes: number;
}

/** Bytes of an entry besides its texts. */
const ENTRY_OVERHEAD = 2_048;

/** `extractFeatures` with a bounded memory. */
export class StatementCache {
  readonly #entries: LRUCache<string, StatementFeatures>;

  constructor({ maxEntries, maxBytes }: CacheLimits = { maxEntries: 20_000, maxBytes: 64 * 1024 * 1024 }) {
    this.#entries = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: (features, text) =>
        ENTRY_OVERHEAD +
        2 * (text.length + (features.sqlText?.length ?? 0) + (features.normalized?.length ?? 0)),
    });
  }

  /** Features of a redacted text; the same object for the same text while it is kept, so do not change it. */
  features(redactedText: string): StatementFeatures {
    const known = this.#entries.get(redactedText);
    if (known !== undefined) return known;
    const features = extractFeatures(redactedText);
    this.#entries.set(redactedText, features);
    return features;
  }

  /** Number of texts held. */
  get size(): number {
    return this.#entries.size;
  }
}
