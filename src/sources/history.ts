/**
 * A source of the past: something that ends, is read from where the store stands, and can be gone on with after a crash at
 * any moment. Files, archives in Blob Storage and Log Analytics are histories; the hub is not.
 */
import type { SourceMessage } from '../model/message.ts';
import type { Position } from '../model/position.ts';

export interface History {
  /** What is read, for people: `https://account.blob.core.windows.net/container`, a path. Without secrets. */
  readonly title: string;
  /**
   * What is not stored yet, oldest first as far as the source has an order.
   *
   * @throws PgvigilError SOURCE_REFUSED, FILE_UNREADABLE, after all that could be read has been yielded
   */
  read(reading: Reading): AsyncIterable<HistoryBatch>;
}

/** What a reader of a history is told. */
export interface Reading {
  /** Stored position of a partition; undefined before its first message. */
  position(source: string, partition: string): Position | undefined;
  /** Nothing that Azure took over before this is asked for, milliseconds since 1970. What comes with it may be older. */
  since: number;
  /** Nor from this on. */
  until: number;
  /** Reading ends early, without an error. */
  signal: AbortSignal;
  onEvent?: (event: HistoryEvent) => void;
}

/**
 * Messages that are stored before the next batch is asked for. Those of one partition come one after the other: only then is
 * a line that was logged twice told from a line that was delivered twice (`store/copies.ts`).
 */
export interface HistoryBatch {
  messages: SourceMessage[];
  /**
   * Sequence numbers count without a gap, and each message is a delivery of its own, as in a hub; false where they only
   * grow, and a partition is one delivery.
   */
  contiguous: boolean;
  /** How much of `total` is read, in the unit of the source (bytes as stored, milliseconds of the span asked for). */
  done: number;
  /** null while it is not known. */
  total: number | null;
  unit: 'bytes' | 'milliseconds';
}

/** What happens on the way that people should know. */
export type HistoryEvent =
  /** The service asks for patience, or failed and is asked again. */
  | { kind: 'waiting'; reason: string; forMs: number }
  /** The end of something is still being written, or cannot be read: what is left out, and what to do. */
  | { kind: 'left-out'; what: string; hint: string };
