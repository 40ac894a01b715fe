import type { Period } from './period.ts';

/** A blob as it was listed: what follows may have changed since. */
export interface ListedBlob {
  name: string;
  /** The time its name stands for; null where it says none. */
  period: Period | null;
  /** Bytes, at least one. */
  size: number;
  /** Without quotes. */
  etag: string;
  /** When it was created, milliseconds since 1970, to the second. */
  created: number;
}
